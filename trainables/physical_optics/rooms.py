"""Rooms that are boxes: floor plans whose reflections images know.

Images are exact in a box of whole walls. An L is two such boxes, its legs, that share the square of its corner; where
the other leg goes on, a leg's wall has an opening, through which rays leave for good. A plate in the corner belongs to
both legs: before it a path is in the access point's leg, and after it in the cell's. Left out is what returns to the
corner from the other leg, in ``l_corridor`` 0.01 dB of P5.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from shapely.geometry import LineString, Polygon, box

from trainables.buildings.floor_plan import FloorPlan
from trainables.physical_optics.box import Box, Wall
from trainables.physical_optics.plate import Array
from trainables.physical_optics.reflection import Surface

SurfaceOf = Callable[[str, float], Surface]
"""What a slab reflects like: of an ITU-R P.2040 material and a thickness, m."""

_TOLERANCE_M = 1e-6


class NoBoxesError(ValueError):
    """Images are not exact here, and why."""


def boxes(plan: FloorPlan, surface_of: SurfaceOf) -> list[Box]:
    """The boxes of a floor plan: one, or the two legs of an L.

    Raises:
        NoBoxesError: its outline is neither a rectangle nor an L along the axes, or its walls are not the outline's.
    """
    _check_walls(plan)
    x_min, y_min, x_max, y_max = plan.outline.bounds
    low_m, high_m = np.array([x_min, y_min, 0.0]), np.array([x_max, y_max, plan.height_m])
    missing = box(x_min, y_min, x_max, y_max).difference(plan.outline)
    if missing.area < _TOLERANCE_M:
        return [_box(plan, surface_of, low_m, high_m)]
    bounds = np.array(missing.bounds).reshape(2, 2)  # low, high
    on_side = np.abs(bounds - [low_m[:2], high_m[:2]]) < _TOLERANCE_M
    if missing.envelope.area - missing.area > _TOLERANCE_M or not np.all(on_side.sum(axis=0) == 1):
        raise NoBoxesError("the outline is neither a rectangle nor an L along the axes")
    side = np.where(on_side[0], 0, 1)  # of each axis, where the L lacks a corner
    legs = []
    for across in range(2):  # the leg along the other axis
        leg_m = np.array([low_m, high_m])
        leg_m[side[across], across] = bounds[1 - side[across], across]
        opening_m = leg_m.copy()
        opening_m[side[1 - across], 1 - across] = bounds[1 - side[1 - across], 1 - across]
        legs.append(_box(plan, surface_of, leg_m[0], leg_m[1], (across, int(side[across])), opening_m))
    return legs


def rooms_of(rooms: Sequence[Box], points_m: Array, what: str) -> npt.NDArray[np.intp]:
    """In which of the boxes each of the points ``[n, 3]``, m, is: ``[n]``.

    Raises:
        NoBoxesError: one is in none, or in the corner that both legs share.
    """
    inside = np.array([_holds(room, points_m) for room in rooms])
    if np.any(inside.sum(axis=0) != 1):
        where = "within the walls" if len(rooms) == 1 else "in one leg of the L each, off its corner"
        raise NoBoxesError(f"{what} are not all {where}")
    return np.asarray(inside.argmax(axis=0))


def check_shared(rooms: Sequence[Box], points_m: Array, what: str) -> None:
    """Raise ``NoBoxesError`` unless every box holds all the points ``[n, 3]``, m."""
    if not all(_holds(room, points_m).all() for room in rooms):
        raise NoBoxesError(f"{what} is not all {'within the walls' if len(rooms) == 1 else 'in the corner of the L'}")


def _holds(room: Box, points_m: Array) -> npt.NDArray[np.bool_]:
    return np.asarray(np.all((points_m > room.low_m) & (points_m < room.high_m), axis=-1))


def _check_walls(plan: FloorPlan) -> None:
    around = plan.outline.boundary.buffer(_TOLERANCE_M)
    for wall in plan.walls:
        if wall.openings:
            raise NoBoxesError(f"wall {wall.name!r} has doors or windows")
        if wall.height_m is not None and wall.height_m != plan.height_m:
            raise NoBoxesError(f"wall {wall.name!r} does not reach the ceiling")
        if not around.contains(LineString(wall.corners_m)):
            raise NoBoxesError(f"wall {wall.name!r} is inside the outline")


def _box(
    plan: FloorPlan,
    surface_of: SurfaceOf,
    low_m: Array,
    high_m: Array,
    opening_at: tuple[int, int] | None = None,
    opening_m: Array | None = None,
) -> Box:
    sides = []
    for axis in range(2):
        pair = []
        for number in range(2):
            ends_m = np.array([low_m, high_m])[:, :2]
            ends_m[:, axis] = ends_m[number, axis]
            open_m = opening_m if (axis, number) == opening_at else None
            pair.append(_wall(plan, surface_of, ends_m, open_m))
        sides.append((pair[0], pair[1]))
    floor, ceiling = (
        None if slab is None else Wall(surface_of(slab.material, slab.thickness_m))
        for slab in (plan.floor, plan.ceiling)
    )
    return Box(low_m, high_m, (*sides, (floor, ceiling)))


def _wall(plan: FloorPlan, surface_of: SurfaceOf, ends_m: Array, opening_m: Array | None) -> Wall | None:
    """What is along a side from one of its ends ``[2, 2]`` to the other, m; None: nothing."""
    opening = Polygon() if opening_m is None else box(*opening_m[0, :2], *opening_m[1, :2])
    side = LineString(ends_m).difference(opening)
    near = side.buffer(_TOLERANCE_M, cap_style="flat")
    slabs, covered_m = set(), 0.0
    for wall in plan.walls:
        for ends in pairwise(wall.corners_m):
            along_m = LineString(ends).intersection(near).length
            if along_m > 10 * _TOLERANCE_M:
                slabs.add((wall.material, wall.thickness_m))
                covered_m += along_m
    if not slabs:
        return None
    if len(slabs) > 1 or abs(covered_m - side.length) > 100 * _TOLERANCE_M:
        where = f"from {ends_m[0].tolist()} to {ends_m[1].tolist()} m"
        raise NoBoxesError(f"the side {where} is not one wall of one material")
    return Wall(surface_of(*slabs.pop()), opening_m)
