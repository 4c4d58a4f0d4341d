"""The package as a library: light until something is asked of it, its commands modules and functions at once."""

import subprocess
import sys

import pytest

import tune_reflector as tr

HEAVY = ("ray", "sionna", "mitsuba", "drjit", "matplotlib", "plotly", "pandas", "tensorboardX")


def test_importing_and_checking_load_nothing_that_takes_seconds() -> None:
    program = f"""
import sys
import tune_reflector as tr
assert "pydantic" not in sys.modules and "numpy" not in sys.modules
tr.Placement, tr.SearchError, tr.search, tr.evaluate, tr.load_run
try:
    tr.load_config(name="no name")
except tr.ConfigError as error:
    assert str(error).startswith("name")
assert tr.load_config(seed=3).seed == 3
print([name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


@pytest.mark.parametrize("command", ["search", "evaluate"])
def test_a_command_is_one_thing_however_it_is_imported(command: str) -> None:
    """In whatever order: Python puts a module in the place of a function of its name."""
    before = getattr(tr, command)
    __import__(f"tune_reflector.{command}")
    after = getattr(tr, command)
    assert before is after is sys.modules[f"tune_reflector.{command}"]
    assert callable(after)
    assert callable(after.main)


def test_all_that_is_offered_is_there() -> None:
    assert set(tr.__all__) <= set(dir(tr))
    for name in tr.__all__:
        assert getattr(tr, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'serach'"):
        _ = tr.serach  # type: ignore[attr-defined]
