"""Refinement along the gradient."""

from pathlib import Path

import numpy as np
from ray.tune.search import Searcher

from trainables.problem import PlacementProblem
from tune_reflector.refinement.gradient import GradientRefinement

SPACE = PlacementProblem().site().space


def sample(seed: int) -> dict[str, float]:
    return SPACE.sample(np.random.default_rng(seed))


def test_polishing_tries_each_start_once(tmp_path: Path) -> None:
    starts = [sample(1), sample(2)]
    searcher = GradientRefinement().build(SPACE, starts, seed=0)
    assert searcher.suggest("a") == {**starts[0], "neighbourhood": 0}
    searcher.save(str(tmp_path / "state"))
    again = GradientRefinement().build(SPACE, starts, seed=0)
    again.restore(str(tmp_path / "state"))
    assert again.suggest("b") == {**starts[1], "neighbourhood": 1}
    assert again.suggest("c") == Searcher.FINISHED
