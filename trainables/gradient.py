"""The gradient trial: climbs from a start placement, one ascent step an iteration.

Two kinds of slope drive one optimiser. The access points' genes follow the slope of a soft minimum of the power at the
receiver cells around the quantile, by automatic differentiation (``path_gradient``). The reflector's genes make paths
appear and vanish, which no derivative sees: they are moved a little both ways at once and at random, on the radio map
and with the same rays (simultaneous perturbation, Spall 1992), and follow the difference of the score itself.

What is reported is the best placement so far, with the score that belongs to it.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import drjit.opt
import numpy as np
import numpy.typing as npt

from search_spaces.placement import Gene
from trainables.checkpoint import State
from trainables.evaluator import TracedMap
from trainables.objectives import Score, combine, infeasible_score
from trainables.scene_trainable import NO_COPY, SceneTrainable
from trainables.settings import GradientSettings

Shares = npt.NDArray[np.float64]
"""Genes as shares of their ranges, ``[num_genes]``."""


class GradientTrainable(SceneTrainable):
    """A Tune trainable over start genes and hyperparameters; ``SceneTrainable`` says what its results hold.

    The score and the genes of a result are those of the best placement so far; ``step_p5_rss_dbm`` is the score of
    the present one.
    """

    ascent: ClassVar[GradientSettings]
    jitter: ClassVar[float] = 0.0
    """Standard deviation of a shake, as a share of each gene's range."""

    def warm_up(self) -> None:
        from trainables.tracing.path_gradient import PathGradient  # Sionna, once the backend is chosen

        evaluator, problem = self._evaluator, self.problem
        self._space = evaluator.site.space
        self._points = min(self.ascent.points, evaluator.site.grid.num_cells)
        self._rungs = self.ascent.scored_rungs(problem.fidelity.rungs)
        self._path_gradient = PathGradient(
            evaluator.scene,
            problem.radio,
            problem.objective,
            self._space,
            self._points,
            problem.receivers.height_m,
            self.ascent.path_rays_per_ap,
        )
        genes = self._space.genes
        self._part = {
            "access_points": [gene for gene in genes if gene.kind in ("position", "direction")],
            "plate": [gene for gene in genes if gene.kind in ("wall", "focal")],
        }
        self._evaluator.warm_up()
        start = self._space.sample(np.random.default_rng(0))
        self._path_gradient(start, evaluator.site.grid.centers_m[: self._points], 1.0)

    def start(self, config: Mapping[str, Any]) -> None:
        settings = self.ascent.values(config)
        origin = self.ascent.start or config
        self._genes = {gene.name: float(origin[gene.name]) for gene in self._space.genes}
        self._temperature_db, self._spsa_step = settings["temperature_db"], settings["spsa_step"]
        # Dice of the start's own, so that a start climbs the same way on any worker.
        self._rng = np.random.default_rng(np.frombuffer(np.array([*self._genes.values()]).tobytes(), np.uint32))
        self._optimizer = drjit.opt.Adam(lr=settings["learning_rate"], beta_1=settings["momentum"])
        for part, genes in self._part.items():
            if genes:
                self._optimizer[part] = _array([gene.normalize(self._genes[gene.name]) for gene in genes])
        if self._part["plate"]:
            self._optimizer.set_learning_rate({"plate": settings["plate_learning_rate"]})
        self._violation = self._space.violation(self._genes)
        self._traced: TracedMap | None = None
        self._best: tuple[Score, dict[str, float]] | None = None
        self._best_rss_w: npt.NDArray[np.float64] | None = None  # for pictures; a trial that goes on later lacks it
        self._rays, self._time_s = 0, 0.0

    def step(self) -> dict[str, Any]:
        self._rays_before = self._rays
        if self._violation:
            scored = infeasible_score(self._violation, self.problem.objective)
            return self._result(scored, scored, self._genes, complete=True)
        if self._traced is None:
            self._score_placement()
        slopes = self._access_point_slopes() | self._plate_slopes()
        self._ascend(slopes)
        now = self._score_placement()
        assert self._best is not None
        best, genes = self._best
        return self._result(best, now, genes, complete=self.iteration + 1 >= self.ascent.steps)

    def _score_placement(self) -> Score:
        """Trace the present placement, on every rung up to the stated one."""
        placement = self._space.decode(self._genes)
        maps = [self._trace(placement, rays) for rays in self._rungs]
        merged = maps[0]
        for traced in maps[1:]:
            merged = merged.merged(traced)
        self._traced = merged
        score = self._evaluator.score(merged)
        if self._best is None or score.p5_rss_dbm > self._best[0].p5_rss_dbm:
            self._best = score, dict(self._genes)
            self._best_rss_w = merged.rss_w
        return score

    def _trace(self, placement: Any, rays: int) -> TracedMap:
        traced = self._evaluator.trace(placement, rays)
        self._rays += rays
        self._time_s += traced.trace_time_s
        return traced

    def _access_point_slopes(self) -> dict[str, float]:
        """Slope of each access-point gene [dB per share], by automatic differentiation."""
        assert self._traced is not None
        order = np.argsort(combine(self._traced.rss_w, self.problem.objective))
        middle = round(self.problem.objective.quantile * len(order))
        first = int(np.clip(middle - self._points // 2, 0, len(order) - self._points))
        cells = np.sort(order[first : first + self._points])
        points_m = self._evaluator.site.grid.centers_m[cells]
        slopes = self._path_gradient(self._genes, points_m, self._temperature_db).slopes
        self._rays += self.ascent.path_rays_per_ap
        return {gene.name: slopes[gene.name] * (gene.high - gene.low) for gene in self._part["access_points"]}

    def _plate_slopes(self) -> dict[str, float]:
        """Slope of each of the reflector's genes [dB per share], by simultaneous perturbation."""
        genes = self._part["plate"]
        if not genes:
            return {}
        signs = self._rng.choice([-1.0, 1.0], len(genes))
        shares = np.array([gene.normalize(self._genes[gene.name]) for gene in genes])
        ends = [np.clip(shares + side * self._spsa_step * signs, 0.0, 1.0) for side in (1.0, -1.0)]
        scores = []
        for end in ends:
            moved = self._genes | _named(genes, end)
            if self._space.violation(moved) > 0:
                return dict.fromkeys((gene.name for gene in genes), 0.0)
            traced = self._trace(self._space.decode(moved), self.problem.fidelity.rungs[0])
            scores.append(self._evaluator.score(traced).p5_rss_dbm)
        apart = ends[0] - ends[1]
        slopes = np.divide(scores[0] - scores[1], apart, out=np.zeros_like(apart), where=apart != 0)
        return {gene.name: float(slope) for gene, slope in zip(genes, slopes, strict=True)}

    def _ascend(self, slopes: Mapping[str, float]) -> None:
        """One step of the optimiser (which descends), to a placement that can be built."""
        parts = [part for part, genes in self._part.items() if genes]
        for part in parts:
            uphill = _array(np.nan_to_num([slopes[gene.name] for gene in self._part[part]]))
            drjit.set_grad(self._optimizer[part], -uphill)
        self._optimizer.step()
        stepped = {
            name: value
            for part in parts
            for name, value in _named(self._part[part], np.clip(self._optimizer[part].numpy(), 0.0, 1.0)).items()
        }
        self._move_to(self._feasible(stepped))

    def _feasible(self, stepped: dict[str, float]) -> dict[str, float]:
        """The step if it can be built; else as many of its genes as can, one after the other: it slides along."""
        if self._space.violation(stepped) == 0:
            return stepped
        genes = dict(self._genes)
        for name, value in stepped.items():
            moved = genes | {name: value}
            if self._space.violation(moved) == 0:
                genes = moved
        return genes

    def _shares(self, part: str) -> Shares:
        return np.array([gene.normalize(self._genes[gene.name]) for gene in self._part[part]])

    def _move_to(self, genes: Mapping[str, float]) -> None:
        """Go there; the optimiser keeps its memory of the way."""
        self._genes = {gene.name: genes[gene.name] for gene in self._space.genes}
        for part, members in self._part.items():
            if members:
                self._optimizer[part] = _array(self._shares(part))

    def _result(self, best: Score, now: Score, genes: dict[str, float], complete: bool) -> dict[str, Any]:
        result = (
            self._config
            | genes
            | best.to_json()
            | {
                "step_p5_rss_dbm": now.p5_rss_dbm,
                "rung": len(self._rungs) if best.feasible else 0,
                "iteration_rays_per_ap": self._rays - self._rays_before,
                "rays_per_ap": self._rays,
                "trace_time_s": self._time_s,
                "complete": complete,
                "done": complete,
            }
        )
        return self.with_map(result, self._best_rss_w)

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "genes": json.dumps(self._genes),
            "dice": json.dumps(self._rng.bit_generator.state),
            "best": json.dumps([self._best[0].to_json(), self._best[1]] if self._best else None),
            "rays_per_ap": self._rays,
            "trace_time_s": self._time_s,
        }
        if self._traced is not None:
            state["rss_w"] = self._traced.rss_w
        for part, (_, _, _, (steps, mean, square, _)) in self._optimizer.state.items():
            state |= {f"{part}_steps": steps, f"{part}_mean": mean.numpy(), f"{part}_square": square.numpy()}
        return state

    def load_state(self, state: State, copy: int) -> None:
        self._move_to(json.loads(str(state["genes"])))
        self._rng.bit_generator.state = json.loads(str(state["dice"]))
        best = json.loads(str(state["best"]))
        self._best = (Score(**best[0]), best[1]) if best else None
        self._rays, self._time_s = int(state["rays_per_ap"]), float(state["trace_time_s"])
        self._traced = TracedMap(state["rss_w"], self._rays, self._time_s) if "rss_w" in state else None
        for part, (value, promoted, rate, (steps, _, _, _)) in list(self._optimizer.state.items()):
            memory = (
                type(steps)(int(state[f"{part}_steps"].item())),
                _array(state[f"{part}_mean"]),
                _array(state[f"{part}_square"]),
                None,
            )
            self._optimizer.state[part] = (value, promoted, rate, memory)
        self._violation = self._space.violation(self._genes)
        if self.jitter > 0 and self._copy not in (NO_COPY, copy):  # a copy of another trial, not this one going on
            rng = np.random.default_rng(self._copy)
            self._move_to(self._space.shaken(self._genes, self.jitter, rng))
            self._traced = None


def _array(values: Any) -> Any:
    import mitsuba as mi

    return mi.Float64(np.asarray(values, dtype=np.float64))


def _named(genes: list[Gene], shares: Shares) -> dict[str, float]:
    return {gene.name: gene.denormalize(float(share)) for gene, share in zip(genes, shares, strict=True)}
