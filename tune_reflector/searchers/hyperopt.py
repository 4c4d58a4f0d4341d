"""Settings of HyperOpt."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from search_spaces.placement import SearchSpace
from tune_reflector.searchers.settings import SearcherSettings

if TYPE_CHECKING:
    from ray.tune.search import Searcher


@SearcherSettings.register
class HyperOptSettings(SearcherSettings):
    """HyperOpt's tree-structured Parzen estimator."""

    kind: Literal["hyperopt"] = "hyperopt"
    startup_trials: int = Field(40, ge=1, description="random trials before the model is used")
    gamma: float = Field(0.25, gt=0, lt=1, description="share of trials that count as good; HyperOpt's default")

    def build(self, space: SearchSpace, seed: int) -> "Searcher":
        from tune_reflector.searchers.algorithms.hyperopt import HyperOptSearcher

        return HyperOptSearcher(space, self, seed)
