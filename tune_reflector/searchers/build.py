"""From settings to a searcher."""

from ray.tune.search import Searcher

from search_spaces.placement import SearchSpace
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
            from tune_reflector.searchers.random_search import RandomSearcher

            return RandomSearcher(space, seed)
        case GridSettings():
            from tune_reflector.searchers.grid_search import GridSearcher

            return GridSearcher(space, settings)
        case CmaesSettings():
            from tune_reflector.searchers.cmaes_search import CmaesSearcher

            return CmaesSearcher(space, settings, seed)
        case GaSettings():
            from tune_reflector.searchers.genetic_search import GeneticSearcher

            return GeneticSearcher(space, settings, seed)
        case OptunaSettings():
            from tune_reflector.searchers.optuna_search import OptunaSearcher

            return OptunaSearcher(space, settings, seed)
        case HyperOptSettings():
            from tune_reflector.searchers.hyperopt_search import HyperOptSearcher

            return HyperOptSearcher(space, settings, seed)
