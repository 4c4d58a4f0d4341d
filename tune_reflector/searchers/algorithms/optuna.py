"""Optuna's samplers behind Ray Tune's ``OptunaSearch``.

A trial stopped early is told to Optuna as *pruned*, with the scores of the rungs it reached. Optuna's TPE then
ranks it by how far it came before it looks at the score, so rungs are never mixed.
"""

import warnings

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler, GPSampler, QMCSampler, TPESampler
from ray.tune.search.optuna import OptunaSearch

from search_records.result import MODE
from search_spaces.genes import SearchSpace
from tune_reflector.searchers.algorithms.base import SCORE, GuardedSearcher, Result
from tune_reflector.searchers.optuna import OptunaSettings


class OptunaSearcher(GuardedSearcher):
    """A sampler of Optuna over the genes."""

    def __init__(self, space: SearchSpace, settings: OptunaSettings, seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        distributions: dict[str, BaseDistribution] = {
            gene.name: FloatDistribution(gene.low, gene.high, log=gene.log) for gene in space.genes
        }
        super().__init__(
            OptunaSearch(
                distributions,
                metric=SCORE,
                mode=MODE,
                sampler=_sampler(settings, seed),
                points_to_evaluate=list(space.starts) or None,
            ),
            space,
        )

    def _stopped_early(self, trial_id: str, result: Result) -> None:
        self._inner.on_trial_complete(trial_id, None)


def _sampler(settings: OptunaSettings, seed: int) -> BaseSampler:
    if settings.sampler == "qmc":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
    if settings.sampler == "gp":
        return GPSampler(seed=seed, n_startup_trials=settings.startup_trials)
    return TPESampler(
        seed=seed,
        n_startup_trials=settings.startup_trials,
        n_ei_candidates=settings.candidates,
        multivariate=True,
        constant_liar=True,
    )
