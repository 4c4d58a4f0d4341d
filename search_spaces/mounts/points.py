"""On one of listed spots: where cables end, or what a landlord allows.

One gene picks the spot by its number. Numbers are given so that spots next to each other in the gene are near each
other in the building: from a corner, always on to the nearest that is left.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from shapely.geometry import Point

from search_spaces.design import Vector
from search_spaces.genes import Gene, Genes
from search_spaces.mounts.base import MountSettings, MountSite, Places, around
from search_spaces.zones import Coordinate, Metres, Region


@dataclass(frozen=True, eq=False)
class SpotPlaces(Places):
    """The spots of one access point, ``[n, 3]`` [m], in the order of the gene."""

    label: str
    spots_m: npt.NDArray[np.float64]

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        return (Gene(f"spot{self.label}", 0.0, float(len(self.spots_m)), "pick"),)

    def position_m(self, genes: Genes) -> Vector:
        number = math.floor(genes[f"spot{self.label}"])
        return np.asarray(self.spots_m[min(max(number, 0), len(self.spots_m) - 1)])

    @cached_property
    def region(self) -> Region:
        return around(list(self.spots_m))

    @property
    def heights_m(self) -> tuple[float, float]:
        return float(self.spots_m[:, 2].min()), float(self.spots_m[:, 2].max())


@MountSettings.register
class PointsMount(MountSettings):
    """One of listed spots."""

    needs_area: ClassVar[bool] = False

    kind: Literal["points"] = "points"
    points_m: tuple[Coordinate | tuple[Metres, Metres, Metres], ...] = Field(
        min_length=1, max_length=1_000, description="the spots, each [x, y], then at height_m, or [x, y, z] [m]"
    )

    def places(self, site: MountSite, facing: Vector | None) -> SpotPlaces:
        spots_m = np.array(
            [spot if len(spot) == 3 else (*spot, site.building.z_m(*spot, site.height_m)) for spot in self.points_m]
        )
        site.check_height("mount.points_m" if len(self.points_m[0]) == 3 else "height_m", float(spots_m[:, 2].max()))
        outline = site.building.outline
        for spot_m in self.points_m:
            if outline is not None and not outline.intersects(Point(spot_m[:2])):
                raise ValueError(
                    f"{site.field}.mount.points_m must lie inside the building, but {list(spot_m)} does not; move it"
                )
        return SpotPlaces(site.label, _tour(spots_m))


def _tour(spots_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The spots from the lower left one on, each followed by the nearest of those left."""
    left = list(range(len(spots_m)))
    order = [min(left, key=lambda i: (float(spots_m[i, :2].sum()), *spots_m[i]))]
    left.remove(order[0])
    while left:
        distances_m = np.linalg.norm(spots_m[left] - spots_m[order[-1]], axis=1)
        order.append(left.pop(int(distances_m.argmin())))
    return spots_m[order]
