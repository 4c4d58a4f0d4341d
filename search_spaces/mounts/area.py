"""Anywhere in an area: at a height that is given, or at the ceiling."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import Field

from search_spaces.design import Vector
from search_spaces.genes import Gene, Genes
from search_spaces.interior import Interior
from search_spaces.mounts.base import MountSettings, MountSite, Places
from search_spaces.zones import Region, depth_inside_m, distance_outside_m

MIN_AREA_M2 = 1e-6
"""A square millimetre: below it rounding decides what is inside."""


@dataclass(frozen=True)
class AreaPlaces(Places):
    """The places of an area at one height above the ground; the genes x and y are metres in the rectangle around it."""

    site: MountSite
    height_m: float

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        x_min, y_min, x_max, y_max = self.site.area.bounds
        x, y = self._names
        return Gene(x, x_min, x_max, "position"), Gene(y, y_min, y_max, "position")

    def position_m(self, genes: Genes) -> Vector:
        x, y = self._names
        return np.array([genes[x], genes[y], self.site.building.z_m(genes[x], genes[y], self.height_m)])

    @property
    def region(self) -> Region:
        return self.site.area

    @property
    def heights_m(self) -> tuple[float, float]:
        ground = self.site.building.ground
        low_m, high_m = (0.0, 0.0) if ground is None else ground.range_m(self.region)
        return low_m + self.height_m, high_m + self.height_m

    def outside_m(self, position_m: Vector) -> float:
        x, y, _ = position_m
        return distance_outside_m(self.site.area, x, y) + depth_inside_m(self.site.keep_out, x, y)

    def drawn(self, rng: np.random.Generator) -> dict[str, float]:
        return dict(zip(self._names, self._interior.draw(rng), strict=True))

    def nearest(self, genes: Genes) -> dict[str, float]:
        x, y = (genes[name] for name in self._names)
        if self.outside_m(np.array([x, y, self.height_m])) > 0:
            x, y = self._interior.nearest(x, y)
        return dict(zip(self._names, (x, y), strict=True))

    @cached_property
    def _interior(self) -> Interior:
        return Interior(self.site.free)

    @property
    def _names(self) -> tuple[str, str]:
        return f"x{self.site.label}", f"y{self.site.label}"


def _area_places(site: MountSite, height_m: float) -> AreaPlaces:
    """Checked: there is some room."""
    if site.area.area < MIN_AREA_M2:
        raise ValueError(
            f"{site.field}.areas must cover at least {MIN_AREA_M2:g} m2, but cover {site.area.area:.3g}; enlarge them"
        )
    if site.free.area < MIN_AREA_M2:
        raise ValueError(
            f"access_points.keep_out must leave some of {site.field}.areas free, but covers all of its "
            f"{site.area.area:g} m2; shrink it"
        )
    return AreaPlaces(site, height_m)


@MountSettings.register
class AreaMount(MountSettings):
    """Anywhere in the area, at ``height_m``."""

    kind: Literal["area"] = "area"

    def places(self, site: MountSite, facing: Vector | None) -> AreaPlaces:
        site.check_height("height_m", site.height_m)
        return _area_places(site, site.height_m)


@MountSettings.register
class CeilingMount(MountSettings):
    """Anywhere in the area, under the floor plan's ceiling."""

    kind: Literal["ceiling"] = "ceiling"
    offset_m: float = Field(0.1, gt=0, le=1_000, description="from the ceiling down to the antenna [m]")

    def places(self, site: MountSite, facing: Vector | None) -> AreaPlaces:
        ceiling_m = site.building.ceiling_m
        if ceiling_m is None:
            raise ValueError(
                f"{site.field}.mount.kind must be area or points where the scene is no floor plan, whose ceiling is "
                "known, but got 'ceiling'; give height_m instead"
            )
        if self.offset_m >= ceiling_m:
            raise ValueError(
                f"{site.field}.mount.offset_m must be less than the height of the ceiling, {ceiling_m:g} m, but got "
                f"{self.offset_m:g}; lower it"
            )
        return _area_places(site, ceiling_m - self.offset_m)
