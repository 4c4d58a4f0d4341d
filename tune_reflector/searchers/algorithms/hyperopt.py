"""HyperOpt's tree-structured Parzen estimator behind Ray Tune's ``HyperOptSearch``.

HyperOpt knows no pruned trials. One that was stopped early is told as bad as the worst complete trial so far,
or as its own score if that is lower still: it was stopped for being poor, so it belongs among the poor.
"""

import math
from typing import Any

from hyperopt import hp
from ray.tune.search.hyperopt import HyperOptSearch

from search_records.result import MODE
from search_spaces.genes import Gene, SearchSpace
from tune_reflector.searchers.algorithms.base import SCORE, GuardedSearcher, Result, final_score
from tune_reflector.searchers.hyperopt import HyperOptSettings


class HyperOptSearcher(GuardedSearcher):
    """HyperOpt over the genes."""

    def __init__(self, space: SearchSpace, settings: HyperOptSettings, seed: int) -> None:
        domains = {gene.name: _domain(gene) for gene in space.genes}
        super().__init__(
            HyperOptSearch(
                domains,
                points_to_evaluate=list(space.starts) or None,
                metric=SCORE,
                mode=MODE,
                n_initial_points=settings.startup_trials,
                gamma=settings.gamma,
                random_state_seed=seed,
            ),
            space,
        )
        self._worst: float | None = None

    def on_trial_complete(self, trial_id: str, result: Result | None = None, error: bool = False) -> None:
        score = final_score(result, error)
        if score is not None:
            self._worst = score if self._worst is None else min(self._worst, score)
        super().on_trial_complete(trial_id, result, error)

    def _stopped_early(self, trial_id: str, result: Result) -> None:
        if self._worst is None:  # nothing to rank it against yet
            self._inner.on_trial_complete(trial_id, None, error=True)
        else:
            self._inner.on_trial_complete(trial_id, {**result, SCORE: min(self._worst, float(result[SCORE]))})

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), "worst": self._worst}

    def _set_state(self, state: dict[str, Any]) -> None:
        super()._set_state(state)
        self._worst = state["worst"]


def _domain(gene: Gene) -> Any:
    if gene.log:
        return hp.loguniform(gene.name, math.log(gene.low), math.log(gene.high))
    return hp.uniform(gene.name, gene.low, gene.high)
