"""Placements: access points and plates together, and the way from genes to geometry.

The genes of the access points come first, then those of the plates. Two access points and a plate have 12
(``2ap_reflector``):

    x1, y1, x2, y2, dir1_x, dir1_y, dir2_x, dir2_y, refl_u, refl_v, focal_x, focal_y

Some vectors inside the bounds cannot be built: ``violation`` measures by how much, and 0 means feasible.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from search_spaces.access_points import AccessPointSpace
from search_spaces.design import AccessPoint, Placement
from search_spaces.genes import Gene, Genes
from search_spaces.infeasible import Fault, PlateHurdle, complaint
from search_spaces.plates import PlateSpace, overlaps_m

_FROM_BOUNDS = 30
"""Draws from the bounds of the genes, before places are drawn from where they are."""

_AS_A_WHOLE = 100
"""Draws that are taken or left as a whole, before parts of them are drawn anew."""

_REDRAWS = 30
"""Of a part of a placement."""


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
        """``1ap``, ``2ap``, ``2ap_reflector``, ``2ap_2reflectors`` and so on."""
        plates = {0: "", 1: "_reflector"}.get(len(self.plates), f"_{len(self.plates)}reflectors")
        return f"{self.access_points.config.total}ap{plates}"

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
        close, what keeps a plate from being mounted (``PlateMount.violation``), and metres by which two plates are in
        each other's way, added up.
        """
        access_points = self.access_points.decode(genes)
        total = sum(self.access_points.outside_m(access_points)) + self.access_points.too_close_m(access_points)
        total += sum(plate.violation(genes, access_points) for plate in self.plates)
        return total + sum(self._overlaps_m(genes, access_points))

    def blamed(self, genes: Genes) -> tuple[str, ...]:
        """Names of genes of which one must change before the genes can be built; none if they can."""
        names = self.access_points.blamed(genes)
        return names or (tuple(gene.name for gene in self.genes) if self.violation(genes) > 0 else ())

    def _fault(self, genes: Genes) -> Fault | None:
        """The first thing that keeps the genes from being built, wherever the access points stand; None if nothing."""
        access_points = self.access_points.decode(genes)
        if self.access_points.too_close_m(access_points) > 0:
            return "separation"
        for number, plate in enumerate(self.plates):
            if fault := plate.fault(genes, access_points):
                return PlateHurdle(fault, number)
        return "overlap" if any(self._overlaps_m(genes, access_points)) else None

    def _overlaps_m(self, genes: Genes, access_points: Sequence[AccessPoint]) -> Iterable[float]:
        """By how much each two plates are in each other's way [m]; those that cannot be mounted are in nobody's."""
        if len(self.plates) < 2:
            return ()
        mounted = [plate for plate in self.plates if plate.violation(genes, access_points) == 0]
        return overlaps_m(mounted, [plate.decode(genes, access_points) for plate in mounted])

    def sample(self, rng: np.random.Generator, attempts: int = 1000) -> dict[str, float]:
        """Genes drawn uniformly from all feasible ones, as far as that can be had.

        First they are drawn from their bounds; where that is mostly in vain, places from the places themselves (the
        polygons); where those lie too close, or plates cannot be mounted, part by part, which favours some placements.

        Raises:
            ValueError: none of ``attempts`` such draws was feasible; says what to change.
        """
        genes = self.genes
        low, high = np.array([(g.low, g.high) for g in genes]).reshape(-1, 2).T
        faults: Counter[Fault] = Counter()
        for attempt in range(-_FROM_BOUNDS, attempts):
            drawn = {g.name: float(x) for g, x in zip(genes, rng.uniform(low, high), strict=True)}
            if attempt >= 0:
                drawn = self.access_points.drawn_inside(drawn, rng)
            if attempt >= _AS_A_WHOLE:
                drawn = self._mended(drawn, rng)
            if self.violation(drawn) == 0:
                return drawn
            if attempt >= 0 and (fault := self._fault(drawn)) is not None:
                faults[fault] += 1
        raise ValueError(complaint(self, faults))

    def repaired(self, genes: Genes, rng: np.random.Generator) -> dict[str, float]:
        """Feasible genes near the given ones: those themselves if they are feasible.

        Each access point outside its area goes to the nearest place inside; what is then too close or cannot be
        mounted is drawn anew, part by part.

        Raises:
            ValueError: there seem to be no feasible genes; says what to change.
        """
        found = {gene.name: float(genes[gene.name]) for gene in self.genes}
        if self.violation(found) == 0:
            return found
        found = self._mended(self.access_points.moved_inside(found), rng)
        return found if self.violation(found) == 0 else self.sample(rng)

    def _mended(self, genes: Genes, rng: np.random.Generator) -> dict[str, float]:
        """The genes with what is too close or cannot be mounted drawn anew, part by part, as far as a few draws do."""
        mended = self.access_points.drawn_apart(genes, rng, _REDRAWS)
        access_points = self.access_points.decode(mended)
        for number, plate in enumerate(self.plates, start=1):
            so_far = replace(self, plates=self.plates[:number])
            for _ in range(_REDRAWS):
                if plate.violation(mended, access_points) == 0 and not any(so_far._overlaps_m(mended, access_points)):
                    break
                mended |= {gene.name: gene.denormalize(rng.uniform()) for gene in plate.genes}
        return mended

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
