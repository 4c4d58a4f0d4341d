"""The placements around one: the same genes, with bounds tightened around a centre."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from search_spaces.genes import Gene, Genes
from search_spaces.placement import PlacementSpace


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

    def sample(self, rng: np.random.Generator, attempts: int = 1000) -> dict[str, float]:
        """Genes drawn uniformly from the bounds until they are feasible; the centre if ``attempts`` were not."""
        genes = self.genes
        for _ in range(attempts):
            drawn = {gene.name: gene.denormalize(rng.uniform()) for gene in genes}
            if self.violation(drawn) == 0:
                return drawn
        return dict(self.centre)


def distance(space: PlacementSpace, first: Genes, second: Genes) -> float:
    """Root mean square difference of two placements' genes, as shares of their ranges."""
    shares = [gene.normalize(first[gene.name]) - gene.normalize(second[gene.name]) for gene in space.genes]
    return float(np.sqrt(np.mean(np.square(shares))))
