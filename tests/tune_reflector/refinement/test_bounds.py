"""Refinement by tighter bounds: a searcher in each neighbourhood, which take turns."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray.tune.search import Searcher

from search_spaces.neighbourhood import distance
from trainables.problem import PlacementProblem
from tune_reflector.refinement.bounds import BoundsRefinement
from tune_reflector.searchers.ga import GaSettings
from tune_reflector.searchers.random import RandomSettings

SPACE = PlacementProblem().site().space


def sample(seed: int) -> dict[str, float]:
    return SPACE.sample(np.random.default_rng(seed))


def tell(searcher: Searcher, trial_id: str, genes: dict[str, float]) -> None:
    score = -50.0 - 30 * distance(SPACE, genes, sample(1))
    searcher.on_trial_complete(trial_id, {"score": score, "complete": True, "training_iteration": 2, "rung": 2})


def refiner(settings: BoundsRefinement) -> Searcher:
    return settings.build(SPACE, [sample(1), sample(2), sample(3)], seed=0)


@pytest.mark.parametrize("inner", [None, RandomSettings(), GaSettings(population=4)], ids=["default", "random", "ga"])
def test_neighbourhoods_take_turns_and_hold_their_bounds(inner: Any, tmp_path: Path) -> None:
    settings = BoundsRefinement(margin=0.05, **({"searcher": inner} if inner else {}))
    searcher = refiner(settings)
    shares = [[gene.normalize(sample(seed)[gene.name]) for gene in SPACE.genes] for seed in (1, 2, 3)]
    for i in range(45):
        genes = searcher.suggest(f"t{i}")
        assert isinstance(genes, dict)
        centre = shares[i % 3]
        for gene, middle in zip(SPACE.genes, centre, strict=True):
            assert abs(gene.normalize(genes[gene.name]) - middle) <= 0.05 + 1e-9
        tell(searcher, f"t{i}", genes)
    searcher.save(str(tmp_path / "state"))
    again = refiner(settings)
    again.restore(str(tmp_path / "state"))
    for i in range(45, 51):
        assert again.suggest(f"t{i}") == searcher.suggest(f"t{i}")


def test_a_neighbourhood_that_waits_is_passed_over() -> None:
    searcher = refiner(BoundsRefinement(searcher=GaSettings(population=2, tournament=2, elites=0)))
    made = {f"t{i}": searcher.suggest(f"t{i}") for i in range(6)}  # a generation of two in each of three
    assert all(made.values())
    assert searcher.suggest("early") is None
    for trial_id in ("t1", "t4"):  # the second one's
        tell(searcher, trial_id, made[trial_id] or {})
    assert isinstance(searcher.suggest("next"), dict)
    searcher.on_trial_complete("stranger", None, error=True)
