"""What is left of a wall holds no obstacle, and leaves out no place where a plate could hang."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.free_wall import Obstacle, free_rectangles
from search_spaces.reflector import Size, WallRectangle

WALL = WallRectangle(top_left_m=(3, 1, 3), bottom_right_m=(3, 9, 0.5))
"""8 m long and 2.5 m high, seen from the east: its left end is at y = 1."""


def spans(wall: WallRectangle) -> tuple[float, float, float, float]:
    """Left and right end along ``WALL``, lower and upper edge [m]."""
    return wall.top_left_m[1] - 1, wall.bottom_right_m[1] - 1, wall.bottom_right_m[2], wall.top_left_m[2]


def shared(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two spans have more than an edge in common."""
    across, up = (min(one[i + 1], other[i + 1]) - max(one[i], other[i]) for i in (0, 2))
    return min(across, up) > 1e-6


@st.composite
def obstacles(draw: st.DrawFn) -> Obstacle:
    left_m, bottom_m = draw(st.integers(-2, 9)), draw(st.integers(0, 3))
    return Obstacle(left_m, left_m + draw(st.integers(1, 4)), bottom_m, bottom_m + draw(st.integers(1, 3)))


def test_a_wall_without_obstacles_is_free_as_a_whole() -> None:
    assert free_rectangles(WALL, ()) == (WALL,)
    assert free_rectangles(WALL, (Obstacle(9, 10, 0, 3), Obstacle(1, 2, 0, 0.5))) == (WALL,), "they are beside it"


def test_beside_a_door_and_above_it() -> None:
    found = free_rectangles(WALL, (Obstacle(2, 3, 0, 2),), (0.5, 0.5))
    assert [spans(part) for part in found] == [(0, 2, 0.5, 3), (0, 8, 2, 3), (3, 8, 0.5, 3)]
    assert [part.normal.tolist() for part in found] == [WALL.normal.tolist()] * 3
    assert [spans(part) for part in free_rectangles(WALL, (Obstacle(2, 3, 0, 2),), (1, 1.5))] == [
        (0, 2, 0.5, 3),
        (3, 8, 0.5, 3),
    ]


@given(
    in_the_way=st.lists(obstacles(), max_size=5),
    size_m=st.tuples(st.floats(0.2, 3), st.floats(0.2, 2)),
    at=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_a_plate_fits_into_a_free_rectangle_wherever_nothing_is_in_its_way(
    in_the_way: list[Obstacle], size_m: Size, at: tuple[float, float]
) -> None:
    blocked = [(o.left_m, o.right_m, o.bottom_m, o.top_m) for o in in_the_way]
    found = [spans(part) for part in free_rectangles(WALL, in_the_way, size_m)]
    assert not any(shared(part, obstacle) for part in found for obstacle in blocked)
    assert all(right - left >= size_m[0] and top - bottom >= size_m[1] for left, right, bottom, top in found)
    left_m, bottom_m = at[0] * (8 - size_m[0]), 0.5 + at[1] * (2.5 - size_m[1])
    plate = (left_m, left_m + size_m[0], bottom_m, bottom_m + size_m[1])
    slack = 1e-5 * np.array([1, -1, 1, -1])  # a plate that just touches may be held or not
    held = any(bool(np.all((np.array(part) - plate) * [1, -1, 1, -1] <= 1e-9)) for part in found)
    assert held or any(shared(tuple(np.array(plate) - slack), obstacle) for obstacle in blocked)
    assert not held or not any(shared(plate, obstacle) for obstacle in blocked)


def test_a_wall_that_is_too_small_has_no_room() -> None:
    assert free_rectangles(WALL, (), (8.1, 1)) == ()
    assert free_rectangles(WALL, (Obstacle(0, 8, 0, 3),)) == ()


def test_free_parts_are_told_left_to_right() -> None:
    windows = [Obstacle(x, x + 1, 1, 2.5) for x in (1, 4, 6)]
    lefts = [spans(part)[0] for part in free_rectangles(WALL, windows, (0.9, 1.0))]
    assert lefts == pytest.approx([0, 2, 5, 7])
