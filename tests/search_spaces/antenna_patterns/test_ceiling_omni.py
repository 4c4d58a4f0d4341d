"""The bundled ceiling antenna: the figures of its recommendation, alike all around, and no more than it is fed."""

import numpy as np
import pytest

from search_spaces.antenna_patterns.ceiling_omni import ceiling_omni, gain_dbi


def test_it_is_strongest_60_degrees_off_straight_down_and_weak_into_the_ceiling() -> None:
    elevation_deg = np.arange(-90.0, 91.0)
    gain = gain_dbi(elevation_deg)
    assert elevation_deg[gain.argmax()] == -30
    assert gain.max() == 4.0
    assert gain[-1] == pytest.approx(4 - 12 - 15 * np.log10(90 / (107.6 * 10**-0.4)))
    assert gain[elevation_deg == 0][0] == pytest.approx(4 - 12 * (22.5 / (107.6 * 10**-0.4)) ** 2)
    assert np.abs(np.diff(gain)).max() < 1.0  # it has no steps


def test_the_table_is_alike_all_around_the_boresight() -> None:
    table = ceiling_omni().gain_dbi
    ahead, left, up, behind = table[90, 0], table[90, 90], table[-1, 0], table[90, 180]
    np.testing.assert_allclose([left, table[90, 270], up, table[0, 0]], gain_dbi(np.zeros(1))[0])
    assert ahead == gain_dbi(np.array([-90.0]))
    assert behind == gain_dbi(np.array([90.0]))


def test_it_radiates_no_more_than_it_is_fed() -> None:
    """By the table, and by the equation along one meridian."""
    elevation = np.radians(np.linspace(-90, 90, 20_001))
    weight = np.cos(elevation)
    by_equation = weight @ 10 ** (gain_dbi(np.degrees(elevation)) / 10) / weight.sum()
    assert ceiling_omni().radiated() == pytest.approx(by_equation, rel=1e-3)
    assert 0.85 < by_equation < 1.0
