"""Grid search: every combination of evenly spaced gene values, counted up like the digits of a number."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ray.tune.search import Searcher

from search_records.result import MODE
from search_spaces.genes import Gene, SearchSpace
from tune_reflector.searchers.algorithms.base import SCORE, Result, repaired
from tune_reflector.searchers.grid import GridSettings


class GridSearcher(Searcher):
    """The feasible points of the grid, the last gene varying fastest; then ``FINISHED``.

    Where not one of them can be built, which is so of a coarse grid and small areas, each is repaired.
    """

    def __init__(self, space: SearchSpace, settings: GridSettings, seed: int) -> None:
        super().__init__(metric=SCORE, mode=MODE)
        self._space = space
        self._axes = {gene.name: _axis(gene, settings.points_of(gene.name)) for gene in space.genes}
        self._size = settings.most_candidates(space)
        self._index = 0
        self._any_feasible = False
        self._repairing = False

    def suggest(self, trial_id: str) -> dict[str, float] | str:
        while self._index < self._size and not self._repairing:
            genes = self._point(self._index)
            blamed = self._space.blamed(genes)
            self._index = self._next(self._index, blamed)
            if not blamed:
                self._any_feasible = True
                return genes
        if not self._any_feasible and not self._repairing:
            self._repairing, self._index = True, 0
        if not self._repairing or self._index == self._size:
            return str(Searcher.FINISHED)
        self._index += 1
        return repaired(self._space, self._point(self._index - 1))

    def _next(self, index: int, blamed: Sequence[str]) -> int:
        """The next point at which one of the blamed genes is another; those between have the same fault."""
        names = list(self._axes)
        last = max((names.index(name) for name in blamed), default=len(names) - 1)
        stride = math.prod(len(self._axes[name]) for name in names[last + 1 :])
        return (index // stride + 1) * stride

    def _point(self, index: int) -> dict[str, float]:
        digits = []
        for axis in reversed(self._axes.values()):
            index, digit = divmod(index, len(axis))
            digits.append(digit)
        return {name: axis[digit] for (name, axis), digit in zip(self._axes.items(), reversed(digits), strict=True)}

    def on_trial_complete(self, trial_id: str, result: Result | None = None, error: bool = False) -> None:
        """Nothing is learned from a result."""

    def save(self, checkpoint_path: str) -> None:
        Path(checkpoint_path).write_text(json.dumps(self._state()), encoding="utf-8")

    def restore(self, checkpoint_path: str) -> None:
        state = json.loads(Path(checkpoint_path).read_text(encoding="utf-8"))
        self._index = state["index"]
        self._any_feasible, self._repairing = state.get("any_feasible", True), state.get("repairing", False)

    def _state(self) -> dict[str, Any]:
        return {"index": self._index, "any_feasible": self._any_feasible, "repairing": self._repairing}


def _axis(gene: Gene, points: int) -> list[float]:
    return [gene.denormalize(share) for share in (np.linspace(0, 1, points) if points > 1 else [0.5])]
