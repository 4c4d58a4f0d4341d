"""A plate that is mounted askew: turned about its centre by an error of its aim. One that hangs already is as it is.

A ray that a plate reflects turns by twice the plate's own error: 1 degree is 0.7 m at 20 m.
"""

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from search_spaces.design import Placement, ReflectorPose
from search_spaces.reflector import corners, frame
from trainables.problem import PlacementProblem, Site
from trainables.variants.base import Variant, VariantSettings, draws
from trainables.variants.turns import turned


class Misaimed(Variant):
    """Every plate that is placed turned in azimuth and tilt, each uniform within +-``most_deg``."""

    def __init__(self, number: int, most_deg: float) -> None:
        super().__init__(f"plate aim +-{most_deg:g} degrees, draw {number + 1}")
        self.number = number
        self.most_deg = most_deg

    def placed(self, placement: Placement, site: Site) -> Placement:
        plates = (self._askew(plate, which, site) for which, plate in enumerate(placement.reflectors))
        return replace(placement, reflectors=tuple(plates))

    def _askew(self, plate: ReflectorPose, which: int, site: Site) -> ReflectorPose:
        if plate.fixed:
            return plate
        rng = draws("aim", self.number, which)
        azimuth, tilt = np.radians(self.most_deg) * rng.uniform(-1, 1, 2)
        normal = turned(plate.normal, azimuth, tilt)
        vertices_m = corners(plate.center_m, normal, plate.size_m)
        turn = frame(normal) @ frame(plate.normal).T  # of the facets, which turn as one
        facets_m = None if plate.facets_m is None else plate.center_m + (plate.facets_m - plate.center_m) @ turn.T
        askew = replace(plate, normal=normal, vertices_m=vertices_m, facets_m=facets_m)
        shift_m = np.zeros(3)
        if which < len(site.space.plates):  # no corner comes nearer to the wall than it was
            into_room = site.space.plates[which].wall_at(plate.u).normal
            nearer_m = float(np.min(plate.sheets_m @ into_room) - np.min(askew.sheets_m @ into_room))
            shift_m = max(0.0, nearer_m) * into_room
        return replace(
            askew,
            center_m=plate.center_m + shift_m,
            vertices_m=vertices_m + shift_m,
            facets_m=None if facets_m is None else facets_m + shift_m,
        )


@VariantSettings.register
class AimSettings(VariantSettings):
    """A plate that does not point where it should."""

    kind: Literal["aim"] = "aim"
    most_deg: float = Field(1.0, gt=0, le=45, description="largest error of azimuth and of tilt [degrees]")
    draws: int = Field(3, ge=1, le=100, description="random errors, a variant each")

    def variants(self, problem: PlacementProblem) -> list[Misaimed]:
        return [Misaimed(number, self.most_deg) for number in range(self.draws)] if problem.places_plates else []
