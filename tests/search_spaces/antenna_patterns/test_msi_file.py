"""Planet's antenna files: both cuts come back as written, what is between is a sum, and errors are a line."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from search_spaces.antenna_patterns.msi_file import read_msi
from tests.antenna_files import msi_text, sector_dbi, written

ANGLES = np.arange(360.0)
SECTOR_DB = 8 - sector_dbi(np.zeros(360), ANGLES)
GOOD = msi_text(SECTOR_DB, SECTOR_DB)

CUT = arrays.arrays(np.float64, 360, elements=st.floats(10, 60, width=32)).map(lambda cut: cut * (ANGLES > 0))
"""0 dB ahead: the cuts meet there."""


@given(CUT, CUT, st.floats(-5, 10, width=32))
@settings(max_examples=20)
def test_both_cuts_come_back_as_they_were_written(horizontal_db: object, vertical_db: object, gain: float) -> None:
    horizontal_db, vertical_db = np.asarray(horizontal_db), np.asarray(vertical_db)
    file = written(Path("a.msi"), msi_text(horizontal_db, vertical_db, f"{gain:.4f} dBi"))
    table = read_msi(file).gain_dbi
    assert table.shape == (181, 360)
    np.testing.assert_allclose(gain - table[90, -np.arange(360) % 360], horizontal_db, atol=2e-4)  # to the right
    down, up = 90 - np.arange(91), 90 + np.arange(91)
    np.testing.assert_allclose(gain - table[down, 0], vertical_db[:91], atol=2e-4)
    np.testing.assert_allclose(gain - table[up, 0], vertical_db[-np.arange(91) % 360], atol=2e-4)


def test_the_standards_element_is_the_sum_of_its_cuts(tmp_path: Path) -> None:
    elevation, azimuth = np.meshgrid(np.arange(-90, 91), np.arange(360), indexing="ij")
    table = read_msi(written(tmp_path / "a.pln", GOOD)).gain_dbi
    np.testing.assert_allclose(table, sector_dbi(elevation, azimuth), atol=1e-3)


@pytest.mark.parametrize(
    ("gain", "dbi"), [("5.85", 8), ("5.85 dBd", 8), ("5.85dbd", 8), ("8 dBi", 8), ("8.0DBI", 8), ("0.8e1 dBi", 8)]
)
def test_a_gain_is_over_a_dipole_unless_it_says_dbi(gain: str, dbi: float, tmp_path: Path) -> None:
    table = read_msi(written(tmp_path / "a.msi", msi_text(SECTOR_DB, SECTOR_DB, gain))).gain_dbi
    assert table.max() == pytest.approx(dbi)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (GOOD, "", "must hold one line GAIN"),
        (GOOD, "\ufffd\u2028" * 1000, "must hold one line GAIN"),
        (GOOD[len(GOOD) // 3 :], "", "must hold one line VERTICAL, but holds 0"),
        (GOOD, GOOD[:-200], "VERTICAL 360 must be followed by 360 lines"),
        ("GAIN 8 dBi", "GAIN 3\nGAIN 3", "must hold one line GAIN, but holds 2"),
        ("8 dBi", "", "GAIN must be a number"),
        ("8 dBi", "8 dB", "GAIN must be a number, and dBi or dBd, but is '8 dB'"),
        ("8 dBi", "1.2.3", "GAIN must be a number"),
        ("8 dBi", "nan", "GAIN must be a number"),
        ("8 dBi", "80", "gains must be between"),
        ("8 dBi", "25 dBi", "must radiate no more than it is fed"),
        ("HORIZONTAL 360", "HORIZONTAL 3600", "HORIZONTAL must be followed by 360, but is by '3600'"),
        ("HORIZONTAL 360", "HORIZONTAL", "HORIZONTAL must be followed by 360, but is by ''"),
        ("\r\n7\t", "\r\n8\t", "the angles of HORIZONTAL must be 0, 1, ... 359 degrees"),
        ("\r\n7\t", "\r\n7\t-", "must be between 0 and 200 dB"),
        ("\r\n7\t", "\r\n7\tnan\r\n", "must be followed by 360 lines"),
        ("\r\n7\t0.1392", "\r\n7\tnan", "must be between 0 and 200 dB"),
        ("\r\n7\t", "\r\n7\t1\t", "must be followed by 360 lines"),
    ],
    ids=range(18),
)
def test_a_file_that_is_none_is_told_in_a_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^a\.msi: .*; ") as caught:
        read_msi(written(tmp_path / "a.msi", GOOD.replace(old, new, 1)))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
