"""CMA-ES climbs again and again; what belongs to one climb does not leak into the next."""

from typing import Any

import numpy as np

from trainables.problem import PlacementProblem
from tune_reflector.searchers.algorithms.cmaes import CmaesSearcher
from tune_reflector.searchers.cmaes import CmaesSettings

SPACE = PlacementProblem().site().space


def result(score: float) -> dict[str, Any]:
    return {"score": score, "complete": True, "training_iteration": 3, "rung": 3}


def test_a_climb_that_is_over_does_not_seed_the_next_one() -> None:
    """A worker that is late with the old hill's best must not draw the new climb back to it."""
    searcher = CmaesSearcher(SPACE, CmaesSettings(startup_trials=5, population=4, patience=1), seed=0)
    first = [searcher.suggest(f"t{i}") for i in range(5)]
    for i in range(5):
        searcher.on_trial_complete(f"t{i}", result(-60.0 - i))
    late = searcher.suggest("late")
    for i in range(4):
        searcher.suggest(f"u{i}")
        searcher.on_trial_complete(f"u{i}", result(-70.0))
    # That was a population without a new best: patience is out, the next climb has begun.
    searcher.on_trial_complete("late", result(0.0))
    starts = [searcher.suggest(f"n{i}") for i in range(5)]
    for i in range(5):
        searcher.on_trial_complete(f"n{i}", result(-50.0 - i))
    climb = [searcher.suggest(f"c{i}") for i in range(3)]
    assert mean_distance(climb, starts[0]) < mean_distance(climb, late)
    assert mean_distance(climb, starts[0]) < mean_distance(climb, first[0])


def mean_distance(points: list[dict[str, float]], centre: Any) -> float:
    """In shares of the genes' ranges."""
    return float(np.mean([abs(p[g.name] - centre[g.name]) / (g.high - g.low) for p in points for g in SPACE.genes]))
