"""Genes: the numbers that a searcher chooses, and what it may know of their space."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

GeneKind = Literal["position", "direction", "pick", "wall", "focal", "hyperparameter"]

Genes = Mapping[str, float]


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

    def blamed(self, genes: Genes) -> Sequence[str]:
        """Names of genes of which one must change before the genes can be tried; none if they can."""

    def sample(self, rng: np.random.Generator) -> dict[str, float]:
        """Genes drawn uniformly from all that can be tried."""

    def repaired(self, genes: Genes, rng: np.random.Generator) -> dict[str, float]:
        """Genes near the given ones that can be tried; those themselves if they can."""
