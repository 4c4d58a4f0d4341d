"""An antenna's configuration: its files are looked at when it is loaded, and results tell which antenna it was."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from search_spaces.antenna import CEILING_OMNI, EQUATIONS, AntennaConfig
from search_spaces.design import AccessPoint
from tests.antenna_files import csv_text, msi_text, sector_dbi, written
from trainables.problem import PlacementProblem
from trainables.tracing.radio import RadioConfig


@pytest.mark.parametrize("pattern", [*EQUATIONS, CEILING_OMNI])
def test_an_element_by_name_needs_no_file(pattern: str) -> None:
    antenna = AntennaConfig(pattern=pattern)
    assert antenna.file is None
    assert (antenna.table() is None) == (pattern in EQUATIONS)


def test_a_file_may_be_given_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "sector.csv", csv_text(sector_dbi, 10))
    antenna = AntennaConfig(pattern="sector.csv")
    monkeypatch.chdir("/")
    assert antenna.file == tmp_path / "sector.csv"
    assert antenna == AntennaConfig.model_validate(antenna.model_dump(mode="json"))
    table = antenna.table()
    assert table is not None
    assert table.gain_dbi.max() == 8


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("yagi", r"must be one of 'iso', .*'ceiling_omni' or the path of a file .msi, .pln, .csv, but got 'yagi'; "),
        ("none.msi", r"must be an antenna file, but '.*none.msi' is none; check the path"),
        (".csv", "must be one of"),
        ("a" * 5000 + ".csv", "must be an antenna file"),
        ("a\0b.csv", "must be an antenna file"),
        ("folder.csv", "must be an antenna file"),
        ("empty.msi", r"empty.msi: must hold one line GAIN, but holds 0; is it a Planet file\?"),
    ],
)
def test_what_is_no_antenna_is_told_in_a_line(pattern: str, said: str) -> None:
    Path("folder.csv").mkdir()
    Path("empty.msi").touch()
    for load in (lambda: AntennaConfig(pattern=pattern), lambda: RadioConfig(tx_pattern=pattern)):
        with pytest.raises(ValidationError, match=said) as caught:
            load()
        (error,) = caught.value.errors()
        assert "\n" not in error["msg"]


def test_an_access_points_own_antenna_is_told_and_read_back() -> None:
    antenna = AntennaConfig(pattern=CEILING_OMNI, columns=2)
    own, usual = (AccessPoint(np.zeros(3), np.array([0.0, 0.0, -1.0]), 20.0, antenna=a) for a in (antenna, None))
    assert AccessPoint.from_json(json.loads(json.dumps(own.to_json()))).antenna == antenna
    assert "antenna" not in usual.to_json()
    radio = RadioConfig(tx_pattern="dipole", array_rows=3)
    assert radio.antenna_of(own) is antenna
    assert radio.antenna_of(usual) == AntennaConfig(pattern="dipole", rows=3)


def test_a_problem_knows_the_files_of_its_antennas(tmp_path: Path) -> None:
    cut_db = np.zeros(360)
    file = written(tmp_path / "omni.msi", msi_text(cut_db, cut_db, "0 dBi"))
    each = [{"antenna": {"pattern": str(file)}}, {"antenna": {"pattern": CEILING_OMNI}}]
    problem = PlacementProblem.model_validate({"access_points": {"each": each}})
    antenna = problem.access_points.each[0].antenna
    assert antenna is not None
    assert antenna.table() is antenna.table()
    (path,) = (before := problem.antenna_files())
    assert path == str(file)
    written(file, msi_text(cut_db, cut_db, "0.1 dBi"))
    assert problem.antenna_files()[path] != before[path]
    changed = antenna.table()
    assert changed is not None
    assert changed.gain_dbi.max() == pytest.approx(0.1)
    assert PlacementProblem().antenna_files() == {}
