"""Scores in several worlds: each the world's own, put together by the conditional value at risk."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from search_records.result import RSS_MAP
from trainables.evaluator import PlacementEvaluator
from trainables.gradient import GradientTrainable
from trainables.placement import PlacementTrainable
from trainables.problem import PlacementProblem
from trainables.robust_evaluator import RobustEvaluator
from trainables.settings.gradient import GradientSettings
from trainables.settings.placement import PlacementSettings
from trainables.trial_plan import TrialPlan
from trainables.variants.aim import AimSettings
from trainables.variants.base import AS_MODELLED, Worlds
from trainables.variants.rough_walls import RoughWalls
from tune_reflector.config.config_file import load_config
from tune_reflector.execution.local_loop import in_process

RUNGS = (2_000, 4_000)
PROBLEM = PlacementProblem.model_validate({"fidelity": {"rungs": RUNGS}})
SPACE = PROBLEM.site().space
WORLDS = Worlds((*AimSettings(most_deg=10, draws=2).variants(PROBLEM), RoughWalls(0.4)), worst_share=0.5)


@pytest.fixture(scope="module")
def robust() -> RobustEvaluator:
    return RobustEvaluator(PROBLEM, WORLDS)


@pytest.fixture(scope="module")
def trial() -> Iterator[PlacementTrainable]:
    trial = in_process(PlacementTrainable).for_problem(PROBLEM, worlds=WORLDS)(genes(0))
    yield trial
    trial.stop()


def genes(seed: int) -> dict[str, float]:
    return SPACE.sample(np.random.default_rng(seed))


def test_a_score_is_that_of_the_worst_worlds(robust: RobustEvaluator, corridor: PlacementEvaluator) -> None:
    """Each world by an evaluator of its own."""
    placement = SPACE.decode(genes(3))
    traced = robust.trace(placement, 5_000)
    assert traced.rays_per_ap == 4 * 5_000
    alone = [PlacementEvaluator(PROBLEM, variant=variant) for variant in (AS_MODELLED, *WORLDS.variants)]
    placed = [of.variant.placed(placement, of.site) for of in alone]
    maps = [of.trace(there, 5_000) for of, there in zip(alone, placed, strict=True)]
    scores = [corridor.score(of) for of in maps]
    values = [score.value for score in scores]
    assert np.ptp(values) > 0.5
    score = robust.score(traced)
    assert score.value == pytest.approx(cvar_of_the_worst_half(values), abs=0.02)
    worst = np.argsort(values)[:2]
    assert score.coverage == pytest.approx(np.mean([scores[n].coverage for n in worst]), abs=0.01)
    assert score.feasible is True
    assert robust.modelled_w(traced) == pytest.approx(maps[0].rss_w, rel=1e-3)


def cvar_of_the_worst_half(values: list[float]) -> float:
    return float(np.mean(sorted(values)[: len(values) // 2]))


def test_a_trial_is_scored_in_all_worlds_and_shows_the_map_of_the_model(
    trial: PlacementTrainable, robust: RobustEvaluator
) -> None:
    assert trial.reset(genes(3))
    results = [trial.train() for _ in RUNGS]
    assert [result["rays_per_ap"] for result in results] == [8_000, 24_000]
    maps = [robust.trace(SPACE.decode(genes(3)), rays) for rays in RUNGS]
    merged = maps[0].merged(maps[1])
    assert results[-1]["p5_rss_dbm"] == pytest.approx(robust.score(merged).value, abs=0.02)
    assert results[-1][RSS_MAP] == pytest.approx(robust.modelled_w(merged), rel=1e-3)


def test_a_trial_goes_on_where_it_was_interrupted(trial: PlacementTrainable, tmp_path: Path) -> None:
    trial.reset(genes(4))
    through = [trial.train()["p5_rss_dbm"] for _ in RUNGS]
    trial.reset(genes(4))
    trial.train()
    trial.save_checkpoint(str(tmp_path))
    trial.reset(genes(5))
    trial.train()
    trial.reset(genes(4))
    trial.load_checkpoint(str(tmp_path))
    assert trial.train()["p5_rss_dbm"] == pytest.approx(through[-1], abs=0.02)


def test_an_ascent_counts_the_rays_of_all_worlds() -> None:
    """Those that the plan of its trial foresees."""
    settings = GradientSettings(steps=1, points=4, path_rays_per_ap=2_000)
    ascent = in_process(GradientTrainable).for_problem(PROBLEM, settings=settings, worlds=WORLDS)(
        genes(3) | {"learning_rate": 0.02}
    )
    result = ascent.train()
    ascent.stop()
    plan = TrialPlan(PROBLEM, settings, WORLDS)
    assert (result["rays_per_ap"],) == plan.rays_per_iteration == (2 * 24_000 + 2_000,)


def test_the_plan_of_a_trial_has_the_rays_of_all_worlds() -> None:
    plan = TrialPlan(PROBLEM, PlacementSettings(), WORLDS)
    assert plan.rays_per_iteration == (8_000, 24_000)
    assert TrialPlan(PROBLEM, PlacementSettings()).rays_per_iteration == (2_000, 6_000)
    assert plan.describe().endswith("each score a mean over the worst 50 % of 4 worlds")


def test_a_search_goes_by_the_worst_worlds_only_on_request() -> None:
    assert load_config(None, ["objective.robust={}"]).plan.worlds is None
    worlds = load_config(None, ["objective.robust={search: true, worst_share: 0.3}"]).plan.worlds
    assert worlds is not None
    assert (worlds.count, worlds.worst_share) == (13, 0.3)
