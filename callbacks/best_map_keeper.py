"""Keeps the map of the best placement so far while the search goes on."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ray.tune import Callback

from search_records.best_map import BestMap


class BestMapKeeper(Callback):
    """Keeps the map of the best result so far; results hold one wherever they may be the best.

    Args:
        path: the file.
        genes: columns of a result that make its placement.
        best: rung and score [dBm] of the best result so far, which must be beaten if the map is that of a winner.
    """

    def __init__(self, path: Path, genes: Sequence[str], best: tuple[float, float] | None = None) -> None:
        self._path = path
        self._genes = tuple(genes)
        self._best = best

    def setup(self, *_: Any, **__: Any) -> None:
        kept = BestMap.read(self._path)
        if kept is None:
            self._best = None
        elif math.isfinite(kept.standing[0]):
            self._best = kept.standing

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **_: Any) -> None:
        rss_w = result.pop("rss_w", None)
        standing = (float(result["rung"]), float(result["p5_rss_dbm"]))
        if rss_w is None or (self._best is not None and standing <= self._best):
            return
        self._best = standing
        BestMap({name: float(result[name]) for name in self._genes}, standing, rss_w).write(self._path)
