"""Where a search stands: rays so far, and the best score so far. Free of Ray."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from search_records.rows import Key, Row


class RunningBest:
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

    @property
    def best_at(self) -> tuple[float, float] | None:
        """Rung of the best score so far, and the score."""
        return self._best

    def count(self, key: Key, values: Mapping[str, Any]) -> None:
        """Take a result into account, once."""
        if key in self._counted:  # its trial was set back to an earlier iteration
            return
        self._counted.add(key)
        self.rays_per_ap += float(values["iteration_rays_per_ap"])
        if values["rung"] >= self._top_rung and values["feasible"] and math.isfinite(values[self._metric]):
            score = (float(values["rung"]), float(values[self._metric]))
            self._best = max(self._best or score, score)
