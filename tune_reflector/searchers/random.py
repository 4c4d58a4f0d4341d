"""Settings of the random search."""

from typing import TYPE_CHECKING, ClassVar, Literal

from search_spaces.placement import SearchSpace
from tune_reflector.searchers.settings import SearcherSettings

if TYPE_CHECKING:
    from ray.tune.search import Searcher


@SearcherSettings.register
class RandomSettings(SearcherSettings):
    """Independent, uniform, feasible placements: the baseline that every other kind has to beat."""

    learns: ClassVar[bool] = False
    needs_genes: ClassVar[bool] = False

    kind: Literal["random"] = "random"

    def build(self, space: SearchSpace, seed: int) -> "Searcher":
        from tune_reflector.searchers.algorithms.random import RandomSearcher

        return RandomSearcher(space, seed)
