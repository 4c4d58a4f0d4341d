"""The recorder of results: what Tune tells of one becomes a record, and goes to journal, searcher and table."""

import time
from typing import Any

from ray.tune import Callback

from search_records.result import ResultColumns
from search_records.results_table import ResultsTable
from tune_reflector.execution.candidates import Candidates


class SearchClock:
    """Wall-clock seconds of a search.

    Args:
        elapsed_s: that it had run before.
    """

    def __init__(self, elapsed_s: float = 0.0) -> None:
        self._start = time.monotonic() - elapsed_s

    def elapsed_s(self) -> float:
        """Seconds so far, in all sessions."""
        return time.monotonic() - self._start


class Recorder(Callback):
    """Comes first in the list of callbacks: what is shown was taken down before.

    Args:
        candidates: of the stage.
        columns: what of a result is kept.
        table: rows for people.
        clock: of the search.
    """

    def __init__(self, candidates: Candidates, columns: ResultColumns, table: ResultsTable, clock: SearchClock) -> None:
        self._candidates = candidates
        self._columns = columns
        self._table = table
        self._clock = clock

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **_: Any) -> None:
        event = self._candidates.record(
            trial.trial_id,
            trial.config,
            self._columns.parse(result),
            int(result["training_iteration"]),
            bool(result.get("done", False)),
            self._clock.elapsed_s(),
        )
        if event is not None:
            self._table.append(event)

    def on_step_end(self, iteration: int, trials: Any, **_: Any) -> None:
        self._candidates.save()

    def on_experiment_end(self, *_: Any, **__: Any) -> None:
        self._candidates.save(at_once=True)
