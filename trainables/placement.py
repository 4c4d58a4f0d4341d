"""The placement trial: one fixed placement, traced with more rays at every iteration.

Iteration ``k`` is fidelity rung ``k``. The maps of all rungs so far are merged, so that no ray is wasted.
A trial ends after its last rung; a scheduler may end it before. A worker keeps its scene from trial to trial.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ray import tune

from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator, TracedMap
from trainables.objectives import infeasible_score
from trainables.problem import PlacementProblem

CHECKPOINT = "trial.npz"


class PlacementTrial(tune.Trainable):
    """A Tune trainable over genes; get one for a problem with ``for_problem``.

    Each result holds ``p5_rss_dbm``, ``coverage``, ``outage``, ``mean_rss_dbm``, ``min_rss_dbm``, ``feasible``,
    ``rays_per_ap`` (all rungs so far), ``trace_time_s`` (likewise), and ``complete``: whether the
    last rung was reached, so that its score may be compared with other complete ones.
    """

    problem: ClassVar[PlacementProblem]
    on_loaded: ClassVar[Callable[[], None]]

    @classmethod
    def for_problem(
        cls, problem: PlacementProblem, on_loaded: Callable[[], None] = lambda: None
    ) -> type["PlacementTrial"]:
        """A trainable for ``problem``; it travels to workers with the class, not with every trial.

        Args:
            problem: what to score.
            on_loaded: called in the worker once its scene is loaded and warm; may wait for others.
        """
        members = {"problem": problem, "on_loaded": staticmethod(on_loaded)}
        return type(cls.__name__, (cls,), {**members, "__module__": cls.__module__})

    def setup(self, config: Mapping[str, Any]) -> None:
        self._evaluator = PlacementEvaluator(self.problem, threads=self.problem.resources.cpus_per_trial)
        self._evaluator.warm_up()
        type(self).on_loaded()
        self._start(config)

    def reset_config(self, new_config: Mapping[str, Any]) -> bool:
        self._start(new_config)
        return True

    def _start(self, config: Mapping[str, Any]) -> None:
        space = self._evaluator.site.space
        genes = {gene.name: float(config[gene.name]) for gene in space.genes}
        self._violation = space.violation(genes)
        self._placement: Placement | None = None if self._violation else space.decode(genes)
        self._traced: TracedMap | None = None
        self._rung = 0

    def step(self) -> dict[str, Any]:
        if self._placement is None:
            scored = infeasible_score(self._violation, self.problem.objective)
            return self._result(scored.to_json(), complete=True)
        rungs = self.problem.fidelity.rungs
        traced = self._evaluator.trace(self._placement, rungs[self._rung])
        self._traced = traced if self._traced is None else self._traced.merged(traced)
        self._rung += 1
        scored = self._evaluator.score(self._traced)
        return self._result(scored.to_json(), complete=self._rung == len(rungs))

    def _result(self, scored: dict[str, Any], complete: bool) -> dict[str, Any]:
        rays, seconds = (self._traced.rays_per_ap, self._traced.trace_time_s) if self._traced else (0, 0.0)
        return scored | {
            "rays_per_ap": rays,
            "trace_time_s": seconds,
            "complete": complete,
            "done": complete,
        }

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        state: dict[str, Any] = {"rung": self._rung}
        if self._traced is not None:
            state |= {
                "rss_w": self._traced.rss_w,
                "rays_per_ap": self._traced.rays_per_ap,
                "trace_time_s": self._traced.trace_time_s,
            }
        np.savez(Path(checkpoint_dir) / CHECKPOINT, **state)

    def load_checkpoint(self, checkpoint: str | dict[str, Any] | None) -> None:
        with np.load(Path(str(checkpoint)) / CHECKPOINT, allow_pickle=False) as state:
            self._rung = int(state["rung"])
            self._traced = (
                TracedMap(state["rss_w"], int(state["rays_per_ap"]), float(state["trace_time_s"]))
                if "rss_w" in state
                else None
            )
