"""Where the search stands: how many trials have ended, and the best score so far.

Other callbacks read it, so it comes first in the list of callbacks.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ray.tune import Callback

from callbacks.rows import Row


class Tally(Callback):
    """Counts trials and rays, and keeps the best.

    Only a score of the top rung, or of a higher one in a second stage, can be best: one with few rays is biased and
    compares with its own rung only.

    Args:
        metric: key of the score in a result; larger is better.
        top_rung: the least ``rung`` of a result whose score may be best.
        rows: results of earlier sessions of the same search.
    """

    def __init__(self, metric: str, top_rung: int, rows: Iterable[Row] = ()) -> None:
        self._metric = metric
        self._top_rung = top_rung
        self._ended: set[str] = set()
        self._best: tuple[float, float] | None = None
        self.failed = 0
        self.rays_per_ap = 0.0
        for row in rows:
            self.count(row.values)
            if row.values["complete"]:
                self._ended.add(row.trial_id)

    @property
    def best(self) -> float | None:
        """Best score so far; None before there is any."""
        return self._best[1] if self._best else None

    @property
    def ended(self) -> int:
        """Trials that have ended, failed ones included."""
        return len(self._ended)

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: Mapping[str, Any], **_: Any) -> None:
        self.count(result)

    def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **_: Any) -> None:
        self._ended.add(trial.trial_id)

    def on_trial_error(self, iteration: int, trials: Any, trial: Any, **_: Any) -> None:
        self._ended.add(trial.trial_id)
        self.failed += 1

    def on_step_begin(self, iteration: int, trials: list[Any], **_: Any) -> None:
        if iteration == 0:  # a resumed search brings along the trials that ended before
            self._ended |= {t.trial_id for t in trials if t.status in ("TERMINATED", "ERROR")}

    def count(self, values: Mapping[str, Any]) -> None:
        """Take one more result into account."""
        self.rays_per_ap += float(values["iteration_rays_per_ap"])
        if values["rung"] >= self._top_rung and values["feasible"]:
            score = (float(values["rung"]), float(values[self._metric]))
            self._best = max(self._best or score, score)
