"""The results table: one row per trial and iteration, for people and their tools.

It repeats what the journal says of results and is written after it, so a crash can leave it short of a row; a resumed
search makes it anew from the journal.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from search_records.atomic_files import naming, write_text
from search_records.events import Reported
from search_records.result import ResultColumns

ALWAYS = ("trial_id", "iteration", "elapsed_s")
"""Columns of every table, before those of the result."""


class ResultsTable:
    """Appends results to a CSV file.

    Args:
        path: the file; replaced.
        columns: of the results; blank where one lacks a number.
        stages: whether to tell each result's stage, in a last column.
        results: of earlier sessions.
    """

    def __init__(
        self, path: Path, columns: ResultColumns, stages: bool = False, results: Iterable[Reported] = ()
    ) -> None:
        self._path = path
        self._columns = columns
        self._stages = stages
        self._file: TextIO | None = None
        write_text(path, table_text(columns, stages, results))

    def append(self, event: Reported) -> None:
        """Write the row of a result."""
        with naming(self._path):
            self._file = self._file or self._path.open("a", newline="", encoding="utf-8")
            self._file.write(_csv([_cells(event, self._columns, self._stages)]))
            self._file.flush()

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            self._file.close()


def table_text(columns: ResultColumns, stages: bool, results: Iterable[Reported]) -> str:
    """The table of these results; for its arguments see ``ResultsTable``."""
    head = [*ALWAYS, *columns.names, *(["stage"] if stages else [])]
    return _csv([head, *(_cells(event, columns, stages) for event in results)])


def has_rows(path: Path) -> bool:
    """Tell whether a table tells of any result."""
    with path.open("rb") as file:
        return sum(1 for _, line in zip(range(2), file, strict=False)) > 1


def _cells(event: Reported, columns: ResultColumns, stages: bool) -> list[str]:
    flat = event.result.flat(columns.metric)
    cells = [event.trial_id, str(event.iteration), f"{event.elapsed_s:.3f}"]
    cells += [_cell(flat.get(name)) for name in columns.names]
    return [*cells, str(event.stage)] if stages else cells


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
