"""Power at the cells: Friis, two rays, the mirror image, reciprocity, and orders of bounce counted by hand."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from search_spaces.design import AccessPoint
from search_spaces.reflector import bisector, corners
from tests.plates import MM_WAVE_M, WIFI_M, Array, db
from trainables.physical_optics.box import Box, Wall
from trainables.physical_optics.fresnel_window import fresnel_window
from trainables.physical_optics.plate import Plate
from trainables.physical_optics.power import NEGLIGIBLE, PlateGain, power_by_plate_w, power_by_walls_w
from trainables.physical_optics.reflection import Mirror, Slab
from trainables.physical_optics.tile_sum import tile_sum
from trainables.tracing.radio import RadioConfig

LOW_M, HIGH_M = np.zeros(3), np.array([16.0, 12.0, 4.0])
NONE = (None, None)
MIRROR, CONCRETE = Wall(Mirror()), Wall(Slab(5.24, 0.167, 0.2))
EMPTY = Box(LOW_M, HIGH_M, (NONE, NONE, NONE))
CELLS_M = np.array([[3.0, 4.0, 1.5], [12.0, 9.0, 1.5], [8.0, 2.0, 1.0]])


def access_point(*position_m: float) -> AccessPoint:
    return AccessPoint(np.array(position_m), np.array([0.6, 0.0, -0.8]), 20.0)


def radio(**settings: Any) -> RadioConfig:
    return RadioConfig.model_validate({"tx_pattern": "iso", **settings})


def plate(side_m: float, ap: AccessPoint, focal_m: Array) -> Plate:
    center_m = np.array([15.5, 6.0, 2.0])
    return Plate.of(corners(center_m, bisector(center_m, ap.position_m, focal_m), (side_m, side_m)))


def friis_w(distances_m: Array) -> Array:
    return np.asarray(0.1 * (WIFI_M / (4 * np.pi * distances_m)) ** 2)


def test_without_walls_it_is_friis() -> None:
    ap = access_point(5.0, 6.0, 2.5)
    found_w = power_by_walls_w(ap, radio(max_depth=3), CELLS_M, EMPTY)
    np.testing.assert_allclose(found_w, friis_w(np.linalg.norm(CELLS_M - ap.position_m, axis=1)), rtol=1e-6)


def test_a_conducting_floor_makes_two_rays_whose_powers_add_up() -> None:
    ap = access_point(5.0, 6.0, 2.5)
    found_w = power_by_walls_w(ap, radio(max_depth=4), CELLS_M, Box(LOW_M, HIGH_M, (NONE, NONE, (MIRROR, None))))
    image_m = ap.position_m * [1, 1, -1]
    ways_m = [np.linalg.norm(CELLS_M - end_m, axis=1) for end_m in (ap.position_m, image_m)]
    np.testing.assert_allclose(found_w, friis_w(ways_m[0]) + friis_w(ways_m[1]), rtol=1e-6)


def test_two_conducting_walls_make_the_images_that_one_counts_by_hand() -> None:
    ap = access_point(5.0, 6.0, 2.5)
    walls = Box(LOW_M, HIGH_M, ((MIRROR, MIRROR), NONE, NONE))
    found_w = power_by_walls_w(ap, radio(max_depth=2), CELLS_M, walls)
    images_x_m = [5.0, -5.0, 27.0, -27.0, 37.0]  # itself; by one wall; by both, in either order
    by_hand_w = sum(friis_w(np.linalg.norm(CELLS_M - [x, 6.0, 2.5], axis=1)) for x in images_x_m)
    np.testing.assert_allclose(found_w, by_hand_w, rtol=1e-6)


@pytest.mark.parametrize(
    "gain", [pytest.param(tile_sum, id="tile_sum"), pytest.param(partial(fresnel_window, patches=4), id="window")]
)
def test_a_large_plate_shows_the_mirror_image(gain: PlateGain) -> None:
    ap, focal_m = access_point(6.0, 9.0, 2.5), np.array([7.0, 3.0, 1.5])
    large = plate(3.0, ap, focal_m)
    found_w = power_by_plate_w(
        ap, radio(max_depth=1, frequency_hz=28e9), large, Mirror(), focal_m + np.eye(3) * 0.3, EMPTY, gain=gain
    )
    image_m = ap.position_m - 2 * ((ap.position_m - large.center_m) @ large.normal) * large.normal
    distances_m = np.linalg.norm(focal_m + np.eye(3) * 0.3 - image_m, axis=1)
    expected_w = 0.1 * (MM_WAVE_M / (4 * np.pi * distances_m)) ** 2
    assert np.abs(db(found_w / expected_w)).max() < 1.0
    assert abs(db(found_w.mean() / expected_w.mean())) < 0.5


def test_bounces_before_and_after_are_plates_between_images() -> None:
    """A conducting floor: straight, bounced before, bounced after, bounced both before and after."""
    ap, cell_m = access_point(6.0, 9.0, 2.5), np.array([7.0, 3.0, 1.5])
    small = plate(0.3, ap, cell_m)
    floor = Box(LOW_M, HIGH_M, (NONE, NONE, (MIRROR, None)))
    flip = np.array([1.0, 1.0, -1.0])

    def by_hand_w(before: bool, after: bool) -> float:
        start_m, end_m = ap.position_m * (flip if before else 1), cell_m * (flip if after else 1)
        return 0.1 * float(tile_sum(small, start_m, end_m[None], WIFI_M)[0])

    orders_w = [by_hand_w(*order) for order in ((False, False), (True, False), (False, True), (True, True))]
    depths_w = [0.0, orders_w[0], sum(orders_w[:3]), sum(orders_w), sum(orders_w)]
    for depth, expected_w in enumerate(depths_w):
        found_w = power_by_plate_w(ap, radio(max_depth=depth), small, Mirror(), cell_m[None], floor, gain=tile_sum)
        np.testing.assert_allclose(found_w, expected_w, rtol=1e-6)


def test_boxes_before_and_after_may_differ() -> None:
    """With a floor only after the plate, what is left is what bounces only there."""
    ap, cell_m = access_point(6.0, 9.0, 2.5), np.array([7.0, 3.0, 1.5])
    small = plate(0.3, ap, cell_m)
    floor = Box(LOW_M, HIGH_M, (NONE, NONE, (MIRROR, None)))
    found_w = power_by_plate_w(ap, radio(max_depth=4), small, Mirror(), cell_m[None], EMPTY, floor)
    ends_m = np.array([cell_m, cell_m * [1, 1, -1]])
    np.testing.assert_allclose(found_w, 0.1 * fresnel_window(small, ap.position_m, ends_m, WIFI_M).sum(), rtol=1e-6)


def test_a_plate_reflects_what_its_material_does() -> None:
    """At normal incidence by the square of the reflection coefficient; a plate of vacuum by nothing."""
    ap = access_point(6.0, 6.0, 2.0)
    facing = plate(0.3, ap, np.array([5.0, 6.0, 2.0]))
    wood = Slab(1.99, 0.03, 0.02)
    powers_w = [
        power_by_plate_w(ap, radio(max_depth=1), facing, surface, np.array([[5.0, 6.0, 2.0]]), EMPTY)[0]
        for surface in (Mirror(), wood, Slab(1.0, 0.0, 0.02))
    ]
    te, _ = wood.coefficients(np.ones(1), WIFI_M)
    assert powers_w[1] / powers_w[0] == pytest.approx(float(abs(te[0]) ** 2), rel=1e-6)
    assert powers_w[2] < 1e-12 * powers_w[0]


def test_access_point_and_cell_may_change_places() -> None:
    """By both polarisations together, as a cell receives both."""
    room = Box(LOW_M, HIGH_M, ((CONCRETE, CONCRETE),) * 3)
    here, there = access_point(6.0, 9.0, 2.5), access_point(7.0, 3.0, 1.5)
    small = plate(0.4, here, there.position_m)
    both_w = [
        sum(
            power_by_plate_w(a, radio(max_depth=3, polarization=p), small, Mirror(), b.position_m[None], room)[0]
            for p in ("V", "H")
        )
        for a, b in ((here, there), (there, here))
    ]
    assert both_w[0] == pytest.approx(both_w[1], rel=1e-9)


def test_the_antenna_looks_where_the_path_departs() -> None:
    """A sector element that looks away from the plate still reaches it by the wall behind."""
    ap = AccessPoint(np.array([6.0, 6.0, 2.0]), np.array([-1.0, 0.0, 0.0]), 20.0)
    cell_m = np.array([7.0, 3.0, 1.5])
    small = plate(0.4, ap, cell_m)
    back_wall = Box(LOW_M, HIGH_M, ((MIRROR, None), NONE, NONE))
    by_pattern = {
        pattern: [
            power_by_plate_w(ap, radio(max_depth=2, tx_pattern=pattern), small, Mirror(), cell_m[None], before, EMPTY)[
                0
            ]
            for before in (EMPTY, back_wall)
        ]
        for pattern in ("iso", "tr38901")
    }
    iso, sector = by_pattern["iso"], by_pattern["tr38901"]
    assert db(sector[0] / iso[0]) == pytest.approx(-22.0, abs=0.1)
    assert db((sector[1] - sector[0]) / (iso[1] - iso[0])) == pytest.approx(8.0, abs=0.1)


def test_what_is_left_out_beside_other_power_is_negligible() -> None:
    """And it is much: most pairs of images are not worked out, fewer the more there is besides."""
    ap = access_point(6.0, 9.0, 2.5)
    small = plate(0.6, ap, CELLS_M[1])
    room = Box(LOW_M, HIGH_M, ((CONCRETE, CONCRETE),) * 3)
    pairs = []

    def counted(of: Plate, transmitter_m: Array, receivers_m: Array, wavelength_m: float) -> Array:
        pairs.append(len(receivers_m))
        return fresnel_window(of, transmitter_m, receivers_m, wavelength_m)

    def by_plate_w(besides_w: Array | None) -> tuple[Array, int]:
        pairs.clear()
        found_w = power_by_plate_w(
            ap, radio(max_depth=4), small, Mirror(), CELLS_M, room, gain=counted, besides_w=besides_w
        )
        return found_w, sum(pairs)

    whole_w, all_pairs = by_plate_w(None)
    counts = []
    for besides in (0.0, 1.0, 100.0):
        found_w, count = by_plate_w(besides * whole_w)
        assert np.all(found_w <= whole_w * (1 + 1e-9))
        assert np.all(whole_w - found_w < 20 * NEGLIGIBLE * (1 + besides) * whole_w)
        counts.append(count)
    assert all_pairs / 2 > counts[0] > counts[1] > counts[2]


def test_a_plate_outside_its_box_is_refused() -> None:
    ap = access_point(6.0, 9.0, 2.5)
    small = plate(0.4, ap, CELLS_M[0])
    near = Box(LOW_M, np.array([10.0, 12.0, 4.0]), (NONE, NONE, NONE))
    with pytest.raises(ValueError, match="source_m: must be inside the box"):
        power_by_plate_w(ap, radio(), small, Mirror(), CELLS_M[:1], EMPTY, near)
