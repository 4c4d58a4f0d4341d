"""What happens to a trial's placement when population-based training copies it.

Over placement trials the genes are part of a trial's configuration, so a copy is shaken here. Over gradient trials the
placement lives in the checkpoint: the copy is told to shake itself, by a number that it throws its dice with.
"""

from typing import Any

import numpy as np

from trainables.settings import JITTER_SEED, GradientTrialSettings
from tune_reflector.config import SearchConfig
from tune_reflector.schedulers import Copying, PbtSettings, PopulationSettings


class Explore:
    """Changes the configuration of a copy; called by Tune after its own changes of the hyperparameters."""

    def __init__(self, config: SearchConfig) -> None:
        assert isinstance(config.scheduler, PopulationSettings)
        self._climbs = isinstance(config.trainable, GradientTrialSettings)
        self._models_genes = not self._climbs and not isinstance(config.scheduler, PbtSettings)
        self._placement = config.site().space
        self._hyperparameters = (
            config.trainable.searched() if isinstance(config.trainable, GradientTrialSettings) else ()
        )
        self._jitter = config.scheduler.jitter
        self._rng = np.random.default_rng([config.seed, 1])

    def __call__(self, config: dict[str, Any]) -> dict[str, Any]:
        inside = {gene.name: min(max(config[gene.name], gene.low), gene.high) for gene in self._hyperparameters}
        changed = config | inside
        if self._climbs:
            return changed | ({JITTER_SEED: int(self._rng.integers(2**31))} if self._jitter else {})
        if self._models_genes:  # the Gaussian process knows nothing of walls
            feasible = self._placement.violation(changed) == 0
            return changed if feasible else changed | self._placement.sample(self._rng)
        return changed | self._placement.shaken(changed, self._jitter, self._rng)


def copying(config: SearchConfig) -> Copying | None:
    """How copies are made; None where nothing is copied."""
    if not isinstance(config.scheduler, PopulationSettings):
        return None
    return Copying(config.copy_interval, config.mutable_genes(), Explore(config))
