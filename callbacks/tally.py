"""Where the search stands: how many trials have ended, and the best score so far.

Other callbacks read it, so it comes before them in the list of callbacks.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ray.tune import Callback

from callbacks.rows import Key, Row, key_of


class Counted(Protocol):
    """Knows how many trials of all sessions have ended."""

    @property
    def ended(self) -> int:
        """Trials that have ended, failed ones included."""

    @property
    def failed(self) -> int:
        """Trials that have failed for good."""


class Standing:
    """Rays so far, and the best score so far.

    Only a score of the top rung, or of a higher one in a second stage, can be best: one with few rays is biased and
    compares with its own rung only.

    Args:
        metric: key of the score in a result; larger is better.
        top_rung: the least ``rung`` of a result whose score may be best.
        rows: results so far.
    """

    def __init__(self, metric: str, top_rung: int, rows: Iterable[Row] = ()) -> None:
        self._metric = metric
        self._top_rung = top_rung
        self._best: tuple[float, float] | None = None
        self._counted: set[Key] = set()
        self.rays_per_ap = 0.0
        for row in rows:
            self.count(row.key, row.values)

    @property
    def best(self) -> float | None:
        """Best score so far; None before there is any."""
        return self._best[1] if self._best else None

    def count(self, key: Key, values: Mapping[str, Any]) -> None:
        """Take a result into account, once."""
        if key in self._counted:  # its trial was set back to an earlier iteration
            return
        self._counted.add(key)
        self.rays_per_ap += float(values["iteration_rays_per_ap"])
        if values["rung"] >= self._top_rung and values["feasible"] and math.isfinite(values[self._metric]):
            score = (float(values["rung"]), float(values[self._metric]))
            self._best = max(self._best or score, score)


class Tally(Standing, Callback):
    """Keeps the standing of a search current.

    Args:
        metric, top_rung, rows: as of ``Standing``; results of earlier sessions.
        trials: counts trials.
    """

    def __init__(self, metric: str, top_rung: int, trials: Counted, rows: Iterable[Row] = ()) -> None:
        super().__init__(metric, top_rung, rows)
        self._trials = trials

    @property
    def ended(self) -> int:
        """Trials that have ended, failed ones included."""
        return self._trials.ended

    @property
    def failed(self) -> int:
        """Trials that have failed for good."""
        return self._trials.failed

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: Mapping[str, Any], **_: Any) -> None:
        self.count(key_of(trial.trial_id, int(result["training_iteration"]), result), result)
