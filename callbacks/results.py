"""The results table: one row per trial and iteration, appended as it is reported.

A row is written once. After a restart Tune may run an unfinished trial again and report the same iteration a
second time; such a row is left out, and a row that a crash cut in half is dropped before anything is added.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from ray.tune import Callback

from callbacks.rows import ALWAYS, Key, key_of, read_rows


class ResultsTable(Callback):
    """Appends every result to a CSV file.

    Args:
        path: the file; created with a header, or continued.
        columns: keys of the result that become columns; blank where a result lacks one.
        clock: seconds that the search has run, over all its sessions.
        constants: columns that are the same for every result of this session.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], clock: "SearchClock", constants: Mapping[str, float] | None = None
    ) -> None:
        self._path = path
        self._columns = tuple(columns)
        self._constants = dict(constants or {})
        self._clock = clock
        self._file: TextIO | None = None
        self._seen: set[Key] = set()

    def setup(self, *_: Any, **__: Any) -> None:
        if self._path.exists():
            _drop_partial_line(self._path)
            self._seen = {row.key for row in read_rows(self._path)}
        self._file = self._path.open("a", newline="", encoding="utf-8")
        if self._file.tell() == 0:
            csv.writer(self._file).writerow([*ALWAYS, *self._columns, *self._constants])

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: Mapping[str, Any], **_: Any) -> None:
        key = key_of(trial.trial_id, int(result["training_iteration"]), result)
        if key in self._seen:
            return
        self._seen.add(key)
        assert self._file is not None, "setup() comes first"
        elapsed = f"{self._clock.elapsed_s():.3f}"
        values = [*(result.get(column) for column in self._columns), *self._constants.values()]
        csv.writer(self._file).writerow([trial.trial_id, result["training_iteration"], elapsed, *map(_cell, values)])
        self._file.flush()

    def on_experiment_end(self, *_: Any, **__: Any) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class SearchClock:
    """Wall-clock seconds of a search; a resumed one goes on where the last row of its table stopped."""

    def __init__(self, table: Path) -> None:
        import time

        self._now = time.monotonic
        before = max((row.elapsed_s for row in read_rows(table)), default=0.0)
        self._start = self._now() - before

    def elapsed_s(self) -> float:
        """Seconds so far."""
        return self._now() - self._start


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool | int) else repr(float(value))


def _drop_partial_line(path: Path) -> None:
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)
