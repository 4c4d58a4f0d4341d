"""What every mount answers: where an access point may be, as genes and back.

A *mount* is a kind of setting (in an area, at the ceiling, on walls, on listed spots). Together with the building it
makes the *places* of one access point: they have genes, and turn them into a position.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
from shapely.geometry import Polygon, box
from shapely.ops import unary_union

from search_spaces.design import Vector
from search_spaces.genes import Gene, Genes
from search_spaces.ground import Ground
from search_spaces.kinds import Kind
from search_spaces.zones import Region

_DOT_M = 0.05
"""Half the side of a spot, seen from above."""


@dataclass(frozen=True)
class WallSide:
    """One side of a straight stretch of wall, along which things can be mounted."""

    start_m: tuple[float, float]
    end_m: tuple[float, float]
    """Along the wall's face; the room is to the left of the way from start to end."""
    openings_m: tuple[tuple[float, float, float, float], ...] = ()
    """Doors and windows: from and to along the way, bottom and top."""


@dataclass(frozen=True)
class Building:
    """What mounts ask of a building; nothing of it is known where a scene is no floor plan."""

    outline: Region | None = None
    ceiling_m: float | None = None
    wall_sides: tuple[WallSide, ...] = ()
    wall_footprints: Region = field(default_factory=Polygon)
    ground: Ground | None = None
    """What heights are above; None: above z = 0."""
    solids: Mapping[float, Region] = field(default_factory=dict)
    """What is inside buildings, by the height above the ground [m]."""

    def inside(self, area: Region) -> Region:
        """The part of an area that is within the outline."""
        return area if self.outline is None else area.intersection(self.outline)

    def solid(self, height_m: float) -> Region:
        """What is inside buildings at a height above the ground [m]."""
        return self.solids.get(height_m, Polygon())

    def z_m(self, x: float, y: float, height_m: float) -> float:
        """The z of a point at a height above the ground [m], or above z = 0."""
        return height_m if self.ground is None else height_m + self.ground.height_m(x, y)


@dataclass(frozen=True)
class MountSite:
    """Where a mount is asked for places: for which access point, in which building."""

    label: str
    """Number of the access point, in its genes' names."""
    field: str
    """Of the configuration that errors name, for instance ``access_points``."""
    area: Region
    keep_out: Region
    height_m: float
    building: Building

    @cached_property
    def free(self) -> Region:
        """Where an access point may stand."""
        return self.area.difference(self.keep_out)

    def check_height(self, key: str, height_m: float) -> None:
        """Raise ``ValueError`` that names ``key`` unless the height is below the ceiling, where that is known."""
        ceiling_m = self.building.ceiling_m
        if ceiling_m is not None and height_m >= ceiling_m:
            raise ValueError(
                f"{self.field}.{key} must be below the ceiling at {ceiling_m:g} m, but got {height_m:g}; lower it"
            )


class Places(ABC):
    """The places of one access point."""

    @property
    @abstractmethod
    def genes(self) -> tuple[Gene, ...]:
        """What is searched of the position."""

    @abstractmethod
    def position_m(self, genes: Genes) -> Vector:
        """The place that the genes describe; ``KeyError`` if one is missing."""

    @property
    @abstractmethod
    def region(self) -> Region:
        """Where the places are, seen from above."""

    @property
    @abstractmethod
    def heights_m(self) -> tuple[float, float]:
        """The lowest and the highest place [m]."""

    def outside_m(self, position_m: Vector) -> float:
        """How far a position is from where it may be [m]; 0 where every gene within its bounds is a place."""
        return 0.0

    def drawn(self, rng: np.random.Generator) -> dict[str, float]:
        """Genes of a place, uniform over all."""
        return {gene.name: gene.denormalize(rng.uniform()) for gene in self.genes}

    def nearest(self, genes: Genes) -> dict[str, float]:
        """Genes of the place nearest to the one that the genes describe."""
        return {gene.name: genes[gene.name] for gene in self.genes}

    on_wall: ClassVar[bool] = False
    """Whether there is a wall behind every place."""

    def frame(self, genes: Genes) -> tuple[Vector, Vector] | None:
        """Unit vectors along the wall behind the place and off it; None where there is none."""
        return None


@dataclass(frozen=True, eq=False)
class InstalledPlace(Places):
    """The one place of an access point that hangs already."""

    at_m: Vector

    @property
    def genes(self) -> tuple[Gene, ...]:
        return ()

    def position_m(self, genes: Genes) -> Vector:
        return self.at_m

    @property
    def region(self) -> Region:
        return around([self.at_m])

    @property
    def heights_m(self) -> tuple[float, float]:
        return float(self.at_m[2]), float(self.at_m[2])


class MountSettings(Kind):
    """How an access point is mounted."""

    default_kind: ClassVar[str] = "area"

    needs_area: ClassVar[bool] = True
    """Whether it asks for an area in which access points may stand."""

    @abstractmethod
    def places(self, site: MountSite, facing: Vector | None) -> Places:
        """The places of one access point.

        Args:
            site: for which, and where.
            facing: the direction that it is given; None where that is searched.

        Raises:
            ValueError: there are none; one line names the field, the rule, the value and the remedy.
        """


def around(points_m: Sequence[Vector]) -> Region:
    """The ground at single points, as a region that has bounds and can be drawn."""
    return unary_union([box(x - _DOT_M, y - _DOT_M, x + _DOT_M, y + _DOT_M) for x, y, _ in points_m])
