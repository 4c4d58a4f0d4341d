"""Grid search: every combination of evenly spaced gene values, counted up like the digits of a number."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from ray.tune.search import Searcher

from search_records.result import MODE
from search_spaces.genes import Gene, SearchSpace
from tune_reflector.searchers.algorithms.base import SCORE, Result
from tune_reflector.searchers.grid import GridSettings


class GridSearcher(Searcher):
    """The feasible points of the grid, the last gene varying fastest; then ``FINISHED``."""

    def __init__(self, space: SearchSpace, settings: GridSettings, seed: int) -> None:
        super().__init__(metric=SCORE, mode=MODE)
        self._space = space
        self._axes = {gene.name: _axis(gene, settings.points_of(gene.name)) for gene in space.genes}
        self._size = settings.most_candidates(space)
        self._index = 0

    def suggest(self, trial_id: str) -> dict[str, Any] | str:
        while self._index < self._size:
            genes = self._point(self._index)
            self._index += 1
            if self._space.violation(genes) == 0:
                return genes
        return str(Searcher.FINISHED)

    def _point(self, index: int) -> dict[str, float]:
        digits = []
        for axis in reversed(self._axes.values()):
            index, digit = divmod(index, len(axis))
            digits.append(digit)
        return {name: axis[digit] for (name, axis), digit in zip(self._axes.items(), reversed(digits), strict=True)}

    def on_trial_complete(self, trial_id: str, result: Result | None = None, error: bool = False) -> None:
        """Nothing is learned from a result."""

    def save(self, checkpoint_path: str) -> None:
        Path(checkpoint_path).write_text(json.dumps({"index": self._index}), encoding="utf-8")

    def restore(self, checkpoint_path: str) -> None:
        self._index = json.loads(Path(checkpoint_path).read_text(encoding="utf-8"))["index"]


def _axis(gene: Gene, points: int) -> list[float]:
    return [gene.denormalize(share) for share in (np.linspace(0, 1, points) if points > 1 else [0.5])]
