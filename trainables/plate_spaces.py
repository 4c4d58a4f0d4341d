"""From what a configuration tells of a plate to the places where it may hang: its walls, and what of them is free."""

from collections.abc import Iterator, Sequence

import numpy as np
from shapely import LineString, MultiPoint, box

from search_spaces.free_wall import free_rectangles
from search_spaces.plates import PlateSpace
from search_spaces.reflector import PlateMount, WallRectangle
from search_spaces.reflector_config import FixedPose, ObjectWall, PlanWalls, ReflectorConfig
from search_spaces.zones import Region
from trainables.buildings.floor_plan import FloorPlan
from trainables.buildings.plan_walls import faces, obstacles

MOST_RECTANGLES = 5_000
"""Of free wall for one plate; an office floor has a few hundred."""


def plate_space(
    config: ReflectorConfig, plan: FloorPlan | None, users: Region, areas: Region, field: str, number: str = ""
) -> PlateSpace:
    """The places where a plate may hang, and the points it may aim at; or where it hangs already.

    Args:
        config: the plate.
        plan: of the building; None where none is known.
        users: where they are.
        areas: where access points are.
        field: what the configuration calls the plate.
        number: of the plate among those that are placed, or among those that hang already; empty where there is one.

    Raises:
        ValueError: there is no wall for it, or not enough room on any, or it hangs outside the building.
    """
    if config.fixed is not None:
        return _hung(config, config.fixed, plan, field, number)
    if config.focal_point_m is not None:
        x, y, focal_height_m = config.focal_point_m
        bounds = (x, y, x, y)
    else:
        bounds = users.bounds if config.focal_area is None else (*config.focal_area[0], *config.focal_area[1])
        focal_height_m = config.focal_height_m
    seen, people = (box(*bounds), areas), users.union(areas)
    searched = config.smallest_m != config.largest_m
    return PlateSpace(
        tuple(PlateMount(wall, config.largest_m, config.tiling) for wall in _free(config, plan, seen, people, field)),
        bounds,
        focal_height_m,
        number,
        config.smallest_m if searched else None,
        field,
        config.name or f"reflector {number}".rstrip(),
    )


def _hung(config: ReflectorConfig, fixed: FixedPose, plan: FloorPlan | None, field: str, number: str) -> PlateSpace:
    """A plate that hangs already: it must do so inside the building."""
    name = config.name or f"fixed reflector {number}".rstrip()
    center_m, normal = (np.array(vector, dtype=np.float64) for vector in (fixed.center_m, fixed.normal))
    plate = PlateSpace.hung(center_m, normal, config.largest_m, field, name)
    assert plate.fixed is not None
    low_m, high_m = (reach(plate.fixed.vertices_m, axis=0).round(3).tolist() for reach in (np.min, np.max))
    if plan is None:
        return plate
    seen_from_above = MultiPoint(plate.fixed.vertices_m[:, :2]).convex_hull
    if not (plan.outline.buffer(0.5).contains(seen_from_above) and low_m[2] >= 0 and high_m[2] <= plan.height_m):
        raise ValueError(
            f"{field}.fixed must hang inside the building (outline {list(plan.outline.bounds)}, height "
            f"{plan.height_m:g} m), but the plate reaches from {low_m} to {high_m}; move it"
        )
    for wall in plan.walls:
        if low_m[2] < (wall.height_m or plan.height_m) and seen_from_above.intersects(LineString(wall.corners_m)):
            raise ValueError(
                f"{field}.fixed must hang before the walls, but the plate, which reaches from {low_m} to {high_m}, "
                f"cuts wall {wall.name!r}; move it off"
            )
    return plate


def _free(
    config: ReflectorConfig, plan: FloorPlan | None, seen: Sequence[Region], people: Region, field: str
) -> tuple[WallRectangle, ...]:
    """Rectangles in which there is room for the plate of the least size, and somewhere for that of the largest."""
    of_plan = isinstance(config.walls, PlanWalls)
    walls = tuple(_walls(config, plan, seen, people, field))
    free = [
        part
        for wall in walls
        for part in free_rectangles(wall, obstacles(plan, wall, of_plan) if plan else (), config.smallest_m)
    ]
    if len(free) > MOST_RECTANGLES:
        raise ValueError(
            f"{field}.walls must have at most {MOST_RECTANGLES:,} free stretches between doors, windows and corners, "
            f"but have {len(free):,}; name a material or rectangles"
        )
    width_m, height_m = config.largest_m
    if not any(width_m <= part.width_m and height_m <= part.height_m for part in free):
        largest = max(walls, key=lambda wall: min(wall.width_m / width_m, wall.height_m / height_m))
        where = f"its wall of {largest.width_m:g} x {largest.height_m:g} m" if len(walls) == 1 else "one of its walls"
        beside = (
            "" if width_m > largest.width_m or height_m > largest.height_m else " beside doors, windows and corners"
        )
        raise ValueError(
            f"{field}.size_m: the plate must fit on {where}{beside}, but got {list(config.largest_m)}; make it smaller"
        )
    return tuple(free)


def _walls(
    config: ReflectorConfig, plan: FloorPlan | None, seen: Sequence[Region], people: Region, field: str
) -> Iterator[WallRectangle]:
    """The walls that the configuration names, or the plan for it."""
    if isinstance(config.walls, PlanWalls):
        if plan is None:
            raise ValueError(
                f"{field}.walls must be a list of rectangles where the scene is no floor plan; give top_left_m and "
                "bottom_right_m of each"
            )
        if not (found := faces(plan, config.walls, seen, people)):
            materials = ", ".join(sorted({wall.material for wall in plan.walls}))
            raise ValueError(
                f"{field}.walls must choose a wall that faces users and access points, but none of plan {plan.name!r} "
                f"does with {config.walls.model_dump(exclude_none=True) or 'all'}; its walls are of {materials}"
            )
        yield from found
        return
    if config.walls is not None:
        named: Sequence[tuple[str, WallRectangle]] = [(f"walls.{i}", wall) for i, wall in enumerate(config.walls)]
    elif wall := config.wall or (plan.reflector_wall if plan else None):
        assert not isinstance(wall, ObjectWall), "found already"
        named = [("wall", wall)]
    else:
        remedy = "set reflector to null" if field == "reflector" else "drop the plate"
        raise ValueError(
            f"{field}.wall must be given, as the scene names no wall for it; give top_left_m and bottom_right_m, or "
            f"{remedy}"
        )
    for key, wall in named:
        if plan is not None:
            plan.check_wall(wall, f"{field}.{key}")
        yield wall
