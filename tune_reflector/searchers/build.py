"""From settings to a searcher."""

from collections.abc import Mapping, Sequence

from ray.tune.search import Searcher

from search_spaces.neighbourhood import Neighbourhood
from search_spaces.placement import PlacementSpace, SearchSpace
from tune_reflector.refinement.settings import BoundsRefinement, GradientRefinement
from tune_reflector.searchers.settings import (
    CmaesSettings,
    GaSettings,
    GridSettings,
    HyperOptSettings,
    OptunaSettings,
    RandomSettings,
    SearcherSettings,
)


def build_searcher(settings: SearcherSettings, space: SearchSpace, seed: int) -> Searcher:
    """A fresh searcher of the configured kind; libraries are imported only for the kind in use."""
    match settings:
        case RandomSettings():
            from tune_reflector.searchers.algorithms.random import RandomSearcher

            return RandomSearcher(space, seed)
        case GridSettings():
            from tune_reflector.searchers.algorithms.grid import GridSearcher

            return GridSearcher(space, settings)
        case CmaesSettings():
            from tune_reflector.searchers.algorithms.cmaes import CmaesSearcher

            return CmaesSearcher(space, settings, seed)
        case GaSettings():
            from tune_reflector.searchers.algorithms.genetic import GeneticSearcher

            return GeneticSearcher(space, settings, seed)
        case OptunaSettings():
            from tune_reflector.searchers.algorithms.optuna import OptunaSearcher

            return OptunaSearcher(space, settings, seed)
        case HyperOptSettings():
            from tune_reflector.searchers.algorithms.hyperopt import HyperOptSearcher

            return HyperOptSearcher(space, settings, seed)


def build_refiner(
    settings: BoundsRefinement | GradientRefinement,
    space: PlacementSpace,
    starts: Sequence[Mapping[str, float]],
    seed: int,
) -> Searcher:
    """The searcher of the second stage."""
    from tune_reflector.searchers.algorithms.starts import RoundRobinSearcher, StartSearcher

    if isinstance(settings, GradientRefinement):
        return StartSearcher(starts)
    around = [Neighbourhood(space, start, settings.margin) for start in starts]
    return RoundRobinSearcher(
        [build_searcher(settings.searcher, near, seed + i) for i, near in enumerate(around, start=1)]
    )
