"""Figures as rows, rows as a table and as JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.support.processes import ROOT

RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True)
class Row:
    """One figure, and what it should reach, if anything."""

    what: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def reach(self) -> str | None:
        """``>= 0.95``, ``<= 400`` or nothing."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return None if self.at_most is None else f"<= {self.at_most:g}"

    @property
    def met(self) -> bool | None:
        """Whether the reach was reached; None if there is none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "value": self.value, "unit": self.unit, "reach": self.reach, "met": self.met}


@dataclass(frozen=True)
class Answer:
    """The rows of one benchmark, and what one must know to read them."""

    rows: list[Row]
    notes: list[str]


def table(answer: Answer) -> str:
    """Aligned columns: what, value, unit, reach, met."""
    lines = list(_lines(answer))
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    text = []
    for what, value, *rest in lines:
        cells = [what.ljust(widths[0]), value.rjust(widths[1])]
        cells += [cell.ljust(width) for cell, width in zip(rest, widths[2:], strict=True)]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text + [f"  {note}" for note in answer.notes])


def _lines(answer: Answer) -> Iterator[tuple[str, str, str, str, str]]:
    yield "what", "value", "unit", "reach", "met"
    for row in answer.rows:
        met = {True: "yes", False: "NO", None: ""}[row.met]
        yield row.what, _number(row.value), row.unit, row.reach or "", met


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4f}" if abs(value) < 0.1 else f"{value:.2f}"


def write(name: str, content: dict[str, Any]) -> Path:
    """Keep ``content`` as ``benchmarks/results/<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path
