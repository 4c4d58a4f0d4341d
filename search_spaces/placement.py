"""The genes of a placement: names, bounds, and the way from numbers to geometry.

``n`` access points and a plate give these genes, in this order (here for two, the 12 genes of ``2ap_reflector``):

    x1, y1, x2, y2, dir1_x, dir1_y, dir2_x, dir2_y, refl_u, refl_v, focal_x, focal_y

Heights, the downward component of the directions and the focal height are fixed by the configuration. Some
vectors inside the bounds cannot be built: ``violation`` measures by how much, and 0 means feasible.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self

import numpy as np
from pydantic import Field, model_validator

from search_spaces.design import AccessPoint, Placement, Vector
from search_spaces.infeasible import Fault, complaint
from search_spaces.model import Model
from search_spaces.reflector import PlateMount
from search_spaces.zones import MAX_COORDINATE_M, Region, Zones, depth_inside_m, distance_outside_m

GeneKind = Literal["position", "direction", "wall", "focal", "hyperparameter"]

Genes = Mapping[str, float]

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
class Gene:
    """One searched scalar: ``low <= value <= high``."""

    name: str
    low: float
    high: float
    kind: GeneKind
    log: bool = False
    """Whether equal *factors* count the same, as they do for a learning rate, instead of equal differences."""

    def denormalize(self, share: float) -> float:
        """The value that lies ``share`` of the way (0 to 1) from ``low`` to ``high``."""
        if self.log:
            value = math.exp(math.log(self.low) + share * math.log(self.high / self.low))
        else:
            value = self.low + share * (self.high - self.low)
        return min(max(value, self.low), self.high)

    def normalize(self, value: float) -> float:
        """The share of the way from ``low`` to ``high`` at which ``value`` lies, 0 to 1; undoes ``denormalize``."""
        if self.high <= self.low:
            return 0.5
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


class SearchSpace(Protocol):
    """The space that a searcher searches, as far as it needs to know."""

    @property
    def genes(self) -> tuple[Gene, ...]:
        """The searched scalars, in their documented order."""

    @property
    def starts(self) -> Sequence[dict[str, float]]:
        """Genes to try first, in this order; none where nothing is known."""

    def violation(self, genes: Genes) -> float:
        """By how much genes within their bounds cannot be tried; 0 if they can."""

    def sample(self, rng: np.random.Generator) -> dict[str, float]:
        """Genes drawn uniformly from all that can be tried."""


@dataclass(frozen=True)
class ReflectorSpace:
    """The places where the plate may hang, and the points it may aim at."""

    mount: PlateMount
    focal_bounds: tuple[float, float, float, float]
    """x_min, y_min, x_max, y_max [m]."""
    focal_height_m: float


@dataclass(frozen=True)
class PlacementSpace:
    """The placements of ``access_points.count`` access points and, if given, a plate.

    Args:
        access_points: what is fixed about them, and how many there are.
        area: where they may stand (its bounding box bounds the genes).
        keep_out: where they may not.
        reflector: the plate's wall and focal area, or None for access points alone.
        starts: genes of the placements to try first, in this order; none where nothing is known.
    """

    access_points: AccessPointsConfig
    area: Region
    keep_out: Region
    reflector: ReflectorSpace | None = None
    starts: Sequence[dict[str, float]] = ()

    @property
    def mode(self) -> str:
        """``1ap``, ``2ap``, ``2ap_reflector`` and so on."""
        return f"{self.access_points.count}ap" + ("_reflector" if self.reflector else "")

    @property
    def free(self) -> Region:
        """Where an access point may stand."""
        return self.area.difference(self.keep_out)

    @property
    def genes(self) -> tuple[Gene, ...]:
        """The genes in their documented order."""
        numbers = range(1, self.access_points.count + 1)
        x_min, y_min, x_max, y_max = self.area.bounds
        genes = [
            gene
            for i in numbers
            for gene in (
                Gene(f"x{i}", x_min, x_max, "position"),
                Gene(f"y{i}", y_min, y_max, "position"),
            )
        ]
        genes += [Gene(f"dir{i}_{axis}", -1.0, 1.0, "direction") for i in numbers for axis in "xy"]
        if self.reflector is not None:
            x_min, y_min, x_max, y_max = self.reflector.focal_bounds
            genes += [
                Gene("refl_u", 0.0, 1.0, "wall"),
                Gene("refl_v", 0.0, 1.0, "wall"),
                Gene("focal_x", x_min, x_max, "focal"),
                Gene("focal_y", y_min, y_max, "focal"),
            ]
        return tuple(genes)

    def decode(self, genes: Genes) -> Placement:
        """The placement that the genes describe.

        Raises:
            KeyError: a gene is missing.
            ValueError: the plate would have to face into its wall; check ``violation`` first.
        """
        positions = self._positions_m(genes)
        access_points = tuple(
            AccessPoint(position, self._direction(genes, i), self.access_points.power_dbm)
            for i, position in enumerate(positions, start=1)
        )
        if self.reflector is None:
            return Placement(access_points)
        u, v, ap_m, focal_m = self._aim(genes, positions)
        return Placement(access_points, (self.reflector.mount.pose(u, v, ap_m, focal_m),))

    def violation(self, genes: Genes) -> float:
        """By how much the genes miss being buildable; 0 if they are.

        Metres that an access point is outside its area or inside a keep-out zone, metres that two are too
        close, and what keeps the plate from being mounted (``PlateMount.violation``), added up.
        """
        positions = self._positions_m(genes)
        total = sum(self._outside_m(positions)) + self._too_close_m(positions)
        if self.reflector is not None:
            total += self.reflector.mount.violation(*self._aim(genes, positions))
        return total

    def _fault(self, genes: Genes) -> Fault | None:
        """The first thing that keeps the genes from being built; None where ``violation`` is 0."""
        positions = self._positions_m(genes)
        if self._too_close_m(positions) > 0:
            return "separation"
        if any(self._outside_m(positions)):
            return "area"
        return None if self.reflector is None else self.reflector.mount.fault(*self._aim(genes, positions))

    def _outside_m(self, positions: list[Vector]) -> Iterator[float]:
        """How far each access point is outside its area or inside a keep-out zone [m]."""
        return (distance_outside_m(self.area, x, y) + depth_inside_m(self.keep_out, x, y) for x, y, _ in positions)

    def _too_close_m(self, positions: list[Vector]) -> float:
        """What the access points lack to being far enough apart [m], all pairs together."""
        points_m = np.array(positions)
        first, second = np.triu_indices(len(points_m), 1)
        distances_m = np.linalg.norm(points_m[first] - points_m[second], axis=1)
        return float(np.maximum(0.0, self.access_points.min_separation_m - distances_m).sum())

    def sample(self, rng: np.random.Generator, attempts: int = 1000) -> dict[str, float]:
        """Genes drawn uniformly from the bounds until they are feasible.

        Raises:
            ValueError: none of ``attempts`` draws was feasible; says what to change.
        """
        genes = self.genes
        low, high = np.array([(g.low, g.high) for g in genes]).T
        faults: Counter[Fault] = Counter()
        for _ in range(attempts):
            values = rng.uniform(low, high)
            drawn = {g.name: float(x) for g, x in zip(genes, values, strict=True)}
            fault = self._fault(drawn)
            if fault is None:
                return drawn
            faults[fault] += 1
        raise ValueError(complaint(self, faults))

    def shaken(self, genes: Genes, jitter: float, rng: np.random.Generator, attempts: int = 100) -> dict[str, float]:
        """The feasible genes with a Gaussian step each, ``jitter`` of its range; feasible again.

        Steps that lead out of the bounds stop there. Every ten attempts they get half as wide; after ``attempts``
        the genes stay as they are.
        """
        shares = np.array([gene.normalize(genes[gene.name]) for gene in self.genes])
        for attempt in range(attempts):
            moved = np.clip(shares + jitter * 0.5 ** (attempt // 10) * rng.standard_normal(len(shares)), 0.0, 1.0)
            drawn = {gene.name: gene.denormalize(float(share)) for gene, share in zip(self.genes, moved, strict=True)}
            if self.violation(drawn) == 0:
                return drawn
        return {gene.name: float(genes[gene.name]) for gene in self.genes}

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

    def check_start(self, start: Genes, field: str) -> None:
        """Raise ``ValueError``, which names ``field``, unless a placement with the genes ``start`` can be built."""
        genes = {gene.name: gene for gene in self.genes}
        if wrong := sorted(set(start) ^ set(genes)):
            what = "misses" if wrong[0] in genes else "has an unknown"
            raise ValueError(
                f"{field} must name every gene once, but {what} {wrong[0]!r}; the genes are {', '.join(genes)}"
            )
        for name, gene in genes.items():
            if not gene.low <= start[name] <= gene.high:
                raise ValueError(
                    f"{field}.{name} must lie in [{gene.low:g}, {gene.high:g}], but got {start[name]:g}; move it"
                )
        if (violation := self.violation(start)) > 0:
            raise ValueError(
                f"{field} must be a placement that can be built, but misses it by {violation:.3g}; keep it in "
                "access_points.areas, its access points apart and the plate facing the room"
            )

    def _positions_m(self, genes: Genes) -> list[Vector]:
        height_m = self.access_points.height_m
        return [np.array([genes[f"x{i}"], genes[f"y{i}"], height_m]) for i in range(1, self.access_points.count + 1)]

    def _direction(self, genes: Genes, i: int) -> Vector:
        vector = np.array([genes[f"dir{i}_x"], genes[f"dir{i}_y"], self.access_points.dir_z])
        return np.asarray(vector / np.linalg.norm(vector))

    def _aim(self, genes: Genes, positions: list[Vector]) -> tuple[float, float, Vector, Vector]:
        """(u, v, the access point it mirrors, focal point): the nearest AP, so that names do not matter."""
        assert self.reflector is not None
        u, v = genes["refl_u"], genes["refl_v"]
        focal_m = np.array([genes["focal_x"], genes["focal_y"], self.reflector.focal_height_m])
        point = self.reflector.mount.wall_point(u, v)
        nearest = min(positions, key=lambda p: (float(np.linalg.norm(p - point)), *p))  # ties: by place, not by name
        return u, v, nearest, focal_m
