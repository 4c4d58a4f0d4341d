"""Where on the walls of a floor plan plates can hang: the faces that look into the building, without what is in them.

Doors, windows and other openings are left out whether or not something fills them, and so is where other walls, or low
ones such as furniture, stand in front.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from shapely import LineString, Point, Polygon, get_coordinates

from search_spaces.free_wall import Obstacle
from search_spaces.reflector import WallRectangle
from search_spaces.reflector_config import PlanWalls
from search_spaces.zones import Coordinate, Region
from trainables.buildings.floor_plan import FloorPlan, Wall, sheets
from trainables.buildings.section import closed_rooms, section

_ON_WALL_M = 0.25
"""Nearer to a rectangle than this, an opening is one of its wall: half a thick wall."""

_IN_FRONT_M = 0.1
"""What stands so near in front of a wall leaves no room for a plate."""

_BEFORE_M = 0.15
"""Where somebody stands who looks at a face."""


def faces(
    plan: FloorPlan, chosen: PlanWalls, seen: Sequence[Region], people: Region | None = None
) -> tuple[WallRectangle, ...]:
    """Both faces of each of the chosen walls, in the plan's order: of those that look into the building.

    Args:
        plan: the building.
        chosen: which walls, between which heights.
        seen: regions of which each must lie before a face, at least in part; empty ones do not matter.
        people: where users and access points are: a closed room with none of them, such as a shaft, has no faces.
    """
    corners_m = [get_coordinates(region) for region in seen if not region.is_empty]
    shut = Polygon() if people is None else closed_rooms(_lines(plan), people)
    return tuple(
        face
        for wall in plan.walls
        if chosen.material in (None, wall.material)
        for ends in pairwise(wall.corners_m)
        for face in _both_sides(wall, ends, plan.height_m, chosen)
        if _looks_into(plan, face, shut) and all(np.any(_off_m(face, corners) > _BEFORE_M) for corners in corners_m)
    )


def obstacles(plan: FloorPlan, face: WallRectangle, with_walls: bool) -> Iterator[Obstacle]:
    """Openings of the wall behind ``face`` and, ``with_walls``, other walls that stand on it or in front of it."""
    for wall in plan.walls:
        for opening in wall.openings:
            ends_m = wall.ends_m(opening)
            if np.all(np.abs(_off_m(face, ends_m)) < _ON_WALL_M):
                along_m = _along_m(face, ends_m)
                yield Obstacle(float(along_m.min()), float(along_m.max()), opening.bottom_m, opening.top_m)
        if with_walls:
            for ends in pairwise(wall.corners_m):
                yield from _in_front(face, wall, np.asarray(ends), wall.height_m or plan.height_m)


def _both_sides(
    wall: Wall, ends: tuple[Coordinate, Coordinate], height_m: float, chosen: PlanWalls
) -> Iterator[WallRectangle]:
    low_m, high_m = chosen.heights_m or (0.0, height_m)
    low_m, high_m = max(low_m, 0.0), min(high_m, wall.height_m or height_m)
    if low_m < high_m and ends[0] != ends[1]:
        for left, right in (ends, ends[::-1]):
            yield WallRectangle(top_left_m=(*left, high_m), bottom_right_m=(*right, low_m))


def _lines(plan: FloorPlan) -> npt.NDArray[np.float64]:
    """The plan's walls and closed doors half-way up, ``[n, 2, 2]``, m."""
    found = [section(sheet.vertices_m[sheet.faces], plan.height_m / 2) for sheet in sheets(plan)]
    return np.concatenate([np.zeros((0, 2, 2)), *found])


def _looks_into(plan: FloorPlan, face: WallRectangle, shut: Region) -> bool:
    middle = np.mean([face.top_left_m[:2], face.bottom_right_m[:2]], axis=0) + _BEFORE_M * face.normal[:2]
    return bool(plan.outline.contains(Point(middle)) and not shut.contains(Point(middle)))


def _in_front(face: WallRectangle, wall: Wall, ends_m: npt.NDArray[np.float64], height_m: float) -> Iterator[Obstacle]:
    """The part of ``face`` before which a straight piece of wall stands; none for the wall behind it."""
    if np.all(np.abs(_off_m(face, ends_m)) < _IN_FRONT_M / 5):
        return
    corner, out = np.array(face.top_left_m[:2]), face.normal[:2]
    across = corner + face.width_m * face.right[:2]
    near, far = _IN_FRONT_M / 5 * out, _IN_FRONT_M * out
    strip = Polygon([corner + near, across + near, across + far, corner + far])
    met = strip.intersection(LineString(ends_m).buffer(wall.thickness_m / 2, cap_style="flat"))
    if not met.is_empty:
        along_m = _along_m(face, get_coordinates(met))
        yield Obstacle(float(along_m.min()), float(along_m.max()), 0.0, height_m)


def _along_m(face: WallRectangle, points_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far right of a face's left end ``points_m`` (``[n, 2]``) are, seen from the room [m]."""
    return np.asarray((points_m - face.top_left_m[:2]) @ face.right[:2])


def _off_m(face: WallRectangle, points_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far before a face ``points_m`` (``[n, 2]``) are [m]."""
    return np.asarray((points_m - face.top_left_m[:2]) @ face.normal[:2])
