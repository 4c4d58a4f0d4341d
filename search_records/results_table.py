"""The results table: one row per trial and iteration, for people and their tools.

It repeats what the journal says of results and is written after it, so a crash can leave it short of a row; a resumed
search makes it anew from the journal.
"""

import csv
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from search_records.atomic_files import write_text
from search_records.journal import Event
from search_records.rows import ALWAYS, read_rows


class ResultsTable:
    """Appends results to a CSV file.

    Args:
        path: the file; replaced.
        columns: keys of the result that become columns; blank where a result lacks one.
        events: results of earlier sessions, as the journal holds them.
    """

    def __init__(self, path: Path, columns: Sequence[str], events: Iterable[Event] = ()) -> None:
        self._path = path
        self._columns = tuple(columns)
        self._file: TextIO | None = None
        write_text(path, _csv([[*ALWAYS, *columns], *map(self._cells, events)]))

    def append(self, event: Event) -> None:
        """Write the row of a result."""
        self._file = self._file or self._path.open("a", newline="", encoding="utf-8")
        self._file.write(_csv([self._cells(event)]))
        self._file.flush()

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            self._file.close()

    def _cells(self, event: Event) -> list[str]:
        values: Mapping[str, Any] = event["result"]
        return [
            event["trial"],
            str(event["iteration"]),
            f"{event['elapsed_s']:.3f}",
            *map(_cell, map(values.get, self._columns)),
        ]


class SearchClock:
    """Wall-clock seconds of a search; a resumed one goes on where the last row of its table stopped."""

    def __init__(self, table: Path) -> None:
        before = max((row.elapsed_s for row in read_rows(table)), default=0.0)
        self._start = time.monotonic() - before

    def elapsed_s(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._start


def _cell(value: Any) -> str:
    if type(value) is float:  # most are
        return repr(value)
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool | int) else repr(float(value))


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
