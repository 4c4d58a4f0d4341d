"""The explore step of population-based training: what happens to a trial's configuration when it is copied.

Every copy gets a number of its own. Over placement trials the genes are part of the configuration, so a copy is shaken
here. Over gradient trials the placement lives in the checkpoint: the copy shakes itself, with its number as the seed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from search_records.result import COPY
from search_spaces.genes import Gene
from trainables.trial_plan import TrialPlan


class Explore:
    """Changes the configuration of a copy; called by Tune after its own changes.

    The numbers are random, and different in every session: which trial copies which depends on who is ahead of whom,
    so no seed could repeat a search, and after an interruption no copy may have the number of an earlier one.

    Args:
        plan: of the trials.
        mutable: what Tune changes by its own rule.
        jitter: of a placement that is shaken, as a share of each gene's range.
    """

    def __init__(self, plan: TrialPlan, mutable: Sequence[Gene], jitter: float) -> None:
        self._moves_placement = plan.trainable.moves_placement
        self._mutable = mutable
        self._placement = plan.placement_space
        self._jitter = jitter
        self._rng = np.random.default_rng()

    def __call__(self, config: dict[str, Any]) -> dict[str, Any]:
        inside = {gene.name: min(max(config[gene.name], gene.low), gene.high) for gene in self._mutable}
        changed = config | inside | {COPY: int(self._rng.integers(1, 2**31))}
        if self._moves_placement:
            return changed
        if self._placement.violation(changed) > 0:  # chosen by pb2's model, which knows nothing of walls
            return changed | self._placement.sample(self._rng)
        return changed | self._placement.shaken(changed, self._jitter, self._rng)
