"""Access points: those to be placed and those that are there already, their genes, and what the genes describe.

``n`` to be placed in an area have the genes ``x1, y1, ..., xn, yn, dir1_x, dir1_y, ..., dirn_x, dirn_y``; other mounts
have other genes of the place, and a direction that is given has none. Then come ``turn1_x, turn1_y, ...`` of the first,
second, ... fixed access point that may be turned: they do not depend on how many are placed. Heights and the downward
component of the directions are fixed by the configuration.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator
from shapely.geometry import Point
from shapely.ops import unary_union

from search_spaces.antenna import CEILING_OMNI, AntennaConfig
from search_spaces.design import AccessPoint, Vector, is_name
from search_spaces.genes import Gene, Genes
from search_spaces.model import Model
from search_spaces.mounts.area import AreaMount
from search_spaces.mounts.base import Building, InstalledPlace, MountSettings, MountSite, Places
from search_spaces.zones import MAX_COORDINATE_M, Metres, Region, Zones, region

MAX_ACCESS_POINTS = 100

_AT_REST = {
    "iso": (1.0, 0.0, 0.0),
    "dipole": (1.0, 0.0, 0.0),
    "hw_dipole": (1.0, 0.0, 0.0),
    CEILING_OMNI: (0.0, 0.0, -1.0),
}
"""How antennas without a boresight hang: upright, and the one of the ceiling straight down."""


def _not_empty(areas: Zones | None) -> Zones | None:
    if areas is not None and not areas:
        raise ValueError("must hold at least one polygon, but got []; drop the key to use the plan's")
    return areas


def _some_way(direction: tuple[float, float, float]) -> tuple[float, float, float]:
    if not any(direction):
        raise ValueError("must not be [0, 0, 0]; give where it points, for instance [0, 0, -1]")
    return direction


Areas = Annotated[Zones | None, AfterValidator(_not_empty)]

Direction = Annotated[
    tuple[Metres, Metres, Metres],
    Field(description="[x, y, z], east, north, up, of any length"),
    AfterValidator(_some_way),
]

Name = Annotated[str, AfterValidator(is_name)]

Power = Annotated[float, Field(ge=-100, le=100)]

Height = Annotated[float, Field(gt=0, le=MAX_COORDINATE_M)]


class EachAccessPoint(Model):
    """What is different about one of the access points to be placed; what is left out is as for all."""

    name: Name | None = Field(None, description="what it is called")
    mount: MountSettings | None = Field(None, description="where it may be; null: as all")
    areas: Areas = Field(None, description="polygons in which it may stand; null: as all")
    height_m: Height | None = Field(None, description="mounting height z [m]; null: as all")
    direction: Direction | None = Field(None, description="which way it points; null: as all")
    power_dbm: Power | None = Field(None, description="transmit power [dBm]; null: as all")
    antenna: AntennaConfig | None = Field(None, description="its own antenna; null: that of `radio`")


class FixedAccessPoint(Model):
    """An access point that is there already: traced with, not moved."""

    name: Name | None = Field(None, description="what it is called")
    position_m: tuple[Metres, Metres, Metres] = Field(description="where it hangs, [x, y, z] [m]")
    direction: Direction | None = Field(
        None, description="which way it points; null: all ways, with an antenna that has no boresight"
    )
    turn: bool = Field(False, description="whether it may be turned: its direction is searched")
    power_dbm: Power | None = Field(None, description="transmit power [dBm]; null: as those to be placed")
    antenna: AntennaConfig | None = Field(None, description="its own antenna; null: that of `radio`")


class AccessPointsConfig(Model):
    """How many access points to place, what is fixed about them, and which are there already."""

    count: int = Field(2, ge=0, le=MAX_ACCESS_POINTS, description="number of access points to place")
    power_dbm: Power = Field(20.0, description="transmit power of each [dBm]; 100 mW, indoor Wi-Fi")
    height_m: Height = Field(
        2.5, description="mounting height of each, above z = 0 or the ground, as scene.height_above says [m]"
    )
    mount: MountSettings = Field(AreaMount(), description="where each may be")
    direction: Direction | None = Field(None, description="which way each points; null: that is searched")
    dir_z: float = Field(
        -0.5,
        ge=-10,
        lt=0,
        description="z of a searched direction before normalisation; < 0 looks down to the users",
    )
    min_separation_m: float = Field(
        1.0, ge=0, le=MAX_COORDINATE_M, description="closest that two access points may be [m], unless both are fixed"
    )
    areas: Areas = Field(None, description="polygons in which they may stand; null: the floor plan's")
    keep_out: Zones | None = Field(None, description="polygons in which they may not stand; null: the floor plan's")
    each: tuple[EachAccessPoint, ...] = Field(
        (), max_length=MAX_ACCESS_POINTS, description="what is different about single ones, the first first"
    )
    fixed: tuple[FixedAccessPoint, ...] = Field(
        (), max_length=MAX_ACCESS_POINTS, description="those that are there already"
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if len(self.each) > self.count:
            raise ValueError(
                f"each must have at most count={self.count} entries, but has {len(self.each)}; raise count or drop some"
            )
        if not 1 <= self.total <= MAX_ACCESS_POINTS:
            raise ValueError(
                f"count and fixed must make 1 to {MAX_ACCESS_POINTS} access points together, but make {self.total}; "
                f"{'raise count or name one in fixed' if self.total == 0 else 'lower count'}"
            )
        given = [*(one.name for one in self.each), *(there.name for there in self.fixed)]
        names = Counter(name for name in given if name is not None)
        if repeated := [name for name, times in names.items() if times > 1]:
            raise ValueError(f"names of access points must differ, but {repeated[0]!r} stands twice; rename one")
        return self

    @property
    def total(self) -> int:
        """Number of transmitters: those to be placed and those that are there."""
        return self.count + len(self.fixed)

    def one(self, number: int) -> EachAccessPoint:
        """What is different about one to be placed, from 0."""
        return self.each[number] if number < len(self.each) else EachAccessPoint()

    @property
    def heights_m(self) -> set[float]:
        """Mounting heights of those to be placed [m]."""
        return {self.one(number).height_m or self.height_m for number in range(self.count)}

    @property
    def needs_areas(self) -> bool:
        """Whether any of them is to stand in ``areas``."""
        ones = (self.one(number) for number in range(self.count))
        return any(one.areas is None and (one.mount or self.mount).needs_area for one in ones)


@dataclass(frozen=True)
class SearchedAim:
    """A direction of two genes: x and y before normalisation or, on a wall, along it and off it."""

    names: tuple[str, str]
    dir_z: float
    on_wall: bool = False

    @property
    def genes(self) -> tuple[Gene, ...]:
        along, off = self.names
        return Gene(along, -1.0, 1.0, "direction"), Gene(off, 0.0 if self.on_wall else -1.0, 1.0, "direction")

    def direction(self, genes: Genes, frame: tuple[Vector, Vector] | None) -> Vector:
        x, y = (genes[name] for name in self.names)
        vector = np.array([x, y, self.dir_z])
        if frame is not None:
            vector[:2] = (x * frame[0] + y * frame[1])[:2]
        return np.asarray(vector / np.linalg.norm(vector))


@dataclass(frozen=True)
class GivenAim:
    """A direction of no genes."""

    towards: tuple[float, float, float]

    @property
    def genes(self) -> tuple[Gene, ...]:
        return ()

    def direction(self, genes: Genes, frame: tuple[Vector, Vector] | None) -> Vector:
        vector = np.asarray(self.towards, dtype=np.float64)
        return np.asarray(vector / np.linalg.norm(vector))


@dataclass(frozen=True, eq=False)
class Mounted:
    """One access point: where it may be, how it may be turned, and what is fixed about it."""

    places: Places
    aim: SearchedAim | GivenAim
    power_dbm: float
    antenna: AntennaConfig | None
    name: str | None
    fixed: bool = False

    def decode(self, genes: Genes) -> AccessPoint:
        """The access point that the genes describe; ``KeyError`` if a gene is missing."""
        return AccessPoint(
            self.places.position_m(genes),
            self.aim.direction(genes, self.places.frame(genes)),
            self.power_dbm,
            self.antenna,
            self.name,
            self.fixed,
        )


@dataclass(frozen=True)
class AccessPointSpace:
    """The places and directions of ``config.count`` access points, and those that are there already.

    Args:
        config: what is fixed about them, and how many there are.
        area: where they may stand, unless one has areas of its own (its bounding box bounds the genes).
        keep_out: where they may not.
        building: what mounts ask of it.
        usual_antenna: of access points that have none of their own.
    """

    config: AccessPointsConfig
    area: Region
    keep_out: Region
    building: Building = field(default_factory=Building)
    usual_antenna: AntennaConfig = field(default_factory=AntennaConfig)

    @cached_property
    def mounted(self) -> tuple[Mounted, ...]:
        """Every access point: those to be placed, then those that are there.

        Raises:
            ValueError: one has no place, or no direction.
        """
        placed = [self._placed(number) for number in range(self.config.count)]
        return (*placed, *(self._fixed(number) for number in range(len(self.config.fixed))))

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        """Positions, then directions."""
        positions = [gene for ap in self.mounted for gene in ap.places.genes]
        return (*positions, *(gene for ap in self.mounted for gene in ap.aim.genes))

    @cached_property
    def region(self) -> Region:
        """Where access points are or may be, seen from above."""
        return unary_union([ap.places.region for ap in self.mounted])

    def decode(self, genes: Genes) -> tuple[AccessPoint, ...]:
        """The access points that the genes describe; ``KeyError`` if a gene is missing."""
        return tuple(ap.decode(genes) for ap in self.mounted)

    def outside_m(self, access_points: Sequence[AccessPoint]) -> Iterator[float]:
        """How far each is outside its area or inside a keep-out zone [m]."""
        return (
            mounted.places.outside_m(ap.position_m) for mounted, ap in zip(self.mounted, access_points, strict=True)
        )

    def too_close_m(self, access_points: Sequence[AccessPoint]) -> float:
        """What they lack to being far enough apart [m], all pairs together but those of two fixed ones."""
        points_m = np.array([ap.position_m for ap in access_points])
        first, second = np.triu_indices(len(points_m), 1)
        if self.config.fixed:
            first, second = (ends[first < self.config.count] for ends in (first, second))
        distances_m = np.linalg.norm(points_m[first] - points_m[second], axis=1)
        return float(np.maximum(0.0, self.config.min_separation_m - distances_m).sum())

    def drawn_inside(self, genes: Genes, rng: np.random.Generator) -> dict[str, float]:
        """The genes with each place that is none drawn anew, uniform over the places of that access point."""
        inside = dict(genes)
        for ap in self.mounted:
            if ap.places.outside_m(ap.places.position_m(genes)) > 0:
                inside |= ap.places.drawn(rng)
        return inside

    def moved_inside(self, genes: Genes) -> dict[str, float]:
        """The genes with each place that is none moved to the nearest."""
        inside = dict(genes)
        for ap in self.mounted:
            inside |= ap.places.nearest(genes)
        return inside

    def drawn_apart(self, genes: Genes, rng: np.random.Generator, attempts: int) -> dict[str, float]:
        """The genes with each access point that is too close to one before it drawn anew, at most so often each.

        They are given up at the first that finds no place.
        """
        apart = dict(genes)
        placed = self.mounted[: self.config.count]
        there_m = np.array([ap.places.position_m(apart) for ap in (*self.mounted[self.config.count :], *placed)])
        for number, ap in enumerate(placed, start=len(self.config.fixed)):
            for _ in range(attempts):
                distances_m = np.linalg.norm(there_m[:number] - there_m[number], axis=1)
                if not np.any(distances_m < self.config.min_separation_m):
                    break
                apart |= ap.places.drawn(rng)
                there_m[number] = ap.places.position_m(apart)
            else:
                return apart
        return apart

    def blamed(self, genes: Genes) -> tuple[str, ...]:
        """Names of the genes of the first access points that are outside or too close; none where none are."""
        points_m = [ap.places.position_m(genes) for ap in self.mounted]
        for number, (ap, point_m) in enumerate(zip(self.mounted, points_m, strict=True)):
            if ap.places.outside_m(point_m) > 0:
                return tuple(gene.name for gene in ap.places.genes)
            for other, other_m in zip(self.mounted[:number], points_m, strict=False):
                both_fixed = ap.fixed and other.fixed
                if not both_fixed and np.linalg.norm(point_m - other_m) < self.config.min_separation_m:
                    return tuple(gene.name for gene in (*other.places.genes, *ap.places.genes))
        return ()

    def check(self) -> None:
        """Raise ``ValueError`` if one has no place, no direction, or hangs outside the building."""
        outline, ceiling_m = self.building.outline, self.building.ceiling_m
        for number, ap in enumerate(self.config.fixed):
            x, y, z = ap.position_m
            if (outline is not None and not outline.buffer(1e-6).intersects(Point(x, y))) or not (
                0 <= z < (np.inf if ceiling_m is None else ceiling_m)
            ):
                where = "above the ground" if outline is None else "inside the building"
                raise ValueError(
                    f"access_points.fixed.{number}.position_m must be {where}, but got {list(ap.position_m)}; move it"
                )
        assert len(self.mounted) == self.config.total

    def _placed(self, number: int) -> Mounted:
        config, one = self.config, self.config.one(number)
        mount, towards = one.mount or config.mount, one.direction or config.direction
        own = number < len(config.each) and (one.mount or one.areas or one.height_m)
        height_m = one.height_m or config.height_m
        site = MountSite(
            str(number + 1),
            f"access_points.each.{number}" if own else "access_points",
            self._clear(self.area if one.areas is None else self.building.inside(region(one.areas)), height_m),
            self.keep_out,
            height_m,
            self.building,
        )
        places = mount.places(site, None if towards is None else np.asarray(towards))
        return Mounted(
            places,
            self._searched(f"dir{number + 1}", places) if towards is None else GivenAim(towards),
            config.power_dbm if one.power_dbm is None else one.power_dbm,
            one.antenna,
            one.name,
        )

    def _clear(self, area: Region, height_m: float) -> Region:
        """The part of an area that is not inside a building."""
        clear = area.difference(self.building.solid(height_m)) if self.building.solids else area
        if clear.area == 0 < area.area:
            raise ValueError(
                f"access_points.areas must reach out of buildings, but lie inside them at {height_m:g} m above the "
                f"ground, as {list(area.bounds)} do; move them, or raise height_m above the roofs"
            )
        return clear

    def _fixed(self, number: int) -> Mounted:
        ap = self.config.fixed[number]
        places = InstalledPlace(np.array(ap.position_m, dtype=np.float64))
        towards = ap.direction or _AT_REST.get((ap.antenna or self.usual_antenna).pattern)
        if towards is None and not ap.turn:
            raise ValueError(
                f"access_points.fixed.{number}.direction must be given with an antenna that has a boresight, but is "
                f"null; give [x, y, z], turn: true, or an antenna of pattern {', '.join(_AT_REST)}"
            )
        return Mounted(
            places,
            self._searched(f"turn{number + 1}", places) if ap.turn or towards is None else GivenAim(towards),
            self.config.power_dbm if ap.power_dbm is None else ap.power_dbm,
            ap.antenna,
            ap.name,
            fixed=True,
        )

    def _searched(self, prefix: str, places: Places) -> SearchedAim:
        return SearchedAim((f"{prefix}_x", f"{prefix}_y"), self.config.dir_z, places.on_wall)
