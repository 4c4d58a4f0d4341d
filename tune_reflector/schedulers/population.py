"""What happens to a trial's configuration when population-based training copies it.

Every copy gets a number of its own. Over placement trials the genes are part of the configuration, so a copy is shaken
here. Over gradient trials the placement lives in the checkpoint: the copy shakes itself, with its number as the seed.
"""

from typing import Any

import numpy as np

from trainables.settings import COPY, GradientSettings
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.schedulers.settings import Copying, PopulationSettings


class Explore:
    """Changes the configuration of a copy; called by Tune after its own changes.

    Its dice are nobody's seed: which trial copies which depends on who is ahead of whom, and after an interruption
    no copy may repeat the number of an earlier one.
    """

    def __init__(self, config: SearchConfig) -> None:
        assert isinstance(config.scheduler, PopulationSettings)
        self._climbs = isinstance(config.trainable, GradientSettings)
        self._mutable = config.mutable_genes()
        self._placement = config.site().space
        self._jitter = config.scheduler.jitter
        self._rng = np.random.default_rng()

    def __call__(self, config: dict[str, Any]) -> dict[str, Any]:
        inside = {gene.name: min(max(config[gene.name], gene.low), gene.high) for gene in self._mutable}
        changed = config | inside | {COPY: int(self._rng.integers(1, 2**31))}
        if self._climbs:
            return changed
        if self._placement.violation(changed) > 0:  # chosen by pb2's model, which knows nothing of walls
            return changed | self._placement.sample(self._rng)
        return changed | self._placement.shaken(changed, self._jitter, self._rng)


def copying(config: SearchConfig) -> Copying | None:
    """How copies are made; None where nothing is copied."""
    if not isinstance(config.scheduler, PopulationSettings):
        return None
    return Copying(config.copy_interval, config.top_rung, config.mutable_genes(), Explore(config))
