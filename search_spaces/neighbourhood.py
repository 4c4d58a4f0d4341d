"""The placements around one: the same genes, with bounds tightened around a centre."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from search_spaces.genes import Gene, Genes
from search_spaces.placement import PlacementSpace

_HALVINGS = 20
"""Of the way to the centre, until the centre itself is taken."""


@dataclass(frozen=True)
class Neighbourhood:
    """The placements of ``space`` whose genes are near those of a feasible one.

    Args:
        space: the whole space.
        centre: genes of a feasible placement.
        margin: how far a gene may go to either side, as a share of its range.
    """

    space: PlacementSpace
    centre: Mapping[str, float]
    margin: float

    @property
    def genes(self) -> tuple[Gene, ...]:
        """The genes, in the order of ``space``, with bounds within its own."""
        return tuple(
            replace(
                gene,
                low=gene.denormalize(max(0.0, gene.normalize(self.centre[gene.name]) - self.margin)),
                high=gene.denormalize(min(1.0, gene.normalize(self.centre[gene.name]) + self.margin)),
            )
            for gene in self.space.genes
        )

    @property
    def starts(self) -> tuple[dict[str, float]]:
        """The centre."""
        return (dict(self.centre),)

    def violation(self, genes: Genes) -> float:
        """By how much the genes miss being buildable."""
        return self.space.violation(genes)

    def blamed(self, genes: Genes) -> tuple[str, ...]:
        """Names of genes of which one must change before the genes can be built."""
        return self.space.blamed(genes)

    def sample(self, rng: np.random.Generator, attempts: int = 100) -> dict[str, float]:
        """Genes drawn uniformly from the bounds until they are feasible; if ``attempts`` were not, one is repaired."""
        genes = self.genes
        for _ in range(attempts):
            drawn = {gene.name: gene.denormalize(rng.uniform()) for gene in genes}
            if self.violation(drawn) == 0:
                return drawn
        return self.repaired(drawn, rng)

    def repaired(self, genes: Genes, rng: np.random.Generator) -> dict[str, float]:
        """Feasible genes within the bounds, near the given ones.

        Repaired as in the whole space; where that leads out of the bounds, on the way to the centre, half of it at a
        time.
        """
        mended = self.space.repaired(genes, rng)
        found = {gene.name: min(max(mended[gene.name], gene.low), gene.high) for gene in self.genes}
        for _ in range(_HALVINGS):
            if self.violation(found) == 0:
                return found
            found = {name: (value + self.centre[name]) / 2 for name, value in found.items()}
        return dict(self.centre)


def distance(space: PlacementSpace, first: Genes, second: Genes) -> float:
    """Root mean square difference of two placements' genes, as shares of their ranges."""
    shares = [gene.normalize(first[gene.name]) - gene.normalize(second[gene.name]) for gene in space.genes]
    return float(np.sqrt(np.mean(np.square(shares))))
