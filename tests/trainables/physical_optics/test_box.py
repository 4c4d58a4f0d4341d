"""Paths in a box: counted by hand, and followed bounce by bounce."""

import numpy as np
import pytest

from tests.plates import WIFI_M, Array
from trainables.physical_optics.box import Box, Wall
from trainables.physical_optics.reflection import Mirror, Slab, reflected, reflection_matrix

LOW_M, HIGH_M = np.array([1.0, -2.0, 0.0]), np.array([5.0, 4.0, 3.0])
SOURCE_M, TARGET_M = np.array([2.0, 1.13, 0.97]), np.array([4.5, 3.07, 2.11])
BRICK, CONCRETE = Wall(Slab(3.91, 0.03, 0.1)), Wall(Slab(5.24, 0.17, 0.2))
NONE = (None, None)


def follow(ends_m: Array, bounces: int) -> tuple[Array, Array, list[tuple[int, int, Array]]]:
    """Walk from the source towards an image, turning round at every wall met: end, direction, walls and points."""
    way_m = float(np.linalg.norm(ends_m - SOURCE_M))
    place_m, direction = SOURCE_M.copy(), (ends_m - SOURCE_M) / way_m
    met = []
    for _ in range(bounces):
        walls_m = np.where(direction > 0, HIGH_M, LOW_M)
        steps_m = (walls_m - place_m) / direction
        axis = int(np.argmin(steps_m))
        place_m = place_m + steps_m[axis] * direction
        way_m -= steps_m[axis]
        met.append((axis, int(direction[axis] > 0), place_m))
        direction = reflected(direction, np.eye(3)[axis])
    return place_m + way_m * direction, direction, met


def test_two_walls_make_the_images_that_one_counts_by_hand() -> None:
    """Between x = 1 and 5, from 2 to 4.5: the nearest images lie at -2.5, 5.5, then at -3.5 and 12.5, ..."""
    box = Box(LOW_M, HIGH_M, ((BRICK, CONCRETE), NONE, NONE))
    paths = box.paths(SOURCE_M, TARGET_M[None], 3, WIFI_M)
    np.testing.assert_array_equal(paths.bounces, [0, 1, 1, 2, 2, 3, 3])
    np.testing.assert_allclose(sorted(paths.ends_m[1:3, 0, 0]), [-2.5, 5.5])
    np.testing.assert_allclose(sorted(paths.ends_m[3:5, 0, 0]), [-3.5, 12.5])
    np.testing.assert_allclose(sorted(paths.ends_m[5:, 0, 0]), [-10.5, 13.5])
    np.testing.assert_allclose(paths.ends_m[:, 0, 1:], np.broadcast_to(TARGET_M[1:], (7, 2)))


@pytest.mark.parametrize(("x", "count"), [((None, CONCRETE), 2), ((BRICK, None), 2), (NONE, 1)])
def test_one_wall_makes_one_image(x: tuple[Wall | None, Wall | None], count: int) -> None:
    assert len(Box(LOW_M, HIGH_M, (x, NONE, NONE)).paths(SOURCE_M, TARGET_M[None], 5, WIFI_M).bounces) == count


def test_six_walls_make_four_n_squared_and_two_images_of_n_bounces() -> None:
    paths = Box(LOW_M, HIGH_M, ((BRICK, BRICK),) * 3).paths(SOURCE_M, TARGET_M[None], 5, WIFI_M)
    np.testing.assert_array_equal(np.bincount(paths.bounces), [1, 6, 18, 38, 66, 102])


def test_each_path_ends_at_its_target_and_carries_what_each_bounce_leaves() -> None:
    floor = Wall(Slab(15.0, 0.5, 0.3))
    walls = ((BRICK, CONCRETE), (CONCRETE, Wall(Mirror())), (floor, BRICK))
    targets_m = np.array([TARGET_M, [1.5, -1.0, 2.5]])
    paths = Box(LOW_M, HIGH_M, walls).paths(SOURCE_M, targets_m, 4, WIFI_M)
    for image, bounces in enumerate(paths.bounces):
        for target, target_m in enumerate(targets_m):
            ends_m = paths.ends_m[image, target]
            end_m, arrival, met = follow(ends_m, int(bounces))
            np.testing.assert_allclose(end_m, target_m, atol=1e-9)
            np.testing.assert_allclose(paths.arrivals[image, target], arrival, atol=1e-9)
            transport, direction = np.eye(3), (ends_m - SOURCE_M) / np.linalg.norm(ends_m - SOURCE_M)
            for axis, side, _ in met:
                surface = walls[axis][side].surface
                transport = reflection_matrix(direction, np.eye(3)[axis], surface, WIFI_M) @ transport
                direction = reflected(direction, np.eye(3)[axis])
            np.testing.assert_allclose(paths.transport[image, target], transport, atol=1e-9)


def test_what_meets_an_opening_is_gone_and_nothing_else() -> None:
    opening_m = np.array([[4.9, 0.0, 0.5], [5.1, 3.0, 2.5]])
    walls = ((BRICK, CONCRETE), (BRICK, CONCRETE), (BRICK, CONCRETE))
    pierced = ((BRICK, Wall(CONCRETE.surface, opening_m)), *walls[1:])
    whole, open_ = (Box(LOW_M, HIGH_M, w).paths(SOURCE_M, TARGET_M[None], 4, WIFI_M) for w in (walls, pierced))
    lost = []
    for image, bounces in enumerate(whole.bounces):
        points_m = [
            place_m for axis, side, place_m in follow(whole.ends_m[image, 0], int(bounces))[2] if (axis, side) == (0, 1)
        ]
        lost.append(any(np.all((opening_m[0] < p) & (p < opening_m[1])) for p in points_m))
    assert 0 < sum(lost) < len(lost)
    expected = np.where(np.array(lost)[:, None, None, None], 0.0, whole.transport)
    np.testing.assert_allclose(open_.transport, expected)


def test_the_way_back_is_the_transpose() -> None:
    box = Box(LOW_M, HIGH_M, ((BRICK, CONCRETE),) * 3)
    there, back = (box.paths(a, b[None], 3, WIFI_M) for a, b in ((SOURCE_M, TARGET_M), (TARGET_M, SOURCE_M)))
    for image in range(len(there.bounces)):
        departure = (there.ends_m[image, 0] - SOURCE_M) / np.linalg.norm(there.ends_m[image, 0] - SOURCE_M)
        same = np.argmin(np.linalg.norm(back.arrivals[:, 0] + departure, axis=-1))
        np.testing.assert_allclose(back.transport[same, 0], there.transport[image, 0].T, atol=1e-9)


@pytest.mark.parametrize("name", ["source_m", "targets_m"])
def test_a_point_outside_is_refused(name: str) -> None:
    points_m = {"source_m": SOURCE_M, "targets_m": np.stack([TARGET_M, SOURCE_M])}
    points_m[name] = points_m[name] + np.array([0.0, 0.0, 2.5])
    with pytest.raises(ValueError, match=rf"{name}: must be inside the box from .* but got \["):
        Box(LOW_M, HIGH_M, (NONE,) * 3).paths(points_m["source_m"], points_m["targets_m"], 2, WIFI_M)
