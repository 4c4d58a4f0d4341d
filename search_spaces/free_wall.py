"""What is left of a wall for a plate: the largest rectangles that hold no door, no window and no end of another wall.

They overlap: beside a window that a plate fits above, the wall over the window and the wall at its left share a corner.
So wherever a plate of the least size can hang on the wall, it hangs in one of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from search_spaces.reflector import Size, WallRectangle

_ROUNDING_M = 1e-9


@dataclass(frozen=True)
class Obstacle:
    """A rectangle of a wall that must stay free: metres from the wall's left, and heights z [m]."""

    left_m: float
    right_m: float
    bottom_m: float
    top_m: float


def free_rectangles(
    wall: WallRectangle, obstacles: Iterable[Obstacle], least_m: Size = (0.0, 0.0)
) -> tuple[WallRectangle, ...]:
    """The largest rectangles of ``wall`` that have none of the obstacles in them, and room for a plate of ``least_m``.

    Left to right. The wall itself where nothing is in the way.
    """
    low_m, high_m = wall.bottom_right_m[2], wall.top_left_m[2]
    inside = [
        found
        for found in obstacles
        if min(found.right_m, wall.width_m) - max(found.left_m, 0.0) > _ROUNDING_M
        and min(found.top_m, high_m) - max(found.bottom_m, low_m) > _ROUNDING_M
    ]
    if not inside:
        return (wall,) if least_m[0] <= wall.width_m and least_m[1] <= wall.height_m else ()
    found = {
        (left_m, right_m, bottom_m, top_m)
        for bottom_m, top_m in _bands(inside, low_m, high_m)
        for left_m, right_m in _gaps(inside, bottom_m, top_m, wall.width_m)
        if right_m - left_m >= max(least_m[0], _ROUNDING_M) and top_m - bottom_m >= least_m[1]
    }
    largest = (one for one in found if not any(_within(one, other) for other in found - {one}))
    return tuple(_part(wall, *one) for one in sorted(largest))


def _bands(obstacles: Sequence[Obstacle], low_m: float, high_m: float) -> Iterator[tuple[float, float]]:
    """Heights from and to which a rectangle may reach: those of the wall and of the obstacles."""
    heights_m = {z for found in obstacles for z in (found.bottom_m, found.top_m) if low_m < z < high_m}
    yield from combinations(sorted(heights_m | {low_m, high_m}), 2)


def _gaps(
    obstacles: Sequence[Obstacle], bottom_m: float, top_m: float, width_m: float
) -> Iterator[tuple[float, float]]:
    """Between the obstacles that reach into a band."""
    left_m = 0.0
    for found in sorted(obstacles, key=lambda found: found.left_m):
        if min(found.top_m, top_m) - max(found.bottom_m, bottom_m) > _ROUNDING_M:
            yield left_m, found.left_m
            left_m = max(left_m, found.right_m)
    yield left_m, width_m


def _within(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] >= other[0] and one[1] <= other[1] and one[2] >= other[2] and one[3] <= other[3]


def _part(wall: WallRectangle, left_m: float, right_m: float, bottom_m: float, top_m: float) -> WallRectangle:
    corner, along = np.array(wall.top_left_m[:2]), wall.right[:2]
    left, right = (corner + at_m * along for at_m in (left_m, min(right_m, wall.width_m)))
    return WallRectangle(
        top_left_m=(float(left[0]), float(left[1]), top_m), bottom_right_m=(float(right[0]), float(right[1]), bottom_m)
    )
