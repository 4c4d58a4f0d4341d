"""The sum over tiles: against the integral that it stands for, and what is known of large and of small plates."""

import numpy as np
import pytest

from tests.plates import MM_WAVE_M, WIFI_M, Array, db, fan, plate, point
from trainables.physical_optics.plate import Plate
from trainables.physical_optics.tile_sum import tile_sum


def kirchhoff(of: Plate, transmitter_m: Array, receivers_m: Array, wavelength_m: float) -> Array:
    """The surface integral by Gauss and Legendre, fine enough for its phase; no tile has a shape here."""
    order = int(3 * of.sides_m.max() / wavelength_m) + 30
    nodes, weights = np.polynomial.legendre.leggauss(order)
    along = [(nodes * side / 2)[:, None] * axis for side, axis in zip(of.sides_m, of.axes, strict=True)]
    points_m = (of.center_m + along[0][:, None] + along[1]).reshape(-1, 3)
    area_m2 = (np.outer(weights, weights) * of.sides_m.prod() / 4).ravel()
    gains = []
    for receiver_m in receivers_m:
        rays = [end_m - points_m for end_m in (transmitter_m, receiver_m)]
        r1, r2 = (np.linalg.norm(ray, axis=1) for ray in rays)
        obliquity = sum(ray @ of.normal / r for ray, r in zip(rays, (r1, r2), strict=True)) / 2
        wave = np.exp(-2j * np.pi / wavelength_m * (r1 + r2)) / (r1 * r2)
        field = (area_m2 * obliquity * wave).sum() / wavelength_m
        gains.append(abs(wavelength_m / (4 * np.pi) * field) ** 2)
    return np.array(gains)


@pytest.mark.parametrize(
    ("wavelength_m", "size_m"),
    [
        (WIFI_M, (0.2, 0.2)),
        (WIFI_M, (0.5, 0.3)),
        (WIFI_M, (1.0, 1.0)),
        (MM_WAVE_M, (0.2, 0.2)),
        (MM_WAVE_M, (0.6, 0.3)),
    ],
)
@pytest.mark.parametrize(
    ("d1_m", "d2_m", "angle"), [(1.5, 2.0, 0.0), (5.0, 5.0, 0.6), (12.0, 3.0, 1.0), (30.0, 20.0, 0.3)]
)
def test_it_is_the_surface_integral(
    wavelength_m: float, size_m: tuple[float, float], d1_m: float, d2_m: float, angle: float
) -> None:
    tilted = plate(*size_m)
    transmitter_m = point(tilted, d1_m, angle, 0.15)
    receivers_m = fan(tilted, d2_m, -angle, 12, width=0.2)
    exact = kirchhoff(tilted, transmitter_m, receivers_m, wavelength_m)
    error_db = db(tile_sum(tilted, transmitter_m, receivers_m, wavelength_m) / exact)
    near_the_peak = exact > exact.max() / 100
    assert near_the_peak.sum() >= 2
    assert np.abs(error_db[near_the_peak]).max() < 0.3


def test_a_large_plate_is_the_mirror_image() -> None:
    """Friis's power from the image where the plate is many Fresnel zones wide, 20 dB less well beside the mirror."""
    large = plate(3.0)
    transmitter_m = point(large, 3.0, 0.3, 0.1)
    receivers_m = np.array([point(large, d, -0.3, -0.1) for d in np.linspace(2.0, 4.0, 40)])
    found = tile_sum(large, transmitter_m, receivers_m, MM_WAVE_M)
    distances_m = 3.0 + np.linspace(2.0, 4.0, 40)
    image = (MM_WAVE_M / (4 * np.pi * distances_m)) ** 2
    assert abs(db(found.mean() / image.mean())) < 0.1
    assert np.abs(db(found / image)).max() < 1.5  # Fresnel's ripple
    assert db(tile_sum(large, transmitter_m, point(large, 3.0, 1.0, -0.1)[None], MM_WAVE_M) / image[20])[0] < -20


@pytest.mark.parametrize("angle", [0.0, 0.5, 1.1])
def test_far_away_it_has_the_radar_cross_section_of_a_flat_plate(angle: float) -> None:
    small, far_m = plate(0.3, 0.2), 200.0
    there = point(small, far_m, angle, 0.0)
    back = point(small, far_m, -angle, 0.0)
    cross_section_m2 = 4 * np.pi * (0.3 * 0.2 * np.cos(angle)) ** 2 / WIFI_M**2
    radar = WIFI_M**2 * cross_section_m2 / ((4 * np.pi) ** 3 * far_m**4)
    assert db(tile_sum(small, there, back[None], WIFI_M) / radar)[0] == pytest.approx(0.0, abs=0.05)


def test_transmitter_and_receiver_may_change_places() -> None:
    tilted = plate(0.7, 0.4)
    here_m, there_m = point(tilted, 2.0, 0.5, 0.2), point(tilted, 6.0, -0.3, -0.1)
    ways = [tile_sum(tilted, a, b[None], WIFI_M) for a, b in ((here_m, there_m), (there_m, here_m))]
    np.testing.assert_allclose(ways[0], ways[1], rtol=1e-9)


def test_receivers_together_get_what_each_gets_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few at a time or many, near or far, and in any order: only the fineness of the tiles differs."""
    tilted = plate(0.5)
    transmitter_m = point(tilted, 3.0, 0.2, 0.0)
    receivers_m = np.concatenate([fan(tilted, d, -0.2, 4, width=0.1) for d in (9.0, 2.0, 5.0)])
    monkeypatch.setattr("trainables.physical_optics.tile_sum.TERMS_AT_ONCE", 1000)
    together = tile_sum(tilted, transmitter_m, receivers_m, WIFI_M)
    alone = np.array([tile_sum(tilted, transmitter_m, r[None], WIFI_M)[0] for r in receivers_m])
    assert np.abs(db(together / alone)).max() < 0.1


def test_nothing_comes_from_behind_and_a_point_on_the_plate_is_refused() -> None:
    tilted = plate(0.5)
    here_m, behind_m = point(tilted, 3.0, 0.2, 0.0), point(tilted, 3.0, 2.0, 0.0)
    assert tile_sum(tilted, here_m, behind_m[None], WIFI_M)[0] == 0
    assert tile_sum(tilted, behind_m, here_m[None], WIFI_M)[0] == 0
    with pytest.raises(ValueError, match="must be off the plate"):
        tile_sum(tilted, here_m, tilted.center_m[None], WIFI_M)
