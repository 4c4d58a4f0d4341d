"""From what a configuration tells of a plate to the places where it may hang: its walls, and what of them is free."""

from collections.abc import Iterator, Sequence

from shapely import box

from search_spaces.free_wall import free_rectangles
from search_spaces.plates import PlateSpace
from search_spaces.reflector import PlateMount, WallRectangle
from search_spaces.reflector_config import PlanWalls, ReflectorConfig
from search_spaces.zones import Region
from trainables.buildings.floor_plan import FloorPlan
from trainables.buildings.plan_walls import faces, obstacles

MOST_RECTANGLES = 5_000
"""Of free wall for one plate; an office floor has a few hundred."""


def plate_space(
    config: ReflectorConfig, plan: FloorPlan | None, users: Region, areas: Region, field: str, number: str = ""
) -> PlateSpace:
    """The places where a plate may hang, and the points it may aim at.

    Args:
        config: the plate.
        plan: of the building; None where none is known.
        users: where they are.
        areas: where access points are.
        field: what the configuration calls the plate.
        number: of the plate; empty where there is one only.

    Raises:
        ValueError: there is no wall for it, or not enough room on any.
    """
    if config.focal_point_m is not None:
        x, y, focal_height_m = config.focal_point_m
        bounds = (x, y, x, y)
    else:
        bounds = users.bounds if config.focal_area is None else (*config.focal_area[0], *config.focal_area[1])
        focal_height_m = config.focal_height_m
    seen = (box(*bounds), areas)
    searched = config.smallest_m != config.largest_m
    return PlateSpace(
        tuple(PlateMount(wall, config.largest_m, config.tiling) for wall in _free(config, plan, seen, field)),
        bounds,
        focal_height_m,
        number,
        config.smallest_m if searched else None,
        field,
        config.name or f"reflector {number}".rstrip(),
    )


def _free(
    config: ReflectorConfig, plan: FloorPlan | None, seen: Sequence[Region], field: str
) -> tuple[WallRectangle, ...]:
    """Rectangles in which there is room for the plate of the least size, and somewhere for that of the largest."""
    of_plan = isinstance(config.walls, PlanWalls)
    walls = tuple(_walls(config, plan, seen, field))
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
    config: ReflectorConfig, plan: FloorPlan | None, seen: Sequence[Region], field: str
) -> Iterator[WallRectangle]:
    """The walls that the configuration names, or the plan for it."""
    if isinstance(config.walls, PlanWalls):
        if plan is None:
            raise ValueError(
                f"{field}.walls must be a list of rectangles where the scene is no floor plan; give top_left_m and "
                "bottom_right_m of each"
            )
        if not (found := faces(plan, config.walls, seen)):
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
