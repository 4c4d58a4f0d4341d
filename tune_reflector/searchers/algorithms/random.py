"""Random search: candidate ``k`` depends on the seed and on ``k`` alone.

So the search is the same for any number of workers, and resumes from one number.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from ray.tune.search import Searcher

from search_records.result import MODE
from search_spaces.genes import SearchSpace
from tune_reflector.searchers.algorithms.base import SCORE, Result
from tune_reflector.searchers.random import RandomSettings


class RandomSearcher(Searcher):
    """Uniform, feasible placements."""

    def __init__(self, space: SearchSpace, settings: RandomSettings, seed: int) -> None:
        super().__init__(metric=SCORE, mode=MODE)
        self._space = space
        self._seed = seed
        self._index = 0

    def suggest(self, trial_id: str) -> dict[str, Any]:
        number = self._index
        self._index += 1
        if number < len(starts := self._space.starts):
            return dict(starts[number])
        return self._space.sample(np.random.default_rng([self._seed, number]))

    def on_trial_complete(self, trial_id: str, result: Result | None = None, error: bool = False) -> None:
        """Nothing is learned from a result."""

    def save(self, checkpoint_path: str) -> None:
        Path(checkpoint_path).write_text(json.dumps({"index": self._index}), encoding="utf-8")

    def restore(self, checkpoint_path: str) -> None:
        self._index = json.loads(Path(checkpoint_path).read_text(encoding="utf-8"))["index"]
