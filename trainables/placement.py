"""The placement trial: one fixed placement, traced with more rays at every iteration.

Iteration ``k`` is fidelity rung ``k``. The maps of all rungs so far are merged, so that no ray is wasted.
A trial ends after its last rung; a scheduler may end it before. In a population it lives on: it keeps its last score
until it is handed another placement, which climbs the rungs anew.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from search_records.result import Powers, TrialResult
from trainables.checkpoint import State
from trainables.evaluator import TracedMap
from trainables.scene_trainable import SceneTrainable
from trainables.settings.base import TrainableSettings
from trainables.settings.placement import PlacementSettings


class PlacementTrainable(SceneTrainable):
    """A Tune trainable over genes."""

    settings: ClassVar[TrainableSettings] = PlacementSettings()

    def start(self, config: Mapping[str, Any]) -> None:
        space = self._evaluator.site.space
        self._placed = {gene.name: float(config[gene.name]) for gene in space.genes}
        self._violation = space.violation(self._placed)
        self._placement = None if self._violation else space.decode(self._placed)
        self._traced: TracedMap | None = None
        self._rung = 0
        self._rays_before, self._time_before_s = 0, 0.0  # spent on placements that this trial had earlier

    def advance(self) -> tuple[TrialResult, Powers | None]:
        rungs = self.problem.rungs
        already, _ = self._spent()
        if self._placement is None:
            score = self._evaluator.infeasible_merit(self._violation)
        else:
            if self._traced is None or self._rung < len(rungs):
                traced = self._evaluator.trace(self._placement, rungs[self._rung])
                self._traced = traced if self._traced is None else self._traced.merged(traced)
                self._rung += 1
            score = self._evaluator.merit(self._traced, self._placement)
        if self.population is not None:
            complete = self.iteration + 1 >= self.population.interval * self.population.generations
        else:
            complete = self._placement is None or self._rung == len(rungs)
        rays, seconds = self._spent()
        result = TrialResult(
            self.genes, self.origin, score, self._rung, rays - already, rays, seconds, complete=complete
        )
        return result, self._evaluator.modelled_w(self._traced) if self._traced else None

    def _spent(self) -> tuple[int, float]:
        rays, seconds = (self._traced.rays_per_ap, self._traced.trace_time_s) if self._traced else (0, 0.0)
        return self._rays_before + rays, self._time_before_s + seconds

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "genes": list(self._placed.values()),
            "rung": self._rung,
            "rays_before": self._rays_before,
            "time_before_s": self._time_before_s,
        }
        if self._traced is not None:
            state |= {
                "rss_w": self._traced.rss_w,
                "rays_per_ap": self._traced.rays_per_ap,
                "trace_time_s": self._traced.trace_time_s,
            }
        return state

    def load_state(self, state: State, copy: int) -> None:
        traced = (
            TracedMap(state["rss_w"], int(state["rays_per_ap"]), float(state["trace_time_s"]))
            if "rss_w" in state
            else None
        )
        self._rays_before, self._time_before_s = int(state["rays_before"]), float(state["time_before_s"])
        if list(state["genes"]) == list(self._placed.values()):
            self._rung, self._traced = int(state["rung"]), traced
        elif traced is not None:  # another placement's: its map tells nothing of this one
            self._rays_before += traced.rays_per_ap
            self._time_before_s += traced.trace_time_s
