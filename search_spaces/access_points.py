"""Access points to be placed: what is fixed about them, their genes, and what the genes describe.

``n`` of them have the genes ``x1, y1, ..., xn, yn, dir1_x, dir1_y, ..., dirn_x, dirn_y``. Heights and the downward
component of the directions are fixed by the configuration.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from search_spaces.design import AccessPoint, Vector
from search_spaces.genes import Gene, Genes
from search_spaces.model import Model
from search_spaces.zones import MAX_COORDINATE_M, Region, Zones, depth_inside_m, distance_outside_m

MAX_ACCESS_POINTS = 100

MIN_AREA_M2 = 1e-6
"""A square millimetre: below it rounding decides what is inside."""


class AccessPointsConfig(Model):
    """How many access points to place, and what is fixed about them."""

    count: int = Field(2, ge=1, le=MAX_ACCESS_POINTS, description="number of access points to place")
    power_dbm: float = Field(20.0, ge=-100, le=100, description="transmit power of each [dBm]; 100 mW, indoor Wi-Fi")
    height_m: float = Field(2.5, gt=0, le=MAX_COORDINATE_M, description="mounting height z of each [m]")
    dir_z: float = Field(
        -0.5,
        ge=-10,
        lt=0,
        description="z of the direction before normalisation; < 0 looks down to the users",
    )
    min_separation_m: float = Field(
        1.0, ge=0, le=MAX_COORDINATE_M, description="closest that two access points may be [m]"
    )
    areas: Zones | None = Field(None, description="polygons in which they may stand; null: the floor plan's")
    keep_out: Zones | None = Field(None, description="polygons in which they may not stand; null: the floor plan's")

    @model_validator(mode="after")
    def _some_area(self) -> Self:
        if self.areas is not None and not self.areas:
            raise ValueError("areas must hold at least one polygon, but got []; drop the key to use the plan's")
        return self


@dataclass(frozen=True)
class AccessPointSpace:
    """The places and directions of ``config.count`` access points.

    Args:
        config: what is fixed about them, and how many there are.
        area: where they may stand (its bounding box bounds the genes).
        keep_out: where they may not.
    """

    config: AccessPointsConfig
    area: Region
    keep_out: Region

    @property
    def free(self) -> Region:
        """Where an access point may stand."""
        return self.area.difference(self.keep_out)

    @property
    def genes(self) -> tuple[Gene, ...]:
        """Positions, then directions."""
        x_min, y_min, x_max, y_max = self.area.bounds
        positions = [
            gene
            for i in self._numbers
            for gene in (Gene(f"x{i}", x_min, x_max, "position"), Gene(f"y{i}", y_min, y_max, "position"))
        ]
        directions = [Gene(f"dir{i}_{axis}", -1.0, 1.0, "direction") for i in self._numbers for axis in "xy"]
        return (*positions, *directions)

    def decode(self, genes: Genes) -> tuple[AccessPoint, ...]:
        """The access points that the genes describe; ``KeyError`` if a gene is missing."""
        return tuple(
            AccessPoint(self._position_m(genes, i), self._direction(genes, i), self.config.power_dbm)
            for i in self._numbers
        )

    def outside_m(self, access_points: Sequence[AccessPoint]) -> Iterator[float]:
        """How far each is outside its area or inside a keep-out zone [m]."""
        positions_m = (ap.position_m for ap in access_points)
        return (distance_outside_m(self.area, x, y) + depth_inside_m(self.keep_out, x, y) for x, y, _ in positions_m)

    def too_close_m(self, access_points: Sequence[AccessPoint]) -> float:
        """What they lack to being far enough apart [m], all pairs together."""
        points_m = np.array([ap.position_m for ap in access_points])
        first, second = np.triu_indices(len(points_m), 1)
        distances_m = np.linalg.norm(points_m[first] - points_m[second], axis=1)
        return float(np.maximum(0.0, self.config.min_separation_m - distances_m).sum())

    def check(self) -> None:
        """Raise ``ValueError`` if the area is next to nothing, or no part of it is outside the keep-out zones."""
        if self.area.area < MIN_AREA_M2:
            raise ValueError(
                f"access_points.areas must cover at least {MIN_AREA_M2:g} m2, but cover {self.area.area:.3g}; enlarge "
                "them"
            )
        if self.free.area < MIN_AREA_M2:
            raise ValueError(
                "access_points.keep_out must leave some of access_points.areas free, but covers all of its "
                f"{self.area.area:g} m2; shrink it"
            )

    @property
    def _numbers(self) -> range:
        return range(1, self.config.count + 1)

    def _position_m(self, genes: Genes, i: int) -> Vector:
        return np.array([genes[f"x{i}"], genes[f"y{i}"], self.config.height_m])

    def _direction(self, genes: Genes, i: int) -> Vector:
        vector = np.array([genes[f"dir{i}_x"], genes[f"dir{i}_y"], self.config.dir_z])
        return np.asarray(vector / np.linalg.norm(vector))
