"""Search spaces that need no scene."""

from typing import Any

import numpy as np

from search_spaces.genes import Gene


class Cube:
    """A space of ``n`` genes of very different ranges, in which everything is feasible."""

    starts = ()

    def __init__(self, n: int) -> None:
        self.genes = tuple(Gene(f"g{i}", -(10.0**i), 10.0**i, "position") for i in range(n))

    def violation(self, genes: Any) -> float:
        return 0.0

    def blamed(self, genes: Any) -> tuple[str, ...]:
        return ()

    def sample(self, rng: np.random.Generator) -> dict[str, float]:
        return {gene.name: gene.denormalize(rng.uniform()) for gene in self.genes}

    def repaired(self, genes: Any, rng: np.random.Generator) -> dict[str, float]:
        return {gene.name: genes[gene.name] for gene in self.genes}
