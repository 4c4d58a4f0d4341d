"""Placements: access points and plates together, and the way from genes to geometry.

The genes of the access points come first, then those of the plates. Two access points and a plate have 12
(``2ap_reflector``):

    x1, y1, x2, y2, dir1_x, dir1_y, dir2_x, dir2_y, refl_u, refl_v, focal_x, focal_y

Some vectors inside the bounds cannot be built: ``violation`` measures by how much, and 0 means feasible.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search_spaces.access_points import AccessPointSpace
from search_spaces.design import Placement
from search_spaces.genes import Gene, Genes
from search_spaces.infeasible import Fault, complaint
from search_spaces.plates import PlateSpace


@dataclass(frozen=True)
class PlacementSpace:
    """The placements of access points and plates.

    Args:
        access_points: where they may stand.
        plates: where each may hang; none for access points alone.
        starts: genes of the placements to try first, in this order; none where nothing is known.
    """

    access_points: AccessPointSpace
    plates: tuple[PlateSpace, ...] = ()
    starts: Sequence[dict[str, float]] = ()

    @property
    def mode(self) -> str:
        """``1ap``, ``2ap``, ``2ap_reflector`` and so on."""
        return f"{self.access_points.config.count}ap" + ("_reflector" if self.plates else "")

    @property
    def genes(self) -> tuple[Gene, ...]:
        """The genes in their documented order."""
        return (*self.access_points.genes, *(gene for plate in self.plates for gene in plate.genes))

    def decode(self, genes: Genes) -> Placement:
        """The placement that the genes describe.

        Raises:
            KeyError: a gene is missing.
            ValueError: a plate would have to face into its wall; check ``violation`` first.
        """
        access_points = self.access_points.decode(genes)
        return Placement(access_points, tuple(plate.decode(genes, access_points) for plate in self.plates))

    def violation(self, genes: Genes) -> float:
        """By how much the genes miss being buildable; 0 if they are.

        Metres that an access point is outside its area or inside a keep-out zone, metres that two are too
        close, and what keeps a plate from being mounted (``PlateMount.violation``), added up.
        """
        access_points = self.access_points.decode(genes)
        total = sum(self.access_points.outside_m(access_points)) + self.access_points.too_close_m(access_points)
        return total + sum(plate.violation(genes, access_points) for plate in self.plates)

    def _fault(self, genes: Genes) -> Fault | None:
        """The first thing that keeps the genes from being built; None where ``violation`` is 0."""
        access_points = self.access_points.decode(genes)
        if self.access_points.too_close_m(access_points) > 0:
            return "separation"
        if any(self.access_points.outside_m(access_points)):
            return "area"
        faults = (plate.fault(genes, access_points) for plate in self.plates)
        return next((fault for fault in faults if fault is not None), None)

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
        """Raise ``ValueError`` if there is no room for an access point."""
        self.access_points.check()

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
