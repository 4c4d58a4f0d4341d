"""CMA-ES with restarts: the package ``cmaes`` behind Tune's ask-and-tell.

The landscape has many hills, and covariance matrix adaptation (Hansen 2016) climbs the one it starts on. So a climb
begins with a few random placements and starts from the best of them; when its steps have shrunk to nothing, or the
best has not moved for a while, the next climb begins.

Nobody waits for anybody: a worker that asks while a population is still out gets one more draw from the same
distribution, and the distribution is updated whenever enough results are in. A result that comes in only after its
climb, or its random start, is over belongs to no distribution any more and is left out. What a restored searcher
must know is the sequence of what it was asked and told, which is replayed.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from cmaes import CMA
from ray.tune.search import Searcher

from search_records.result import MODE
from search_spaces.genes import SearchSpace
from tune_reflector.searchers.algorithms.base import SCORE, Result, repaired, reported_score
from tune_reflector.searchers.cmaes import CmaesSettings

Point = npt.NDArray[np.float64]
"""Genes scaled to their ranges, ``[num_genes]`` in [0, 1]."""

_REDRAWS = 100
"""Draws until a feasible one is taken; after that one is repaired, and its score counts as that of the draw."""


class CmaesSearcher(Searcher):
    """Climbs by CMA-ES from the best of a few random placements, again and again."""

    def __init__(self, space: SearchSpace, settings: CmaesSettings, seed: int) -> None:
        super().__init__(metric=SCORE, mode=MODE)
        self._space = space
        self._settings = settings
        self._genes = space.genes
        self._rng = np.random.default_rng(seed)
        self._starts = iter(space.starts)
        self._log: list[list[Any]] = []
        self._begin_climb()

    def suggest(self, trial_id: str) -> dict[str, float]:
        self._log.append(["ask", trial_id])
        return self._ask(trial_id)

    def on_trial_complete(self, trial_id: str, result: Result | None = None, error: bool = False) -> None:
        if trial_id not in self._live:
            return
        score = None if error else reported_score(result)
        complete = bool(result and result.get("complete", False))
        self._log.append(["tell", trial_id, score, complete])
        self._tell(trial_id, score, complete)

    def save(self, checkpoint_path: str) -> None:
        Path(checkpoint_path).write_text(json.dumps(self._log), encoding="utf-8")

    def restore(self, checkpoint_path: str) -> None:
        for kind, *event in json.loads(Path(checkpoint_path).read_text(encoding="utf-8")):
            self._log.append([kind, *event])
            if kind == "ask":
                self._ask(*event)
            else:
                self._tell(*event)

    def _begin_climb(self) -> None:
        self._live: dict[str, Point] = {}
        self._cma: CMA | None = None
        self._told: list[tuple[Point, float]] = []
        self._worst: float | None = None
        self._best = -np.inf
        self._stale = 0

    def _ask(self, trial_id: str) -> dict[str, float]:
        if self._cma is None:
            genes = next(self._starts, None) or self._space.sample(self._rng)
            self._live[trial_id] = np.array([gene.normalize(genes[gene.name]) for gene in self._genes])
            return genes
        for _ in range(_REDRAWS):
            point = self._cma.ask()
            genes = {gene.name: gene.denormalize(float(share)) for gene, share in zip(self._genes, point, strict=True)}
            if self._space.violation(genes) == 0:
                break
        else:
            genes = repaired(self._space, genes)
        self._live[trial_id] = point
        return genes

    def _tell(self, trial_id: str, score: float | None, complete: bool) -> None:
        point = self._live.pop(trial_id)
        if score is None:
            return
        if complete:
            self._worst = score if self._worst is None else min(self._worst, score)
        else:  # stopped on a lower rung: no better than the worst that was not
            score = min(score, self._worst) if self._worst is not None else score
        self._told.append((point, score))
        if self._cma is None:
            if len(self._told) >= self._settings.startup_trials:
                self._start_from_best()
        elif len(self._told) >= self._cma.population_size:
            self._update(self._cma)

    def _start_from_best(self) -> None:
        mean, self._best = max(self._told, key=lambda told: told[1])
        self._told, self._live = [], {}
        self._cma = CMA(
            mean=mean,
            sigma=self._settings.initial_step,
            bounds=np.tile([0.0, 1.0], (len(mean), 1)),
            population_size=self._settings.population,
            seed=int(self._rng.integers(2**31)),
        )

    def _update(self, cma: CMA) -> None:
        """One generation (cmaes minimises); restart once it has come to rest."""
        best = max(score for _, score in self._told)
        cma.tell([(point, -score) for point, score in self._told])
        self._told = []
        self._stale = 0 if best > self._best else self._stale + 1
        self._best = max(self._best, best)
        if self._stale >= self._settings.patience or cma.should_stop():
            self._begin_climb()
