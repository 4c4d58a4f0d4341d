"""Why no placement could be built: random ones are tried, and the hurdle at which they fail is told in one line.

A placement takes hurdles one after the other: the access points are far enough apart, each stands where it may, the
plate can be mounted. To blame is the hurdle that the smallest share of those that reach it take.
"""

from collections import Counter
from typing import TYPE_CHECKING, Literal

from search_spaces.reflector import PlateFault

if TYPE_CHECKING:
    from search_spaces.placement import PlacementSpace

Fault = Literal["separation", "area"] | PlateFault
"""The first hurdle that a placement does not take; of the plate's, in which way."""


def complaint(space: "PlacementSpace", faults: Counter[Fault]) -> str:
    """What to change: field, rule, value, remedy.

    Args:
        space: that of the placements.
        faults: how often each was the fault of a random placement; none had none.
    """
    where, attempts = space.access_points, faults.total()
    settings = where.config
    hardest = _hardest(faults)
    if hardest == "area":
        x_min, y_min, x_max, y_max = where.area.bounds
        return (
            f"access_points.areas must leave room for {settings.count} access points, but none of {attempts} random "
            f"placements in the {(x_max - x_min) * (y_max - y_min):.3g} m2 around them had all where they may stand, "
            f"which is {where.free.area:.3g} m2; enlarge areas, shrink keep_out or lower count"
        )
    if hardest == "separation":
        return (
            f"access_points.min_separation_m must leave room for {settings.count} access points in areas, but in none "
            f"of {attempts} random placements were all {settings.min_separation_m:g} m apart; lower it or count, or "
            "enlarge areas"
        )
    plate = space.plates[0]
    wall, size_m = plate.mount.wall, list(plate.mount.size_m)
    extent = f"from {list(wall.top_left_m)} on the left to {list(wall.bottom_right_m)} on the right"
    heights_m = f"{settings.height_m:g} and {plate.focal_height_m:g} m"
    return {
        "size": f"reflector.size_m must let the plate tilt on its wall of {wall.width_m:g} m, but one of {size_m} m "
        "sticks out however it is aimed; make it narrower or reflector.wall wider",
        "wall": "reflector.wall must face the access points and reflector.focal_area, but both lie behind it as it "
        f"runs {extent}; swap the corners' x and y, or move it",
        "access_points": f"access_points.areas must lie in front of reflector.wall, which runs {extent}, but reach "
        f"{list(where.area.bounds)}, behind it; move them, or the wall",
        "focal_point": f"reflector.focal_area must lie in front of reflector.wall, which runs {extent}, but is "
        f"{list(plate.focal_bounds)}, behind it; move it, or the wall",
        "grazing": "access_points.height_m and reflector.focal_height_m must let the plate face the room, but from "
        f"{heights_m} it would look along its wall, which runs {extent}; bring them nearer to it, or "
        "access_points.areas and reflector.focal_area in front of it",
    }[hardest]


def _hardest(faults: Counter[Fault]) -> Fault:
    of_the_plate = Counter({fault: count for fault, count in faults.items() if fault not in ("separation", "area")})
    hurdles: dict[Fault, int] = {"separation": faults["separation"], "area": faults["area"]}
    for fault, _ in of_the_plate.most_common(1):
        hurdles[fault] = of_the_plate.total()
    reached, taken = faults.total(), {}
    for fault, failed in hurdles.items():
        taken[fault] = (reached - failed + 1) / (reached + 2)  # Laplace's rule: few failures prove little
        reached -= failed
    return min(taken, key=lambda fault: taken[fault])
