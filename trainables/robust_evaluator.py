"""Scores placements by what they are worth in the worst of several worlds: for a search that is to go by it.

A placement is traced in the model's own world and in every variant of it, with the same rays; its score is that of the
worst worlds. This takes as many times the rays as there are worlds, and a scene for each that is built otherwise.
"""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from search_records.result import Score
from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator, TracedMap
from trainables.objectives.base import Powers
from trainables.objectives.risk import worst_weights
from trainables.problem import PlacementProblem
from trainables.variants.base import Worlds


class RobustEvaluator(PlacementEvaluator):
    """Scores placements by the worst of several worlds, in a scene for each that takes one.

    Its maps are those of ``PlacementEvaluator`` with worlds in front, the model's own first.

    Args:
        problem: what to score.
        worlds: where.
        threads: threads on the CPU; None: all cores.

    Raises:
        BackendError: rays cannot be traced on this machine.
        ValueError: the scene is not one that Sionna can use.
    """

    def __init__(self, problem: PlacementProblem, worlds: Worlds, threads: int | None = None) -> None:
        super().__init__(problem, threads)
        self._worst_share = worlds.worst_share
        self._elsewhere = [(variant, self.under(variant)) for variant in worlds.variants]

    def trace(self, placement: Placement, rays_per_ap: int, sample: int = 0) -> TracedMap:
        """Trace a placement in every world, with ``rays_per_ap`` rays in each."""
        maps = [super().trace(placement, rays_per_ap, sample)]
        for variant, there in self._elsewhere:
            placed = variant.placed(placement, self.site)
            maps.append(PlacementEvaluator.trace(there, placed, rays_per_ap, sample))  # it may be this one
        rss_w = np.stack([traced.rss_w for traced in maps])
        return TracedMap(rss_w, len(maps) * rays_per_ap, sum(traced.trace_time_s for traced in maps))

    def score(self, traced: TracedMap) -> Score:
        """The mean score of the worst worlds; coverage and all else is of the same."""
        scores = [self.score_of(rss_w) for rss_w in traced.rss_w]
        weights = worst_weights([score.value for score in scores], self._worst_share)
        figures = [field.name for field in fields(Score) if field.name != "feasible"]
        means: dict[str, Any] = {name: float(weights @ [getattr(of, name) for of in scores]) for name in figures}
        return Score(**means)

    def modelled_w(self, traced: TracedMap) -> Powers:
        """Of the model's own world."""
        return super().modelled_w(replace(traced, rss_w=traced.rss_w[0]))
