"""Settings of the grid search."""

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from search_spaces.genes import SearchSpace
from tune_reflector.searchers.settings import SearcherSettings

MAX_POINTS = 1_000_000
"""Of a grid: they are counted up one by one, and whole stretches of them cannot be built."""


@SearcherSettings.register
class GridSettings(SearcherSettings):
    """Every combination of evenly spaced values of the genes, feasible ones only."""

    implementation: ClassVar[str | None] = "tune_reflector.searchers.algorithms.grid:GridSearcher"
    learns: ClassVar[bool] = False
    begins_at_start: ClassVar[bool] = False

    kind: Literal["grid"] = "grid"
    points_per_gene: int = Field(
        2, ge=1, le=10_000, description="values of each gene not named in `points`; 1: the middle of its bounds"
    )
    points: dict[str, Annotated[int, Field(ge=1, le=10_000)]] = Field(
        {}, description="values of single genes, by name, for instance {refl_u: 9}"
    )

    def points_of(self, name: str) -> int:
        """Number of values of the gene ``name``."""
        return self.points.get(name, self.points_per_gene)

    def check(self, space: SearchSpace) -> None:
        """``points`` names genes."""
        super().check(space)
        genes = [gene.name for gene in space.genes]
        if unknown := sorted(set(self.points) - set(genes)):
            raise ValueError(
                f"searcher.points must name genes, but {unknown[0]!r} is none; the genes are {', '.join(genes)}"
            )
        if (candidates := self.most_candidates(space)) > MAX_POINTS:
            raise ValueError(
                f"searcher.points_per_gene must make a grid of at most {MAX_POINTS:,} points, but makes about "
                f"10^{math.log10(candidates):.0f}; lower it or those of single genes in points"
            )

    def most_candidates(self, space: SearchSpace) -> int:
        """Number of combinations, infeasible ones included."""
        return math.prod(self.points_of(gene.name) for gene in space.genes)

    def describe_budget(self, space: SearchSpace) -> str:
        return f" of a grid of {self.most_candidates(space)}"
