"""A second stage starts from the best placements that are apart."""

import numpy as np

from search_records.events import Reported
from search_spaces.neighbourhood import distance
from tests.records import trial_result
from trainables.problem import PlacementProblem
from tune_reflector.refinement.bounds import BoundsRefinement
from tune_reflector.refinement.starts import distinct_starts

SPACE = PlacementProblem().site().space


def sample(seed: int) -> dict[str, float]:
    return SPACE.sample(np.random.default_rng(seed))


def reported(genes: dict[str, float], value: float, rung: int = 2, feasible: bool = True) -> Reported:
    return Reported("t", rung, 1.0, rung == 2, trial_result(value, rung, genes=genes, feasible=feasible))


def test_starts_are_the_best_that_are_apart() -> None:
    best, second, third = sample(1), sample(2), sample(3)
    twin = SPACE.shaken(best, 0.001, np.random.default_rng(0))
    results = [
        reported(third, -70.0),
        reported(twin, -50.5),
        reported(best, -50.0),
        reported(sample(4), -10.0, rung=1),
        reported(sample(5), -20.0, feasible=False),
        reported(second, -60.0),
    ]
    settings = BoundsRefinement(candidates=2, distance=0.05)
    assert distinct_starts(results, SPACE, settings) == [best, second]
    assert distinct_starts(results, SPACE, BoundsRefinement(candidates=2, distance=0)) == [best, twin]
    everything = distinct_starts(results, SPACE, BoundsRefinement(candidates=9, distance=0.05))
    assert everything[:3] == [best, second, third]
    assert all(distance(SPACE, a, b) >= 0.05 for i, a in enumerate(everything) for b in everything[:i])
    assert distinct_starts([], SPACE, settings) == []
