# make search   find a placement (the bundled quick start; ARGS="configs/office.yaml seed=2" for another)
# make compare  compare searches at an equal budget of rays (ARGS=configs/compare_l_corridor.yaml)
# make test     run all tests
# make test-dashboard   install Ray's dashboard, which slows Ray down, and test it
# make soak     kill one search KILLS (100) times and look what is lost; read FILES (1100) spoilt files of each sort,
#               and five times as many spoilt folders
# make bench    measure speed and accuracy, as ratios
# make docs     build the documentation: open site/index.html
# make check    formatter, linter, type checker, import directions
# Each does its own set-up: a virtual environment, pinned packages and, without a GPU, libLLVM.

PYTHON ?= python3
ARGS ?=
KILLS ?= 100
FILES ?= 1100
VENV := .venv
READY := $(VENV)/.ready

.PHONY: search compare test test-dashboard soak bench docs check clean

search: $(READY)
	$(VENV)/bin/python -m tune_reflector.search $(ARGS)

compare: $(READY)
	$(VENV)/bin/python -m tune_reflector.compare $(ARGS)

test: $(READY)  # three processes: they often wait for Ray, which leaves two cores idle
	@tools/get-browser
	$(VENV)/bin/python -m pytest -n 3 --dist loadgroup --no-loadscope-reorder $(ARGS)

soak: $(READY)
	SOAK_KILLS=$(KILLS) $(VENV)/bin/python -m pytest -s tests/tune_reflector/test_killed_searches.py $(ARGS)
	SOAK_FILES=$(FILES) $(VENV)/bin/python -m pytest -k spoilt $(ARGS) \
		tests/tune_reflector/config/test_config_file.py tests/tune_reflector/test_hostile_runs.py

bench: $(READY)
	$(VENV)/bin/python -m benchmarks $(ARGS)

test-dashboard: $(READY)
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[dashboard]'
	$(VENV)/bin/python -m pytest tests/tune_reflector/execution/test_dashboard.py $(ARGS)

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/python -m mkdocs build --strict --quiet

check: $(READY)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

$(READY): pyproject.toml constraints.txt tools/set-up tools/apt.sh
	@PYTHON=$(PYTHON) tools/set-up $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) site
