"""The placement to try first: its genes, or a file of an earlier run; a new search begins with it."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.searches import last_results, proposed, read_rows, run_events
from tune_reflector import search
from tune_reflector.config.config_file import dump_config, load_config, validate
from tune_reflector.config.start import read_start
from tune_reflector.errors import ConfigError
from tune_reflector.searchers.settings import SearcherSettings

QUICK = [
    "launch=local",
    "fidelity.rungs=[2000, 4000]",
    "final={candidates: 2, rays_per_ap: 4000, lattices: 2, variants: [], second_opinion: false}",
    "report={every_s: null, figures: false}",
    "counterfactual.kinds=[]",
]

GENES = ["x1", "y1"]

TABLE = """trial_id,x1,y1,p5_rss_dbm,feasible,rung
00000,1.0,2.0,-50.0,1,1
00001,3.0,4.0,-60.0,1,2
00002,5.0,6.0,-55.5,1,2
00003,7.0,8.0,-10.0,0,2
00004,9.0,9.0,nan,1,2
"""


def test_it_is_the_best_row_of_the_highest_rung_or_the_winner() -> None:
    Path("trials.csv").write_text(TABLE)
    Path("best.json").write_text(json.dumps({"genes": {"x1": 1, "y1": 2.5, "z": 3}}))
    assert read_start(Path("trials.csv"), "p5_rss_dbm", GENES) == {"x1": 5.0, "y1": 6.0}
    assert read_start(Path("best.json"), "p5_rss_dbm", GENES) == {"x1": 1.0, "y1": 2.5}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("best.json", b"{}"),
        ("best.json", b"[]"),
        ("best.json", b'{"genes": 3}'),
        ("best.json", b'{"genes": {"x1": "left"}}'),
        ("best.json", b"[" * 100_000),
        ("trials.csv", b""),
        ("trials.csv", TABLE.replace("p5", "p10").encode()),
        ("trials.csv", TABLE.replace(",1,", ",0,").encode()),
        ("trials.csv", TABLE.encode("utf-16")),
        ("trials.csv", TABLE.replace("-60.0", "low").encode()),
        ("nowhere.csv", None),
    ],
)
def test_a_file_that_tells_of_none_is_refused_in_one_line(name: str, content: bytes | None) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(ConfigError) as error:
        load_config(None, [f"start={name}"])
    assert str(error.value).startswith("start must be the genes of a placement, or a best.json or trials.csv")
    assert len(str(error.value).splitlines()) == 1


def test_a_placement_that_cannot_be_built_or_a_searcher_that_ignores_it_is_refused() -> None:
    space = load_config(None).plan.placement_space
    genes = space.sample(np.random.default_rng(0))
    inline = json.dumps(genes)
    assert load_config(None, [f"start={inline}"]).space().starts == (genes,)
    with pytest.raises(ConfigError, match=r"start\.x1 must lie in"):
        load_config(None, [f"start={inline}", "start.x1=-100"])
    with pytest.raises(ConfigError, match=r"start\.1\.x1 must lie in"):
        load_config(None, [f"start={json.dumps([genes, genes | {'x1': -100}])}"])
    with pytest.raises(ConfigError, match="start must be null with a searcher that does not begin at it"):
        load_config(None, [f"start={inline}", "searcher={kind: grid, points_per_gene: 1}"])


@pytest.mark.slow
def test_a_run_whose_journal_is_lost_begins_anew_from_what_its_table_knows(capsys: pytest.CaptureFixture[str]) -> None:
    """The message says how, and what it says works; so does the winner of a run, with every searcher."""
    assert search.main([*QUICK, "name=a", "budget.trials=6", "searcher.kind=random"]) == 0
    best = json.loads(Path("results/a/best.json").read_text())["genes"]
    Path("results/a/journal.log").write_bytes(b"")
    capsys.readouterr()
    assert search.main(["--resume", "results/a"]) == 2
    _, command = capsys.readouterr().err.strip().split("python -m tune_reflector.search ")
    assert search.main([*shlex.split(command), "budget.trials=2"]) == 0
    first = proposed(run_events(Path("results/NEW")))["00000"]
    rows = list(read_rows(Path("results/a/trials.csv")))
    top = max(rows, key=lambda row: (row.values["rung"], row.values["p5_rss_dbm"]))
    assert first.config == pytest.approx({name: top.values[name] for name in best})
    assert len(last_results(run_events(Path("results/NEW")))) == 2
    config = load_config(Path("results/NEW/config.yaml"))
    assert config.start == (first.config,)
    assert validate(yaml.safe_load(dump_config(config))) == config


@pytest.mark.parametrize("kind", [kind for kind, of in SearcherSettings.kinds().items() if of.begins_at_start])
def test_every_searcher_that_says_so_proposes_them_first(kind: str) -> None:
    space = load_config(None).plan.placement_space
    starts = [space.sample(np.random.default_rng(100 + number)) for number in range(3)]
    config = load_config(None, [f"start={json.dumps(starts)}", f"searcher.kind={kind}"])
    searcher = config.searcher.build(config.space(), 1)
    for number, genes in enumerate(starts):
        proposal = searcher.suggest(f"{number:05d}")
        assert {name: proposal[name] for name in genes} == pytest.approx(genes)
    other = searcher.suggest("00003")
    assert all(abs(other["x1"] - genes["x1"]) > 1e-6 for genes in starts)
