"""Keeps the map of the best placement so far while the search goes on."""

from pathlib import Path
from typing import Any

from ray.tune import Callback

from search_records.best_map import BestMap
from search_records.result import RSS_MAP, RankedScore, ResultColumns


class BestMapKeeper(Callback):
    """Keeps the map of the best result so far; results hold one wherever they may be the best.

    Args:
        path: the file.
        columns: of the results.
        shape: of their maps, ``[num_ap, num_cells]``.
        best: score of the best result so far, which must be beaten if the map is that of a winner.
    """

    def __init__(
        self, path: Path, columns: ResultColumns, shape: tuple[int, int], best: RankedScore | None = None
    ) -> None:
        self._path = path
        self._columns = columns
        self._shape = shape
        self._best = best

    def setup(self, *_: Any, **__: Any) -> None:
        kept = BestMap.read(self._path, self._shape)
        if kept is None:
            self._best = None
        elif not kept.ranked.measured:
            self._best = kept.ranked

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **_: Any) -> None:
        rss_w = result.pop(RSS_MAP, None)
        if rss_w is None:
            return
        kept = self._columns.parse(result)
        if self._best is not None and kept.ranked <= self._best:
            return
        self._best = kept.ranked
        BestMap({name: float(kept.genes[name]) for name in self._columns.genes}, kept.ranked, rss_w).write(self._path)
