"""Why no placement could be built: random ones are tried, and the hurdle at which they fail is told in one line.

Each access point is drawn from where it may stand. Then a placement takes hurdles one after the other: the access
points are far enough apart, every plate can be mounted, none is in another's way. To blame is the hurdle that the
smallest share of those that reach it take.
"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from search_spaces.reflector import MOST_FACET_TILT, PlateFault

if TYPE_CHECKING:
    from search_spaces.placement import PlacementSpace


@dataclass(frozen=True)
class PlateHurdle:
    """What keeps one of the plates from being mounted."""

    fault: PlateFault
    plate: int = 0
    """Its index."""


Fault = Literal["separation", "overlap"] | PlateHurdle
"""The first hurdle that a placement does not take; of a plate's, in which way."""


def complaint(space: "PlacementSpace", faults: Counter[Fault]) -> str:
    """What to change: field, rule, value, remedy.

    Args:
        space: that of the placements.
        faults: how often each was the fault of a random placement; none had none.
    """
    where, attempts = space.access_points, faults.total()
    settings = where.config
    hardest = _hardest(faults)
    if hardest == "separation":
        return (
            f"access_points.min_separation_m must leave room for {settings.total} access points, but in none of "
            f"{attempts} random placements were all {settings.min_separation_m:g} m apart; lower it or count, or "
            "enlarge areas"
        )
    if hardest == "overlap":
        return (
            f"reflectors must leave room for {len(space.plates)} plates side by side, but in all of {attempts} random "
            "placements two were in each other's way; make them smaller, or give them other walls"
        )
    return _of_plate(space, hardest)


def _of_plate(space: "PlacementSpace", hurdle: PlateHurdle) -> str:
    """What to change where a plate cannot be mounted."""
    plate, where = space.plates[hurdle.plate], space.access_points
    field, walls, size_m = plate.field, plate.walls, list(plate.mounts[0].size_m)
    wall = max(walls, key=lambda wall: wall.width_m)
    extent = f"from {list(wall.top_left_m)} on the left to {list(wall.bottom_right_m)} on the right"
    extent = extent if len(walls) == 1 else f"for instance {extent}"
    aim = f"{field}.{'focal_point_m' if plate.aims_at_a_point else 'focal_area'}"
    highest_m = max(ap.places.heights_m[1] for ap in where.mounted)
    heights_m = f"{highest_m:g} and {plate.focal_height_m:g} m"
    return {
        "size": f"{field}.size_m must let the plate tilt on its wall of {wall.width_m:g} m, but one of {size_m} m "
        f"sticks out however it is aimed; make it narrower or {field}.wall wider",
        "wall": f"{field}.wall must face the access points and {aim}, but both lie behind it as it "
        f"runs {extent}; swap the corners' x and y, or move it",
        "access_points": f"access_points.areas must lie in front of {field}.wall, which runs {extent}, but reach "
        f"{list(where.region.bounds)}, behind it; move them, or the wall",
        "focal_point": f"{aim} must lie in front of {field}.wall, which runs {extent}, but is "
        f"{list(plate.focal_bounds)}, behind it; move it, or the wall",
        "grazing": f"access_points.height_m and {field}.focal_height_m must let the plate face the room, but from "
        f"{heights_m} it would look along its wall, which runs {extent}; bring them nearer to it, or "
        f"access_points.areas and {aim} in front of it",
        "fan": f"{field}.fan_m must let every facet tilt by at most {math.degrees(MOST_FACET_TILT):g} degrees out of "
        "the plate's plane, but however it was aimed one tilted more; lower it, or make the plate smaller",
    }[hurdle.fault]


def _hardest(faults: Counter[Fault]) -> Fault:
    of_plates: Counter[Fault] = Counter({fault: n for fault, n in faults.items() if isinstance(fault, PlateHurdle)})
    hurdles: dict[Fault, int] = {"separation": faults["separation"]}
    for fault, _ in of_plates.most_common(1):
        hurdles[fault] = of_plates.total()
    hurdles["overlap"] = faults["overlap"]
    reached, taken = faults.total(), {}
    for fault, failed in hurdles.items():
        taken[fault] = (reached - failed + 1) / (reached + 2)  # Laplace's rule: few failures prove little
        reached -= failed
    return min(taken, key=lambda fault: taken[fault])
