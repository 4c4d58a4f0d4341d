"""Resuming without a search: what a run remembers of the files that it was made with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.antenna_files import msi_text, written
from tune_reflector.config.config_file import load_config
from tune_reflector.errors import ConfigError
from tune_reflector.experiment.resume import load_run, record_new_run
from tune_reflector.runs.provenance import read_provenance


def started(*overrides: str) -> Path:
    """A run's folder as it is once its search has begun."""
    folder = Path("results/a")
    folder.mkdir(parents=True)
    about: dict[str, Any] = {"packages": {}, "device": "llvm", "sessions": [{"started": "2026-01-01T00:00:00+00:00"}]}
    record_new_run(folder, load_config(None, overrides), about)
    return folder


@pytest.mark.parametrize(
    "where", ["radio.tx_pattern=omni.msi", "access_points={count: 1, each: [{antenna: {pattern: omni.msi}}]}"]
)
def test_a_run_goes_on_with_the_antennas_that_it_was_started_with(where: str) -> None:
    cut_db = np.zeros(360)
    file = written(Path("omni.msi").absolute(), msi_text(cut_db, cut_db, "0 dBi"))
    folder = started(where)
    assert list(read_provenance(folder).antenna_files) == [str(file)]
    load_run(folder, {})
    before = file.read_bytes()
    written(file, msi_text(cut_db, cut_db, "-3 dBi"))
    with pytest.raises(ConfigError, match=r"^--resume: must be the same antennas, but .*omni\.msi has changed .*; "):
        load_run(folder, {})
    file.write_bytes(before)
    load_run(folder, {})


def test_a_run_without_such_files_tells_of_none() -> None:
    folder = started()
    assert "antenna_files" not in read_provenance(folder).content
    load_run(folder, {})
