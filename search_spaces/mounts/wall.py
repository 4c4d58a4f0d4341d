"""On the walls of a floor plan, between two heights, facing the room.

The stretches of wall that face the area are laid end to end: one gene runs along them in metres, another from the lower
to the upper height. Left out are doors and windows between these heights, keep-out zones, and the ends that meet other
walls. An access point is turned with its wall: its direction genes are along the wall and off it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import shapely
from pydantic import AfterValidator, Field
from shapely.geometry import LineString, box
from shapely.ops import unary_union

from search_spaces.design import Vector
from search_spaces.genes import Gene, Genes
from search_spaces.mounts.base import MountSettings, MountSite, Places, WallSide
from search_spaces.zones import MAX_COORDINATE_M, Region

SHORTEST_M = 0.01
"""A stretch of wall below this length is none."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """A straight line on which antennas can be, a little off its wall."""

    start_m: npt.NDArray[np.float64]
    along: npt.NDArray[np.float64]
    """Unit vector (x, y); the room is to its left."""
    length_m: float

    @property
    def inwards(self) -> npt.NDArray[np.float64]:
        """Unit vector (x, y) into the room."""
        return np.array([-self.along[1], self.along[0]])


@dataclass(frozen=True, eq=False)
class WallPlaces(Places):
    """The places on stretches of wall between two heights."""

    on_wall: ClassVar[bool] = True

    label: str
    stretches: tuple[Stretch, ...]
    between_m: tuple[float, float]
    """The lowest and the highest place."""

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        low_m, high_m = self.between_m
        along = Gene(f"along{self.label}", 0.0, float(self._ends_m[-1]), "position")
        return (along,) if low_m == high_m else (along, Gene(f"z{self.label}", low_m, high_m, "position"))

    def position_m(self, genes: Genes) -> Vector:
        stretch, rest_m = self._at(genes)
        low_m, high_m = self.between_m
        z = low_m if low_m == high_m else genes[f"z{self.label}"]
        return np.array([*(stretch.start_m + rest_m * stretch.along), z])

    def frame(self, genes: Genes) -> tuple[Vector, Vector]:
        stretch, _ = self._at(genes)
        return np.array([*stretch.along, 0.0]), np.array([*stretch.inwards, 0.0])

    @cached_property
    def region(self) -> Region:
        lines = [LineString([s.start_m, s.start_m + s.length_m * s.along]) for s in self.stretches]
        return unary_union([line.buffer(0.05, cap_style="flat") for line in lines])

    @property
    def heights_m(self) -> tuple[float, float]:
        return self.between_m

    def _at(self, genes: Genes) -> tuple[Stretch, float]:
        """The stretch that the gene is on, and how far along it [m]."""
        along_m = genes[f"along{self.label}"]
        number = min(int(np.searchsorted(self._ends_m, along_m, side="right")), len(self.stretches) - 1)
        stretch = self.stretches[number]
        return stretch, along_m - (float(self._ends_m[number]) - stretch.length_m)

    @cached_property
    def _ends_m(self) -> npt.NDArray[np.float64]:
        return np.cumsum([stretch.length_m for stretch in self.stretches])


def _ordered(heights_m: tuple[float, float]) -> tuple[float, float]:
    if not 0 < heights_m[0] <= heights_m[1]:
        raise ValueError(f"must be [low, high] with 0 < low <= high, but got {list(heights_m)}; order them")
    return heights_m


@MountSettings.register
class WallMount(MountSettings):
    """On the walls that face the area."""

    kind: Literal["wall"] = "wall"
    heights_m: Annotated[tuple[float, float], AfterValidator(_ordered)] = Field(
        (2.0, 2.5), description="lowest and highest place [m]; equal: only the place along the walls is searched"
    )
    off_m: float = Field(0.1, gt=0, le=10, description="from the face of the wall to the antenna [m]")
    reach_m: float = Field(
        1.0, gt=0, le=MAX_COORDINATE_M, description="walls count that the area comes so near to, straight ahead [m]"
    )

    def places(self, site: MountSite, facing: Vector | None) -> WallPlaces:
        building = site.building
        if building.outline is None:
            raise ValueError(
                f"{site.field}.mount.kind must be area or points where the scene is no floor plan, whose walls are "
                "known, but got 'wall'; list spots on the walls as points"
            )
        site.check_height("mount.heights_m", self.heights_m[1])
        stretches = tuple(
            stretch for side in building.wall_sides for stretch in self._stretches(side, site, building.outline)
        )
        if facing is not None:
            stretches = tuple(s for s in stretches if float(facing[:2] @ s.inwards) >= 0)
        if not stretches:
            towards = "" if facing is None else f" and has {facing.tolist()} ahead of it"
            raise ValueError(
                f"{site.field}.mount must find a wall that faces {site.field}.areas within reach_m={self.reach_m:g} m, "
                f"but none does{towards}; raise reach_m or enlarge areas"
            )
        return WallPlaces(site.label, stretches, self.heights_m)

    def _stretches(self, side: WallSide, site: MountSite, outline: Region) -> Iterator[Stretch]:
        """What is left of a side, in its own frame: x along the wall, y into the room."""
        start_m, end_m = np.asarray(side.start_m), np.asarray(side.end_m)
        length_m = float(np.linalg.norm(end_m - start_m))
        along = (end_m - start_m) / length_m
        axes = np.array([along, [-along[1], along[0]]]).T

        def seen(region: Region) -> Region:
            return shapely.transform(region, lambda points_m: (points_m - start_m) @ axes)

        line = LineString([(0.0, self.off_m), (length_m, self.off_m)])
        walls = seen(site.building.wall_footprints)
        ahead = shapely.get_parts(box(0.0, self.off_m, length_m, self.off_m + self.reach_m).difference(walls))
        in_sight = unary_union([part for part in ahead if part.intersects(line)])
        facing = shapely.get_parts(in_sight.intersection(seen(site.free)))
        low_m, high_m = self.heights_m
        gone = [
            box(a, 0.0, b, 2 * self.off_m) for a, b, bottom, top in side.openings_m if bottom < high_m and top > low_m
        ]
        left = line.intersection(seen(outline)).difference(unary_union([walls, seen(site.keep_out), *gone]))
        left = left.intersection(unary_union([box(*_width(part), 2 * self.off_m) for part in facing if part.area > 0]))
        for part in shapely.get_parts(left):
            from_m, _, to_m, _ = part.bounds
            if to_m - from_m >= SHORTEST_M:
                yield Stretch(start_m + np.array([from_m, self.off_m]) @ axes.T, along, to_m - from_m)


def _width(part: Region) -> tuple[float, float, float]:
    """From, the wall, to: the corners of a box in front of it but for its depth."""
    from_m, _, to_m, _ = part.bounds
    return from_m, 0.0, to_m
