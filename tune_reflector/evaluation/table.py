"""Many placements: a CSV with a row of genes for each, and one beside it with their scores.

The scores are appended row by row as they are measured, each on the disk before the next one begins, and nothing that
is there is ever written again: the same command goes on where an earlier one stopped.
"""

import csv
import fcntl
import hashlib
import io
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from search_spaces.placement import PlacementSpace
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError, one_line
from tune_reflector.evaluation.given import Given, check, decoded
from tune_reflector.runs.measurement import Measurement
from tune_reflector.runs.score_json import score_json

MOST_BYTES = 1_000_000_000

NAME = "name"
"""An optional column: what a row is called."""

CONFIG = "config"
"""A column of the scores: a digest of all that decides them."""


@dataclass(frozen=True)
class Row:
    """A row of the placements: the line of the file that it ends on, its name, and its genes as they were written."""

    line: int
    name: str
    texts: Mapping[str, str]
    given: Given
    violation: float


def read_rows(path: Path, config: SearchConfig) -> list[Row]:
    """The placements of a CSV; columns that are no genes are left alone.

    Raises:
        ConfigError: it cannot be read, lacks a gene, or a row of it is no placement.
    """
    site = config.site()
    names = [gene.name for gene in site.space.genes]
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES // 10**6} MB")
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in names if name not in (reader.fieldnames or ())]:
                raise ValueError(f"it has no column {missing[0]!r}")
            rows = []
            for record in reader:
                row = _row(record, reader.line_num, names, site.space, path)
                check(row.given.placement, config, site)
                rows.append(row)
    except OSError as error:
        raise ConfigError(
            f"--csv: must be a file that can be read, but {path}: {error.strerror}; give another"
        ) from None
    except (ValueError, csv.Error) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            one_line(f"--csv: must be a CSV with a column for each gene, but of {path} {error}; give another")
        ) from None
    if not rows:
        raise ConfigError(f"--csv: must have a row for each placement, but {path} has none; add some")
    return rows


def _row(record: Mapping[str, str | None], line: int, names: Sequence[str], space: PlacementSpace, path: Path) -> Row:
    where, texts = f"{path}, line {line}", {name: (record[name] or "").strip() for name in names}
    try:
        genes = {name: _number(name, text) for name, text in texts.items()}
        name = (record.get(NAME) or "").strip() or f"line {line}"
        return Row(line, name, texts, Given(name, decoded(genes, space), genes), space.violation(genes))
    except ValueError as error:
        raise ConfigError(one_line(f"{where}: {error}")) from None


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{name}: must be a finite number, but got {text[:60]!r}; correct it")
    return value


class Scores:
    """The table of the scores: which rows it has, and room for more.

    Args:
        file: open for appending.
        columns: of a row.
        done: rows that it has.
    """

    def __init__(self, file: IO[bytes], columns: Sequence[str], done: int) -> None:
        self._file, self._columns = file, columns
        self.done = done

    def append(self, row: Row, measured: Measurement, config: SearchConfig) -> None:
        """Write a row, for good."""
        score, objective = measured.score, config.objective
        found = score_json(score.value, measured.error, objective)
        self._write(
            [
                row.line,
                row.name,
                *row.texts.values(),
                *("" if value is None else value for value in found.values()),
                score.coverage,
                score.outage,
                row.violation,
                digest(config),
            ]
        )
        self.done += 1

    def write_head(self) -> None:
        """Write the names of the columns."""
        self._write(self._columns)

    def _write(self, values: Sequence[object]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(values)
        self._file.write(text.getvalue().encode())
        self._file.flush()
        os.fsync(self._file.fileno())


def scores_path(path: Path) -> Path:
    """The file of the scores, beside that of the placements: ``many.csv`` has ``many.scores.csv``."""
    return path.with_suffix(".scores.csv")


@contextmanager
def scores_beside(path: Path, rows: Sequence[Row], config: SearchConfig) -> Iterator[Scores]:
    """The table of the scores of ``rows``, of which it may have the first ones; no other process writes it meanwhile.

    Raises:
        ConfigError: it cannot be written, or is of other placements or another configuration.
    """
    target, objective = scores_path(path), config.objective
    scored = [*score_json(0.0, 0.0, objective), "coverage_share", "outage", "violation", CONFIG]
    columns = ["line", NAME, *rows[0].texts, *scored]
    try:
        file = target.open("a+b")
    except OSError as error:
        raise ConfigError(f"--csv: must have room beside it, but {target}: {error.strerror}; move it") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"--csv: must be at work for one process, but another one writes {target}") from None
        file.seek(0)
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        records = list(csv.reader(whole.decode("utf-8", "replace").splitlines()))
        _check_beginning(target, records, columns, rows, digest(config))
        if len(whole) < len(content):  # of a process that was killed while it wrote a row
            file.truncate(len(whole))
        scores = Scores(file, columns, max(0, len(records) - 1))
        if not records:
            scores.write_head()
        yield scores


def _check_beginning(
    target: Path, records: Sequence[Sequence[str]], columns: Sequence[str], rows: Sequence[Row], config: str
) -> None:
    """Raise ``ConfigError`` unless the table has the columns, and then the first rows, in their order."""
    expected = [list(columns), *([str(row.line), row.name, *row.texts.values()] for row in rows)]
    reason = "has more rows" if len(records) > len(expected) else None
    for number, (record, wanted) in enumerate(zip(records, expected, strict=False)):
        if list(record[: len(wanted)]) != wanted:
            reason = f"has other columns or placements in line {number + 1}"
        elif number > 0 and record[-1] != config:
            reason = "is of another configuration"
        if reason is not None:
            break
    if reason is not None:
        raise ConfigError(
            f"--csv: the scores beside it must be those of its first rows with this configuration, but {target} "
            f"{reason}; rename that"
        )


def digest(config: SearchConfig) -> str:
    """Of all that decides a score: what is traced, how it is measured, and the scene."""
    final = config.final.model_dump(include={"rays_per_ap", "lattices"})
    told = f"{config.problem().model_dump_json(exclude={'fidelity', 'resources'})} {final} {config.scene.sha256()}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]
