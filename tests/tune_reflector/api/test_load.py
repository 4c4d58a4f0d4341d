"""A configuration in Python is the one of the command line."""

from pathlib import Path
from typing import Any

import pytest

import tune_reflector as tr
from tune_reflector.config.config_file import load_config

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.mark.parametrize("name", ["office.yaml", "multistart.yaml"])
def test_a_file_gives_what_the_command_line_makes_of_it(name: str) -> None:
    expected = load_config(CONFIGS / name, ["budget.trials=7", "searcher={kind: random}", "seed=5"])
    settings: dict[str, Any] = {"budget.trials": 7, "searcher": {"kind": "random"}, "seed": 5}
    assert tr.load_config(CONFIGS / name, **settings) == expected
    assert tr.load_config(str(CONFIGS / name), **settings) == expected
    loaded = load_config(CONFIGS / name)
    assert tr.load_config(loaded) is loaded
    assert tr.load_config(loaded, **settings) == expected


def test_a_mapping_stays_as_it_was() -> None:
    given: dict[str, Any] = {"budget": {"trials": 3}}
    assert tr.load_config(given, **{"budget.trials": 9}).budget.trials == 9
    assert given == {"budget": {"trials": 3}}


def test_all_that_is_wrong_is_raised_at_once() -> None:
    with pytest.raises(tr.ConfigError) as caught:
        tr.load_config({"budget": {"trials": 0}}, **{"radio.frequncy_hz": 1e9})
    assert len(str(caught.value).splitlines()) == 2
    with pytest.raises(tr.ConfigError, match="must be a readable YAML file"):
        tr.load_config("nowhere.yaml")
