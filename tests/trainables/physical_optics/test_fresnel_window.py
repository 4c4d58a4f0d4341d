"""The window in closed form: against the sum over tiles, and smooth in the plate's pose."""

import numpy as np
import pytest

from tests.plates import MM_WAVE_M, WIFI_M, db, fan, plate, point
from trainables.physical_optics.fresnel_window import fresnel_window, largest_window
from trainables.physical_optics.tile_sum import tile_sum


@pytest.mark.parametrize(
    ("wavelength_m", "side_m", "d1_m", "d2_m", "angle", "patches"),
    [
        (WIFI_M, 0.2, 1.5, 2.0, 0.0, 1),
        (WIFI_M, 0.3, 5.0, 5.0, 0.6, 1),
        (WIFI_M, 0.3, 12.0, 3.0, 1.0, 1),
        (WIFI_M, 0.6, 30.0, 20.0, 0.3, 1),
        (WIFI_M, 1.0, 1.5, 2.0, 0.0, 3),
        (WIFI_M, 1.0, 5.0, 5.0, 0.6, 3),
        (WIFI_M, 1.0, 12.0, 3.0, 1.0, 4),
        (MM_WAVE_M, 0.2, 5.0, 5.0, 0.6, 2),
        (MM_WAVE_M, 0.6, 5.0, 5.0, 0.6, 5),
    ],
)
def test_it_is_the_tile_sum(
    wavelength_m: float, side_m: float, d1_m: float, d2_m: float, angle: float, patches: int
) -> None:
    tilted = plate(side_m)
    transmitter_m = point(tilted, d1_m, angle, 0.15)
    receivers_m = fan(tilted, d2_m, -angle, 120, width=0.3)
    expected = tile_sum(tilted, transmitter_m, receivers_m, wavelength_m)
    error_db = db(fresnel_window(tilted, transmitter_m, receivers_m, wavelength_m, patches) / expected)
    near_the_peak = expected > expected.max() / 100
    assert near_the_peak.sum() >= 10
    assert np.sqrt((error_db[near_the_peak] ** 2).mean()) < 0.3


def test_far_away_it_is_the_same_as_the_tile_sum() -> None:
    """Curvature of the path is all but gone there, and Fresnel's integrals are taken at very large arguments."""
    tilted = plate(0.3)
    transmitter_m = point(tilted, 400.0, 0.4, 0.1)
    receivers_m = fan(tilted, 700.0, -0.4, 40, width=0.6)
    expected = tile_sum(tilted, transmitter_m, receivers_m, WIFI_M)
    np.testing.assert_allclose(
        fresnel_window(tilted, transmitter_m, receivers_m, WIFI_M), expected, rtol=0.02, atol=1e-4 * expected.max()
    )


def test_transmitter_and_receiver_may_change_places() -> None:
    tilted = plate(0.7, 0.4)
    here_m, there_m = point(tilted, 2.0, 0.5, 0.2), point(tilted, 6.0, -0.3, -0.1)
    for patches in (1, 3):
        ways = [fresnel_window(tilted, a, b[None], WIFI_M, patches) for a, b in ((here_m, there_m), (there_m, here_m))]
        np.testing.assert_allclose(ways[0], ways[1], rtol=1e-9)


@pytest.mark.parametrize("patches", [1, 3])
def test_it_is_smooth_in_the_pose(patches: int) -> None:
    """As a plate turns, halving the step quarters what is left of a straight line: no jump, and no kink."""
    ends = plate(0.6)
    transmitter_m, receivers_m = point(ends, 4.0, 0.5, 0.1), fan(ends, 6.0, -0.5, 15, width=0.3)

    def bend(step: float, yaw: float) -> float:
        gains = [
            np.sqrt(fresnel_window(plate(0.6, yaw=yaw + n * step), transmitter_m, receivers_m, WIFI_M, patches))
            for n in (-1, 0, 1)
        ]
        return float(np.abs(gains[0] - 2 * gains[1] + gains[2]).max())

    yaws = np.linspace(0.2, 0.6, 21)
    coarse, fine = (np.array([bend(step, yaw) for yaw in yaws]) for step in (4e-4, 2e-4))
    np.testing.assert_allclose(coarse / fine, 4.0, rtol=0.1)


@pytest.mark.parametrize("wavelength_m", [WIFI_M, MM_WAVE_M])
@pytest.mark.parametrize("sides_m", [(0.3, 0.3), (2.0, 0.2)])
def test_no_window_is_larger_than_the_largest(wavelength_m: float, sides_m: tuple[float, float]) -> None:
    """In the beam it is not far off, and far from it it still says that little comes."""
    tilted = plate(*sides_m)
    for distance_m, angle in ((1.0, 0.1), (4.0, 0.6), (20.0, 1.2)):
        transmitter_m = point(tilted, distance_m, angle, 0.1)
        receivers_m = fan(tilted, 5.0, 0.0, 2000, width=1.5)
        found = fresnel_window(tilted, transmitter_m, receivers_m, wavelength_m)
        most = largest_window(tilted, transmitter_m, receivers_m, wavelength_m)
        assert np.all(found <= most)
        in_beam = point(tilted, 5.0, -angle, -0.1)[None]
        peak = fresnel_window(tilted, transmitter_m, in_beam, wavelength_m)
        obliquity = np.cos(angle) * np.cos(0.1)
        assert peak[0] * 6 > largest_window(tilted, transmitter_m, in_beam, wavelength_m)[0] * obliquity**2
        assert most.min() < most.max() / (10 if distance_m < 2 else 300)


def test_nothing_comes_from_behind_and_the_centre_is_refused() -> None:
    tilted = plate(0.5)
    here_m, behind_m = point(tilted, 3.0, 0.2, 0.0), point(tilted, 3.0, 2.0, 0.0)
    assert fresnel_window(tilted, here_m, behind_m[None], WIFI_M)[0] == 0
    assert fresnel_window(tilted, behind_m, here_m[None], WIFI_M)[0] == 0
    with pytest.raises(ValueError, match="must be off the plate"):
        fresnel_window(tilted, here_m, tilted.center_m[None], WIFI_M)
