"""The gradient trial: climbs from a start placement, one ascent step an iteration.

Two kinds of slope of one number drive it, the soft minimum of the power at the receiver cells around the quantile. The
access points' genes follow the slope along traced paths, by automatic differentiation (``tracing/path_gradient.py``).
The reflector's make paths appear and vanish, which no derivative of paths sees, and follow the slope of what it
brings by physical optics (``plate_gradient.py``).

What is reported is the best placement so far, with the score that belongs to it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from search_records.result import NO_COPY, Powers, Score, TrialResult
from search_spaces.genes import Gene
from trainables.adam import Adam
from trainables.checkpoint import State
from trainables.evaluator import TracedMap
from trainables.scene_trainable import SceneTrainable
from trainables.settings.gradient import GradientSettings

Shares = npt.NDArray[np.float64]
"""Genes as shares of their ranges, ``[num_genes]``."""


class GradientTrainable(SceneTrainable):
    """A Tune trainable over start genes and hyperparameters.

    The score and the genes of a result are those of the best placement so far; ``step_value`` is that of the present
    one.
    """

    settings: ClassVar[GradientSettings]

    def warm_up(self) -> None:
        from trainables.plate_gradient import PlateGradient  # Sionna, once the backend is chosen
        from trainables.tracing.path_gradient import PathGradient

        evaluator, problem = self._evaluator, self.problem
        self._space = evaluator.site.space
        self._points = min(self.settings.points, evaluator.site.grid.num_cells)
        self._rungs = self.settings.scored_rungs(problem.rungs)
        self._path_gradient = PathGradient(
            evaluator.scene,
            problem.radio,
            problem.objective,
            self._space,
            self._points,
            problem.receivers.height_m,
            self.settings.path_rays_per_ap,
        )
        self._plate_gradient = PlateGradient(evaluator) if problem.places_plates else None
        genes = self._space.genes
        self._part = {
            "access_points": [gene for gene in genes if gene.kind in ("position", "direction")],
            "plate": [gene for plate in self._space.plates for gene in plate.genes],
        }
        self._evaluator.warm_up()
        start = self._space.sample(np.random.default_rng(0))
        first = np.arange(self._points)
        self._path_gradient(start, evaluator.site.grid.centers_m[first], 1.0)
        if self._plate_gradient:
            dark_w = np.zeros((problem.access_points.total, evaluator.site.grid.num_cells))
            self._plate_gradient(start, dark_w, first, 1.0)

    def start(self, config: Mapping[str, Any]) -> None:
        settings = self.settings.values(config)
        origin = self.settings.start or config
        self._placed = {gene.name: float(origin[gene.name]) for gene in self._space.genes}
        self._temperature_db = settings["temperature_db"]
        rates = {"access_points": settings["learning_rate"], "plate": settings["plate_learning_rate"]}
        self._optimizer = {
            part: Adam(len(genes), rates[part], settings["momentum"]) for part, genes in self._part.items()
        }
        self._violation = self._space.violation(self._placed)
        self._traced: TracedMap | None = None
        self._best: tuple[Score, dict[str, float]] | None = None
        self._best_rss_w: npt.NDArray[np.float64] | None = None  # for pictures; a trial that goes on later lacks it
        self._rays, self._time_s = 0, 0.0

    def advance(self) -> tuple[TrialResult, Powers | None]:
        rays_before = self._rays
        if self._violation:
            scored = self._evaluator.infeasible_merit(self._violation)
            return self._result(scored, scored, self._placed, rays_before, complete=True), None
        if self._traced is None:
            self._score_placement()
        self._ascend(self._slopes())
        now = self._score_placement()
        assert self._best is not None
        best, placed = self._best
        complete = self.iteration + 1 >= self.settings.steps
        return self._result(best, now, placed, rays_before, complete), self._best_rss_w

    def _score_placement(self) -> Score:
        """Trace the present placement, on every rung up to the stated one."""
        placement = self._space.decode(self._placed)
        maps = [self._trace(placement, rays) for rays in self._rungs]
        merged = maps[0]
        for traced in maps[1:]:
            merged = merged.merged(traced)
        self._traced = merged
        score = self._evaluator.merit(merged, placement)
        if self._best is None or score.value > self._best[0].value:
            self._best = score, dict(self._placed)
            self._best_rss_w = self._evaluator.modelled_w(merged)
        return score

    def _trace(self, placement: Any, rays: int) -> TracedMap:
        traced = self._evaluator.trace(placement, rays)
        self._rays += traced.rays_per_ap
        self._time_s += traced.trace_time_s
        return traced

    def _slopes(self) -> dict[str, float]:
        """Slope of each gene [dB per share of its range]."""
        assert self._traced is not None
        rss_w, site = self._evaluator.modelled_w(self._traced), self._evaluator.site
        cells = self.problem.objective.decisive_cells(rss_w, site.cells, self._points)
        points_m = site.grid.points_m[cells]
        slopes: dict[str, float] = {}
        if self._part["access_points"]:
            slopes |= self._path_gradient(self._placed, points_m, self._temperature_db).slopes
            self._rays += self.settings.path_rays_per_ap
        if self._plate_gradient:
            slopes |= self._plate_gradient(self._placed, rss_w, cells, self._temperature_db)
        moved = (gene for part in self._part.values() for gene in part)
        return {gene.name: slopes[gene.name] * (gene.high - gene.low) for gene in moved}

    def _ascend(self, slopes: Mapping[str, float]) -> None:
        """One step of the optimiser, to a placement that can be built."""
        stepped = dict(self._placed)  # a gene that picks among spots has no slope: it stays as it began
        for part, genes in self._part.items():
            uphill = np.nan_to_num(np.array([slopes[gene.name] for gene in genes]))
            shares = self._shares(part) + self._optimizer[part].step(uphill)
            stepped |= _named(genes, np.clip(shares, 0.0, 1.0))
        self._placed = self._feasible(stepped)

    def _feasible(self, stepped: dict[str, float]) -> dict[str, float]:
        """The step if it can be built; else as many of its genes as can, one after the other: it slides along."""
        if self._space.violation(stepped) == 0:
            return stepped
        genes = dict(self._placed)
        for name, value in stepped.items():
            moved = genes | {name: value}
            if self._space.violation(moved) == 0:
                genes = moved
        return genes

    def _shares(self, part: str) -> Shares:
        return np.array([gene.normalize(self._placed[gene.name]) for gene in self._part[part]])

    def _result(
        self, best: Score, now: Score, placed: Mapping[str, float], rays_before: int, complete: bool
    ) -> TrialResult:
        return TrialResult(
            {**self.genes, **placed},
            self.origin,
            best,
            rung=len(self._rungs) if best.feasible else 0,
            iteration_rays_per_ap=self._rays - rays_before,
            rays_per_ap=self._rays,
            trace_time_s=self._time_s,
            complete=complete,
            step_value=now.value,
        )

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "genes": json.dumps(self._placed),
            "best": json.dumps([asdict(self._best[0]), self._best[1]] if self._best else None),
            "rays_per_ap": self._rays,
            "trace_time_s": self._time_s,
        }
        if self._traced is not None:
            state["rss_w"] = self._traced.rss_w
        for part, optimizer in self._optimizer.items():
            state |= {f"{part}_{name}": value for name, value in optimizer.state().items()}
        return state

    def load_state(self, state: State, copy: int) -> None:
        self._placed = json.loads(str(state["genes"]))
        best = json.loads(str(state["best"]))
        self._best = (Score(**best[0]), best[1]) if best else None
        self._rays, self._time_s = int(state["rays_per_ap"]), float(state["trace_time_s"])
        self._traced = TracedMap(state["rss_w"], self._rays, self._time_s) if "rss_w" in state else None
        for part, optimizer in self._optimizer.items():
            optimizer.load_state({name: state[f"{part}_{name}"] for name in optimizer.state()})
        self._violation = self._space.violation(self._placed)
        jitter = self.population.jitter if self.population else 0.0
        if jitter > 0 and self._copy not in (NO_COPY, copy):  # a copy of another trial, not this one going on
            self._placed = self._space.shaken(self._placed, jitter, np.random.default_rng(self._copy))
            self._traced = None


def _named(genes: list[Gene], shares: Shares) -> dict[str, float]:
    return {gene.name: gene.denormalize(float(share)) for gene, share in zip(genes, shares, strict=True)}
