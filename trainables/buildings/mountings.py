"""What mounts of access points ask of a floor plan: its outline, its ceiling, and both sides of every wall."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from search_spaces.mounts.base import Building, WallSide
from trainables.buildings.floor_plan import FloorPlan, Wall


def building_of(plan: FloorPlan | None) -> Building:
    """The building of a plan; one of which nothing is known without a plan."""
    if plan is None:
        return Building()
    sides = tuple(side for wall in plan.walls for side in _sides(wall, plan.height_m))
    return Building(plan.outline, plan.height_m, sides, plan.wall_footprints)


def _sides(wall: Wall, ceiling_m: float) -> Iterator[WallSide]:
    """One side of all segments, in their order, then the other one, backwards: round the wall."""
    segments = list(enumerate(pairwise(wall.corners_m)))
    for number, ends in segments:
        yield from _side(wall, number, *ends, ceiling_m)
    for number, ends in reversed(segments):
        yield from _side(wall, number, *ends[::-1], ceiling_m)


def _side(
    wall: Wall, segment: int, start: tuple[float, float], end: tuple[float, float], ceiling_m: float
) -> Iterator[WallSide]:
    """The side to the left of the way from ``start`` to ``end``, half the wall's thickness off its path."""
    start_m, end_m = np.asarray(start), np.asarray(end)
    length_m = float(np.linalg.norm(end_m - start_m))
    if length_m == 0:
        return
    along = (end_m - start_m) / length_m
    off_m = wall.thickness_m / 2 * np.array([-along[1], along[0]])
    openings_m = []
    for opening in wall.openings:
        if opening.segment == segment:
            from_m, to_m = sorted(((wall.ends_m(opening) - start_m) @ along).tolist())
            openings_m.append((from_m, to_m, opening.bottom_m, opening.top_m))
    if wall.height_m is not None and wall.height_m < ceiling_m:  # furniture, a parapet
        openings_m.append((0.0, length_m, wall.height_m, ceiling_m))
    (x_1, y_1), (x_2, y_2) = (start_m + off_m).tolist(), (end_m + off_m).tolist()
    yield WallSide((x_1, y_1), (x_2, y_2), tuple(openings_m))
