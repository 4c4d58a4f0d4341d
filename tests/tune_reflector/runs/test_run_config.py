"""A run's configuration means what it meant when the run was made."""

from pathlib import Path

import pytest
import yaml

from tune_reflector.config.config_file import validate
from tune_reflector.runs.layout import CONFIG_FILE, PROVENANCE_FILE
from tune_reflector.runs.run_config import read_config


@pytest.mark.parametrize(("stored", "model"), [("diffracting", "diffracting"), ("mirror", "mirror"), (None, "mirror")])
def test_the_plates_of_runs_that_knew_one_model_are_mirrors(stored: str | None, model: str, tmp_path: Path) -> None:
    data = validate({"name": "a"}).model_dump(mode="json")
    data["reflector"] |= {"model": stored}
    if stored is None:
        del data["reflector"]["model"]
    (tmp_path / CONFIG_FILE).write_text(yaml.safe_dump(data))
    (tmp_path / PROVENANCE_FILE).write_text("{}")
    config = read_config(tmp_path)
    assert config.reflector is not None
    assert config.reflector.model == model


def test_a_run_without_a_plate_has_none(tmp_path: Path) -> None:
    (tmp_path / CONFIG_FILE).write_text(yaml.safe_dump(validate({"reflector": None}).model_dump(mode="json")))
    (tmp_path / PROVENANCE_FILE).write_text("{}")
    assert read_config(tmp_path).reflector is None
