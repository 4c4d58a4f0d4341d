"""The estimate counts everything that a run traces, and nothing that it does not."""

import os
from typing import Any

import pytest

from trainables.evaluator import PlacementEvaluator
from trainables.variants.base import all_variants
from tune_reflector.config.config_file import validate
from tune_reflector.experiment import estimate

BARE = {
    "launch": "local",
    "budget": {"trials": 40},
    "final": {"variants": [], "second_opinion": False, "candidates": 3, "lattices": 4, "rays_per_ap": 10_000},
    "report": {"every_s": None, "figures": False},
    "counterfactual": {"kinds": []},
}

S_PER_RAY = 1e-3
"""So slow that only rays matter."""


def run_s(evaluator: PlacementEvaluator, **changes: Any) -> float:
    merged = {**BARE, **changes}
    merged["final"] = {**BARE["final"], **changes.get("final", {})}  # type: ignore[dict-item]
    return estimate.run_s(validate(merged), evaluator, S_PER_RAY, 1)


def share(evaluator: PlacementEvaluator) -> float:
    """Of the time of one thread, that all cores take."""
    return 1.0 if evaluator.backend.name == "cuda" else 1 / len(os.sched_getaffinity(0))


def test_a_bare_run_is_its_trials_and_the_measurement_of_the_winner(corridor: PlacementEvaluator) -> None:
    config = validate(BARE)
    rays = 40 * sum(config.rungs)
    measured = (3 + 4) * 10_000
    expected = 40 * estimate.OVERHEAD_S + S_PER_RAY * (rays + share(corridor) * measured)
    assert run_s(corridor) == pytest.approx(expected)


def test_what_is_told_beside_the_winner_is_traced(corridor: PlacementEvaluator) -> None:
    bare, part = run_s(corridor), S_PER_RAY * share(corridor)
    same = run_s(corridor, counterfactual={"kinds": ["same_access_points"]})
    assert same - bare == pytest.approx(part * 4 * 10_000)
    searched = validate(BARE | {"counterfactual": {"kinds": ["best_without_reflector"]}})
    other = searched.searched_instead("best_without_reflector")
    assert other is not None
    again = run_s(corridor, counterfactual={"kinds": ["best_without_reflector"]})
    trials_s = estimate.search_s(searched, S_PER_RAY, 1) - estimate.search_s(validate(BARE), S_PER_RAY, 1)
    assert again - bare == pytest.approx(trials_s + part * 7 * 10_000 + estimate.SCENE_S)


def test_variants_are_traced_for_the_winner_and_its_rivals(corridor: PlacementEvaluator) -> None:
    config = validate({})
    worlds = all_variants(config.final.variants, config)
    added = run_s(corridor, final={"variants": [v.model_dump() for v in config.final.variants]}) - run_s(corridor)
    rays = (len(worlds) + 1) * 3 * config.final.variant_rays_per_ap
    scenes = sum(world.rebuilds for world in worlds)
    assert added == pytest.approx(S_PER_RAY * share(corridor) * rays + estimate.SCENE_S * scenes)


def test_ray_starts_once_for_every_stage(corridor: PlacementEvaluator) -> None:
    alone, refined = (run_s(corridor, **more) for more in ({}, {"refine": {"candidates": 2}}))
    started = [run_s(corridor, launch="ray", **more) for more in ({}, {"refine": {"candidates": 2}})]
    assert started[0] - alone == pytest.approx(estimate.START_S)
    assert started[1] - refined == pytest.approx(2 * estimate.START_S)
