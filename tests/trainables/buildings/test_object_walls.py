"""A wall is found by its object or by a point on it: the largest rectangle on a face that looks at everybody."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.ground import Ground
from search_spaces.reflector import WallRectangle
from search_spaces.reflector_config import ObjectWall
from tests.blocks import land, roof, walls
from trainables.buildings.object_walls import find_wall, largest_rectangle

HOUSE = ((-10.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-10.0, 5.0))
OBJECTS = {
    "land": land(),
    "house": np.concatenate([walls(HOUSE, 0.0, 12.0), roof(shapely.Polygon(HOUSE), 12.0)]),
    "shed": walls(tuple((x + 30, y) for x, y in HOUSE), 0.0, 3.0),
}
SOUTH = (shapely.box(-10, -20, 5, -15), shapely.box(-3, -9, 0, -6))


def found(*seen: shapely.Geometry, ground: Ground | None = None, **wanted: Any) -> WallRectangle:
    return find_wall(OBJECTS, ObjectWall(**wanted), seen or SOUTH, "reflector.wall", ground)


def test_the_face_that_looks_at_everybody_is_taken_between_the_heights() -> None:
    wall = found(object="house", heights_m=(2, 4))
    assert np.allclose(wall.top_left_m, (-10, -5, 4))
    assert np.allclose(wall.bottom_right_m, (5, -5, 2))
    assert np.allclose(wall.normal, (0, -1, 0))
    assert found(object="house").height_m == 12


def test_a_point_on_a_face_is_enough_and_chooses_it() -> None:
    around = shapely.box(-40, -40, 40, 40)
    west, north = found(around, at=(-10, 0, 3)), found(around, object="house", at=(0, 5.2, 3))
    assert np.allclose((west.normal, north.normal), ((-1, 0, 0), (0, 1, 0)))
    assert (west.width_m, north.width_m) == pytest.approx((10, 15))


def test_heights_are_above_the_ground_at_its_highest_before_the_wall() -> None:
    rising = Ground((-50.0, -50.0), 100.0, np.array([[-5.0, 5.0], [-5.0, 5.0]]))  # to the east, 0.1
    wall = found(object="house", heights_m=(2, 4), ground=rising)
    assert (wall.bottom_right_m[2], wall.top_left_m[2]) == pytest.approx((2.5, 4.5))
    assert found(object="house", ground=rising).bottom_right_m[2] == pytest.approx(0.5), "none of it is underground"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            {"object": "hose"},
            r"^reflector\.wall\.object must be one of the scene's, but got 'hose'; did you mean house",
        ),
        (
            {"at": (0, 0, 3)},
            r"^reflector\.wall\.at must be on a wall, but none is within 0\.5 m of \[0\.0, 0\.0, 3\.0\]",
        ),
        (
            {"object": "house", "heights_m": (13, 14)},
            r"'house' has none between heights_m \[13\.0, 14\.0\]; name another",
        ),
        ({"object": "land"}, r"^reflector\.wall must be an upright face .* but object 'land' has none; name another"),
        (
            {"at": (0, 5, 3)},
            r"^reflector\.wall must be an upright face that users .* before, but the point \[0\.0, 5\.0",
        ),
    ],
)
def test_what_cannot_be_found_is_told_in_a_line(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        found(**wanted)


@pytest.mark.parametrize(
    ("wanted", "said"), [({}, "object or at must be given"), ({"object": "a", "heights_m": (2, 1)}, "swap")]
)
def test_what_says_too_little_is_refused(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ObjectWall(**wanted)


def test_the_largest_rectangle_leaves_out_gable_and_door() -> None:
    front = shapely.Polygon([(0, 0), (8, 0), (8, 5), (4, 8), (0, 5)]) - shapely.box(5, 0, 6, 2.5)
    assert largest_rectangle(front) == pytest.approx((0, 0, 5, 5))
    assert largest_rectangle(shapely.Polygon()) is None


@given(st.lists(st.tuples(*[st.integers(0, 6)] * 4), min_size=1, max_size=4))
@settings(max_examples=30)
def test_no_rectangle_of_whole_metres_is_larger(corners: list[tuple[int, int, int, int]]) -> None:
    boxes = [shapely.box(min(a, c), min(b, d), max(a, c) + 1, max(b, d) + 1) for a, b, c, d in corners]
    shape = shapely.union_all(boxes)
    best = largest_rectangle(shape)
    assert best is not None
    assert shape.buffer(2e-3).contains(shapely.box(*best))
    every = [
        (x_2 - x_1) * (y_2 - y_1)
        for x_1 in range(7)
        for y_1 in range(7)
        for x_2 in range(x_1 + 1, 8)
        for y_2 in range(y_1 + 1, 8)
        if shape.buffer(1e-6).contains(shapely.box(x_1, y_1, x_2, y_2))
    ]
    assert shapely.box(*best).area == pytest.approx(max(every))
