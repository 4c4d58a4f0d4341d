"""Tables read back: results, a row per trial and iteration, and a genetic algorithm's generations. Free of Ray."""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STATISTICS_FILE = "generations.csv"

ALWAYS = ("trial_id", "iteration", "elapsed_s")
"""Columns of every table; the others depend on the search."""


Key = tuple[str, int, int]
"""Trial, copy (0 for a trial that is none) and iteration: a copy may repeat iterations."""


def key_of(trial_id: str, iteration: int, values: Mapping[str, float]) -> Key:
    """The key of a result."""
    copy = values.get("copy", 0)
    return trial_id, 0 if math.isnan(copy) else int(copy), iteration


@dataclass(frozen=True)
class Row:
    """One iteration of one trial, as read back."""

    trial_id: str
    iteration: int
    elapsed_s: float
    values: Mapping[str, float]
    """Genes and metrics by name; flags as 0 or 1, blanks as NaN."""

    @property
    def key(self) -> "Key":
        """What no two rows share."""
        return key_of(self.trial_id, self.iteration, self.values)


def read_rows(path: Path) -> Iterator[Row]:
    """The whole rows of a results table, in the order of writing; none if there is no file yet."""
    if not path.exists():
        return
    with path.open(newline="", encoding="utf-8") as file:
        whole_lines = (line for line in file if line.endswith("\n"))  # a crash can cut off the last one
        for record in csv.DictReader(whole_lines):
            trial_id, iteration, elapsed = (record.pop(name) for name in ALWAYS)
            values = {name: float(text) if text else math.nan for name, text in record.items()}
            yield Row(trial_id, int(iteration), float(elapsed), values)


def read_statistics(path: Path) -> list[dict[str, float]]:
    """The whole rows of a table of generations; none if there is no file yet."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        records = csv.DictReader(line for line in file if line.endswith("\n"))
        return [{name: float(text) for name, text in record.items()} for record in records]


def ranked(rows: Iterable[Row], genes: Sequence[str]) -> list[Row]:
    """Every feasible placement once, best first: the highest rung before the best score.

    Args:
        rows: of a results table.
        genes: columns; rows that agree in all of them are of one placement.
    """
    feasible = (row for row in rows if row.values["feasible"] and math.isfinite(row.values["p5_rss_dbm"]))
    distinct: dict[tuple[float, ...], Row] = {}
    for row in sorted(feasible, key=lambda row: (-row.values["rung"], -row.values["p5_rss_dbm"], row.trial_id)):
        distinct.setdefault(tuple(row.values[name] for name in genes), row)
    return list(distinct.values())
