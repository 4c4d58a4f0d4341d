"""Where the search stands: how many trials have ended, and the best score so far.

Other callbacks read it, so it comes before them in the list of callbacks.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ray.tune import Callback

from search_records.rows import Row, key_of
from search_records.running_best import RunningBest


class Counted(Protocol):
    """Knows how many trials of all sessions have ended."""

    @property
    def ended(self) -> int:
        """Trials that have ended, failed ones included."""

    @property
    def failed(self) -> int:
        """Trials that have failed for good."""


class ProgressCounter(RunningBest, Callback):
    """Keeps the standing of a search current.

    Args:
        metric, top_rung, rows: as of ``RunningBest``; results of earlier sessions.
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
