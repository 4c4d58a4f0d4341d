"""The contract of a searcher, and a guard that holds libraries to it.

Ray Tune calls, on the driver: ``suggest`` when a worker is free, ``on_trial_result`` after each rung,
``on_trial_complete`` once a trial has ended, ``save`` and ``restore`` around an interruption. A result, as they are
told it (``told``), holds ``score``, ``training_iteration``, ``rung`` and ``complete``. The contract, which
``tests/tune_reflector/searchers/test_contract.py`` holds every kind to:

- a suggestion has every gene, within its bounds, and may add where it comes from (``SearcherSettings.origin``);
- a search that has no more to give returns ``Searcher.FINISHED``, never None for ever;
- an errored trial, a NaN, and a trial id from before a restart are survived;
- a trial that a scheduler stopped early carries the score of a *lower rung*; it is never taken for a complete one;
- a suggestion can be built, where that can be had (``SearchSpace.repaired``);
- a ``suggest`` that gives nothing leaves no trace;
- after ``save`` and ``restore`` into a new searcher the suggestions go on as they would have;
- told the same in the same order, it suggests the same: an interrupted search relies on it (``candidates.py``).
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import numpy as np
from ray.tune.search import Searcher

from search_records.result import MODE, TrialResult
from search_spaces.genes import SearchSpace

SCORE = "score"
"""The key of the score in what a searcher is told, whatever the objective calls it."""

Result = Mapping[str, Any]


def reported_score(result: Result | None) -> float | None:
    """The score of a result, of whatever rung; None where there is none or it is not a number."""
    value = result.get(SCORE) if result else None
    return float(value) if value is not None and math.isfinite(value) else None


def final_score(result: Result | None, error: bool) -> float | None:
    """The score of a trial that reached its last rung; None if it errored, was stopped or has none."""
    return reported_score(result) if not error and result and result.get("complete", False) else None


def told(result: TrialResult, iteration: int) -> dict[str, Any]:
    """Turn a result into what a searcher is told of it."""
    return {
        SCORE: result.score.value,
        "training_iteration": iteration,
        "rung": result.rung,
        "complete": result.complete,
    }


def repaired(space: SearchSpace, genes: Mapping[str, Any]) -> dict[str, float]:
    """The genes, repaired where they cannot be tried; the same ones are always repaired in the same way."""
    values = np.array([float(genes[gene.name]) for gene in space.genes])
    return space.repaired(genes, np.random.default_rng(np.frombuffer(values.tobytes(), np.uint32)))


class GuardedSearcher(Searcher):
    """Puts a searcher of a library behind the contract.

    Subclasses make the inner searcher and say how it learns of a trial that was stopped early. A library knows of
    bounds alone: what cannot be built is repaired, and the score is told of the suggestion that the library made.

    Args:
        inner: one of Ray Tune's wrappers around Optuna, HyperOpt and the like.
        space: what is searched.
    """

    def __init__(self, inner: Searcher, space: SearchSpace) -> None:
        super().__init__(metric=SCORE, mode=MODE)
        self._inner = inner
        self._space = space
        self._live: dict[str, dict[str, Any] | None] = {}
        """Trials that have not ended, with what counts of their last result."""

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        config: dict[str, Any] | None = self._inner.suggest(trial_id)
        self._live[trial_id] = None
        return config if config is None else config | repaired(self._space, config)

    def on_trial_result(self, trial_id: str, result: Result) -> None:
        if trial_id in self._live and reported_score(result) is not None:
            self._live[trial_id] = dict(result)
            self._inner.on_trial_result(trial_id, dict(result))

    def on_trial_complete(self, trial_id: str, result: Result | None = None, error: bool = False) -> None:
        if trial_id not in self._live:
            return
        last = self._live.pop(trial_id)
        result = last if result is None else result  # a trial that is stopped while it pauses ends without a result
        if error or result is None or reported_score(result) is None:
            self._inner.on_trial_complete(trial_id, None, error=True)
        elif result.get("complete", False):
            self._inner.on_trial_complete(trial_id, dict(result))
        else:
            self._stopped_early(trial_id, result)

    def _stopped_early(self, trial_id: str, result: Result) -> None:
        """Tell the inner searcher of a trial that a scheduler ended on a lower rung; it has a score."""
        raise NotImplementedError

    def save(self, checkpoint_path: str) -> None:
        """One file, as Tune wants it: a zip of the inner searcher's own and of this one's."""
        with TemporaryDirectory() as folder, ZipFile(checkpoint_path, "w") as archive:
            inner = Path(folder) / "inner"
            self._inner.save(str(inner))
            archive.write(inner, "inner")
            archive.writestr("state.json", json.dumps(self._state()))

    def restore(self, checkpoint_path: str) -> None:
        with TemporaryDirectory() as folder, ZipFile(checkpoint_path) as archive:
            self._inner.restore(archive.extract("inner", folder))
            self._set_state(json.loads(archive.read("state.json")))

    def _state(self) -> dict[str, Any]:
        """What a restored searcher must know besides the inner one's state, as JSON."""
        return {"live": self._live}

    def _set_state(self, state: dict[str, Any]) -> None:
        self._live = dict(state["live"])
