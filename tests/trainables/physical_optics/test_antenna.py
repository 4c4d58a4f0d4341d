"""What an access point radiates: powers that must add up, and the figures of its standard."""

from typing import Any

import numpy as np
import pytest

from search_spaces.antenna import AntennaConfig
from search_spaces.antenna_patterns.ceiling_omni import ceiling_omni
from search_spaces.design import AccessPoint
from tests.plates import Array, db
from trainables.physical_optics.antenna import departing_field
from trainables.tracing.radio import RadioConfig

BORESIGHT = np.array([0.6, 0.48, -0.64])
LEVEL = np.array([-0.48, 0.6, 0.0]) / np.hypot(0.48, 0.6)


def gains(directions: Array, **radio: Any) -> Array:
    access_point = AccessPoint(np.zeros(3), BORESIGHT, 20.0)
    field = departing_field(access_point, RadioConfig(**radio), directions)
    np.testing.assert_allclose((field * directions).sum(axis=-1), 0.0, atol=1e-9)  # a wave is transverse
    return np.asarray((field**2).sum(axis=-1))


def sphere(count: int = 40_000) -> Array:
    """Directions all around, evenly."""
    height = 1 - (2 * np.arange(count) + 1) / count
    turn = np.arange(count) * np.pi * (1 + 5**0.5)
    flat = np.sqrt(1 - height**2)
    return np.column_stack([flat * np.cos(turn), flat * np.sin(turn), height])


@pytest.mark.parametrize("pattern", ["iso", "dipole", "hw_dipole"])
@pytest.mark.parametrize("polarization", ["V", "H", "cross"])
def test_a_lossless_element_radiates_what_it_is_fed(pattern: str, polarization: str) -> None:
    total = gains(sphere(), tx_pattern=pattern, polarization=polarization).mean()
    assert total == pytest.approx(1.0, abs=2e-3)


def test_the_sector_element_is_65_degrees_wide_and_has_8_dbi() -> None:
    up = np.cross(BORESIGHT, LEVEL)
    half = np.radians(65.0 / 2)
    for aside in (LEVEL, up):
        found = db(gains(np.stack([BORESIGHT, np.cos(half) * BORESIGHT + np.sin(half) * aside, -BORESIGHT])))
        np.testing.assert_allclose(found, [8.0, 5.0, -22.0], atol=1e-6)


def test_an_array_adds_up_along_its_boresight_and_cancels_where_halves_oppose() -> None:
    """Two columns half a wave apart: 3 dB more ahead, nothing along the row."""
    ahead_and_aside = np.stack([BORESIGHT, LEVEL])
    one = gains(ahead_and_aside, tx_pattern="iso")
    two = gains(ahead_and_aside, tx_pattern="iso", array_columns=2)
    np.testing.assert_allclose(two / one, [2.0, 0.0], atol=1e-9)
    four = gains(BORESIGHT, tx_pattern="iso", array_columns=2, array_rows=2)
    np.testing.assert_allclose(four / one[0], 4.0)


@pytest.mark.parametrize("shape", [{"array_columns": 4}, {"array_rows": 3}])
def test_a_row_of_half_waves_radiates_what_it_is_fed(shape: dict[str, int]) -> None:
    """Isotropic elements half a wave apart do not couple, so that no power is gained or lost between them."""
    assert gains(sphere(), tx_pattern="iso", **shape).mean() == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize(
    ("polarization", "along"), [("V", [0, 0, 1]), ("H", [0, 1, 0]), ("VH", [0, -1, 1]), ("cross", [0, 0, 1])]
)
def test_a_field_lies_as_its_element_does(polarization: str, along: list[float]) -> None:
    """Two elements are fed alike: a cross of slanted ones makes an upright field."""
    access_point = AccessPoint(np.zeros(3), np.array([1.0, 0.0, 0.0]), 20.0)
    radio = RadioConfig.model_validate({"tx_pattern": "iso", "polarization": polarization})
    field = departing_field(access_point, radio, np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(np.cross(field, along), 0.0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(field), 1.0)


def test_straight_up_is_a_direction_too() -> None:
    access_point = AccessPoint(np.zeros(3), np.array([1.0, 0.0, 0.0]), 20.0)
    field = departing_field(access_point, RadioConfig(tx_pattern="iso"), np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(np.linalg.norm(field), 1.0)


def test_an_access_points_own_antenna_counts() -> None:
    """Beside any of the radio settings, as if it were the one that they give all."""
    directions = sphere(500)
    own = AntennaConfig(pattern="dipole", polarization="VH", rows=3, columns=2, spacing=0.7)
    field = departing_field(AccessPoint(np.zeros(3), BORESIGHT, 20.0, antenna=own), RadioConfig(), directions)
    usual = {"tx_pattern": "dipole", "polarization": "VH", "array_rows": 3, "array_columns": 2, "array_spacing": 0.7}
    np.testing.assert_allclose((field**2).sum(axis=-1), gains(directions, **usual), rtol=1e-12)


def test_the_ceiling_antenna_radiates_what_its_table_says() -> None:
    for polarization in ("V", "H", "cross"):
        total = gains(sphere(), tx_pattern="ceiling_omni", polarization=polarization).mean()
        assert total == pytest.approx(ceiling_omni().radiated(), rel=2e-3)
