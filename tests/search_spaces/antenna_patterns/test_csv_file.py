"""Gains as a table of one's own: any full grid comes back, in any order, and errors are a line."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from search_spaces.antenna_patterns.csv_file import read_csv
from tests.antenna_files import csv_text, sector_dbi, written

GOOD = csv_text(sector_dbi, 30)
HEADER = "azimuth_deg,elevation_deg,gain_dbi\n"


@given(
    st.integers(12, 40),
    st.integers(6, 30),
    st.sampled_from([0, -180]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
@settings(max_examples=20)
def test_any_grid_comes_back(num_azimuths: int, num_steps: int, start: int, closed: bool, random: object) -> None:
    assume(start == 0 or num_azimuths % 2 == 0)  # ahead is one of the directions
    rng = np.random.default_rng(num_azimuths * num_steps)
    gain_dbi = rng.uniform(-30, 0, (num_steps + 1, num_azimuths)).round(3)
    lines = []
    for row, elevation in enumerate(np.linspace(-90, 90, num_steps + 1)):
        for column in range(num_azimuths + closed):
            azimuth = start + column * 360 / num_azimuths
            there = round(azimuth % 360 * num_azimuths / 360) % num_azimuths
            lines.append(f"x,{gain_dbi[row, there]},{elevation:.4f},{azimuth:.4f}\n")
    random.shuffle(lines)  # type: ignore[attr-defined]
    file = written(Path("a.csv"), '# mine\nnote, "GAIN_dBi",elevation_deg,azimuth_deg\n\n' + "".join(lines))
    np.testing.assert_array_equal(read_csv(file).gain_dbi, gain_dbi)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must name the columns azimuth_deg, elevation_deg, gain_dbi, but lacks azimuth_deg"),
        ("azimuth_deg,gain_dbi\n1,2\n", "lacks elevation_deg"),
        (HEADER, "every line must hold 3 numbers: there are none"),
        ("\n".join(GOOD.splitlines()[:43] + GOOD.splitlines()[44:]), "azimuths, but some directions are missing"),
        (GOOD + "0,0\n", "every line must hold 3 numbers"),
        (GOOD + "0,0,many\n", "every line must hold 3 numbers"),
        (GOOD + "0,0,nan\n", "all numbers must be finite"),
        (GOOD + "0,inf,0\n", "all numbers must be finite"),
        (GOOD + "0,91,0\n", "elevation_deg within -90 and 90"),
        (GOOD + "1e9,0,0\n", "azimuth_deg must be within"),
        (GOOD + "0,0,3\n", "a direction must have one gain"),
        (GOOD + "7,0,3\n", "in equal steps, but some angles are between"),
        (csv_text(sector_dbi, 45), "steps of at most 30 degrees"),
        (GOOD.replace("-30,-30,", "-30,-20,"), "steps"),
        (csv_text(lambda e, a: np.full(e.shape, 500.0), 30), "gains must be between"),
        (csv_text(lambda e, a: np.full(e.shape, 6.0), 30), "must radiate no more than it is fed"),
        # Each direction has an azimuth and an elevation of its own: their grid would not fit any memory.
        (HEADER + "".join(f"{k * 0.01:.2f},{k * 0.005 - 90:.3f},0\n" for k in range(36_001)), "directions are missing"),
    ],
    ids=range(17),
)
def test_a_file_that_is_none_is_told_in_a_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^a\.csv: .*; ") as caught:
        read_csv(written(tmp_path / "a.csv", text))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
