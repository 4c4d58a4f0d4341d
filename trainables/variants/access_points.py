"""Access points that do not hang where, nor point whither, they should."""

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field
from shapely.geometry import LineString

from search_spaces.design import AccessPoint, Placement, Vector
from search_spaces.mounts.base import Places
from trainables.problem import PlacementProblem, Site
from trainables.variants.base import Variant, VariantSettings, draws
from trainables.variants.turns import turned


class Misplaced(Variant):
    """Every access point moved in x and y and turned in azimuth and tilt, each uniform within its bounds.

    One that would leave its area, or get behind a wall, goes the other way in x, y or both, and stays if it cannot. One
    that is there already hangs where it hangs; it is turned only if the search turns it.
    """

    def __init__(self, number: int, most_m: float, most_deg: float) -> None:
        super().__init__(f"APs +-{most_m:g} m, +-{most_deg:g} degrees, draw {number + 1}")
        self.number = number
        self.most_m = most_m
        self.most_deg = most_deg

    def placed(self, placement: Placement, site: Site) -> Placement:
        aps = (self._off(ap, which, site) for which, ap in enumerate(placement.access_points))
        return replace(placement, access_points=tuple(aps))

    def _off(self, ap: AccessPoint, which: int, site: Site) -> AccessPoint:
        rng = draws("access_points", self.number, which)
        known = site.space.access_points.mounted
        searched = known[which] if which < len(known) else None  # a placement by hand may have more
        if ap.fixed and not (searched and searched.aim.genes):
            return ap
        step_m = np.array([*(self.most_m * rng.uniform(-1, 1, 2)), 0.0])
        azimuth, tilt = np.radians(self.most_deg) * rng.uniform(-1, 1, 2)
        ways = ([1, 1, 1], [-1, 1, 1], [1, -1, 1], [-1, -1, 1])
        moved = (ap.position_m + step_m * way for way in ways)
        places = searched.places if searched else None
        allowed = () if ap.fixed else (p for p in moved if _may_move(ap.position_m, p, places, site))
        position_m = next(iter(allowed), ap.position_m)
        return replace(ap, position_m=position_m, direction=turned(ap.direction, azimuth, tilt))


def _may_move(old_m: Vector, new_m: Vector, places: Places | None, site: Site) -> bool:
    if places is not None and places.outside_m(new_m) > 0:
        return False
    return site.plan is None or not LineString([old_m[:2], new_m[:2]]).crosses(site.plan.wall_footprints)


@VariantSettings.register
class AccessPointsSettings(VariantSettings):
    """Access points that are mounted with some error."""

    kind: Literal["access_points"] = "access_points"
    most_m: float = Field(0.1, ge=0, le=10, description="largest error of the position in x and in y [m]")
    most_deg: float = Field(5.0, ge=0, le=45, description="largest error of azimuth and of tilt [degrees]")
    draws: int = Field(3, ge=1, le=100, description="random errors, a variant each")

    def variants(self, problem: PlacementProblem) -> list[Misplaced]:
        return [Misplaced(number, self.most_m, self.most_deg) for number in range(self.draws)]
