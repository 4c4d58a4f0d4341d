"""The gradient trial: it climbs, what it reports belongs together, and a checkpoint goes on as it would have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_records.result import COPY
from search_spaces.neighbourhood import distance
from trainables import checkpoint
from trainables.evaluator import PlacementEvaluator
from trainables.gradient import GradientTrainable
from trainables.problem import PlacementProblem
from trainables.settings.base import PopulationLife
from trainables.settings.gradient import GradientSettings
from tune_reflector.execution.local_loop import in_process

pytestmark = pytest.mark.slow

RUNGS = (4_000, 20_000)
PROBLEM = PlacementProblem.model_validate({"fidelity": {"rungs": RUNGS}})
SPACE = PROBLEM.site().space
ASCENT = GradientSettings.model_validate(
    {
        "steps": 12,
        "path_rays_per_ap": 2_000,
        "points": 8,
        "learning_rate": {"low": 0.001, "high": 0.5},
        "plate_learning_rate": 0.02,
    }
)


def make(settings: GradientSettings, population: PopulationLife | None = None) -> GradientTrainable:
    return in_process(GradientTrainable).for_problem(PROBLEM, settings=settings, population=population)(start(0))


@pytest.fixture(scope="module")
def trial(corridor: PlacementEvaluator) -> Iterator[GradientTrainable]:
    """Loaded after ``corridor``: once another scene is loaded, every step of an older one compiles kernels.

    So the tests that make trials of their own come after those that share this one.
    """
    trial = make(ASCENT)
    yield trial
    trial.stop()


def start(seed: int, **settings: float) -> dict[str, float]:
    return SPACE.sample(np.random.default_rng(seed)) | {"learning_rate": 0.02} | settings


def climb(trial: GradientTrainable, config: dict[str, Any], steps: int = 12) -> list[dict[str, Any]]:
    trial.reset(config)
    return [trial.train() for _ in range(steps)]


def genes(result: dict[str, Any]) -> dict[str, float]:
    return {gene.name: result[gene.name] for gene in SPACE.genes}


def test_it_climbs(trial: GradientTrainable) -> None:
    """From four starts at random the mean gain over the start is decibels, and nothing is lost on the way."""
    gains = []
    for seed in range(4):
        results = climb(trial, start(seed), 8)
        scores = [result["p5_rss_dbm"] for result in results]
        assert scores == sorted(scores)
        gains.append(scores[-1] - results[0]["step_p5_rss_dbm"])
    assert np.mean(gains) > 2.0


def test_the_reported_score_belongs_to_the_reported_genes(
    trial: GradientTrainable, corridor: PlacementEvaluator
) -> None:
    *_, last = climb(trial, start(1), 6)
    assert SPACE.violation(genes(last)) == 0
    placement = SPACE.decode(genes(last))
    merged = corridor.trace(placement, RUNGS[0]).merged(corridor.trace(placement, RUNGS[1]))
    assert last["p5_rss_dbm"] == pytest.approx(corridor.score(merged).value, abs=0.01)
    assert last["p5_rss_dbm"] >= last["step_p5_rss_dbm"]
    assert last["rung"] == 2


def test_rays_are_counted_as_announced(trial: GradientTrainable) -> None:
    results = climb(trial, start(2), 3)
    assert [result["rays_per_ap"] for result in results] == list(ASCENT.rays_per_ap(RUNGS)[:3])


def test_every_step_can_be_built_however_long_it_is(trial: GradientTrainable) -> None:
    """Steps of half the range lead out of everything; the trial stays inside and goes on."""
    trial.reset(start(3, learning_rate=0.5))
    visited = []
    for _ in range(6):
        trial.train()
        visited.append(dict(trial._placed))
        assert SPACE.violation(trial._placed) == 0
        assert all(gene.low <= trial._placed[gene.name] <= gene.high for gene in SPACE.genes)
    assert visited[0] != visited[-1]


def test_a_step_is_as_long_as_the_learning_rate_says(trial: GradientTrainable) -> None:
    """Adam's first step moves every gene that has a slope by its rate, in shares of the range."""
    config = start(1, learning_rate=0.01)
    trial.reset(config)
    trial.train()
    for gene in SPACE.genes:
        moved = abs(gene.normalize(trial._placed[gene.name]) - gene.normalize(config[gene.name]))
        rate = 0.01 if gene.kind in ("position", "direction") else 0.02
        assert moved == pytest.approx(rate, rel=0.01) or moved == 0
    assert distance(SPACE, trial._placed, config) > 0.005


def test_the_same_start_climbs_the_same_way(trial: GradientTrainable) -> None:
    first, again = climb(trial, start(1), 4), climb(trial, start(1), 4)
    assert genes(first[-1]) == pytest.approx(genes(again[-1]), abs=1e-3)


def test_a_checkpoint_goes_on_as_the_trial_would_have(trial: GradientTrainable, tmp_path: Path) -> None:
    climb(trial, start(1), 3)
    trial.save(str(tmp_path))
    expected = [trial.train() for _ in range(3)]
    trial.reset(start(1))
    trial.restore(str(tmp_path))
    resumed = [trial.train() for _ in range(3)]
    for one, other in zip(expected, resumed, strict=True):
        assert genes(one) == pytest.approx(genes(other), abs=1e-3)
        assert one["p5_rss_dbm"] == pytest.approx(other["p5_rss_dbm"], abs=0.05)
        assert one["rays_per_ap"] == other["rays_per_ap"]
    assert len(checkpoint.read(tmp_path)) > 5
    assert (tmp_path / checkpoint.FILE).stat().st_size < 50_000


def test_a_stated_rung_scores_every_step(corridor: PlacementEvaluator) -> None:
    trial = make(GradientSettings(steps=2, rung=1, path_rays_per_ap=2_000, points=8))
    result = climb(trial, start(1), 1)[0]
    trial.stop()
    score = corridor.score(corridor.trace(SPACE.decode(genes(result)), RUNGS[0]))
    assert result["p5_rss_dbm"] == pytest.approx(score.value, abs=0.01)
    assert result["rung"] == 1


def test_a_copy_takes_over_the_way_and_keeps_its_own_settings(tmp_path: Path) -> None:
    """As population-based training does it: another's checkpoint, a configuration of one's own, and a shake."""
    trial = make(ASCENT, PopulationLife(interval=3, generations=4, jitter=0.01))
    donor = climb(trial, start(1), 3)[-1]
    where = dict(trial._placed)
    trial.save(str(tmp_path))

    copy = start(2, learning_rate=0.3) | {COPY: 7}
    trial.reset(copy)
    trial.restore(str(tmp_path))
    assert 0 < distance(SPACE, trial._placed, where) < 0.05
    assert trial._optimizer["access_points"]._learning_rate == 0.3
    memory = checkpoint.read(tmp_path)
    for part, optimizer in trial._optimizer.items():
        for name, value in optimizer.state().items():
            np.testing.assert_array_equal(value, memory[f"{part}_{name}"])
    shaken = dict(trial._placed)
    assert trial.train()["p5_rss_dbm"] >= donor["p5_rss_dbm"]
    trial.save(str(tmp_path / "later"))
    later = dict(trial._placed)

    trial.reset(copy)
    trial.restore(str(tmp_path / "later"))  # paused and resumed: the same shake, not another
    assert trial._placed == pytest.approx(later)
    trial.reset(copy)
    trial.restore(str(tmp_path))
    assert trial._placed == pytest.approx(shaken)
    trial.stop()


def test_an_infeasible_start_is_scored_without_tracing(trial: GradientTrainable) -> None:
    first, second = (gene for gene in SPACE.genes if gene.name in ("x1", "x2"))
    config = start(1) | {"x1": first.low, "x2": second.low, "y1": 1.0, "y2": 1.0}
    (result,) = climb(trial, config, 1)
    assert (result["feasible"], result["done"], result["rays_per_ap"]) == (False, True, 0)


def test_without_a_plate_the_access_points_climb_alone() -> None:
    problem = PROBLEM.model_copy(update={"reflector": None})
    space = problem.site().space
    trainable = in_process(GradientTrainable).for_problem(problem, settings=ASCENT)
    trial = trainable(space.sample(np.random.default_rng(1)) | {"learning_rate": 0.02})
    results = [trial.train() for _ in range(6)]
    trial.stop()
    assert results[-1]["p5_rss_dbm"] > results[0]["step_p5_rss_dbm"]


def test_access_points_on_walls_climb_those_on_spots_stay_and_those_that_are_there_are_turned() -> None:
    spots = {"kind": "points", "points_m": [[2, 1], [6, 3], [10, 1]]}
    there = {"position_m": [4, 2, 2.5], "turn": True}
    aps = {"count": 2, "mount": {"kind": "wall"}, "each": [{}, {"mount": spots}], "fixed": [there]}
    problem = PlacementProblem.model_validate(
        {"fidelity": {"rungs": RUNGS[:1]}, "access_points": aps, "reflector": None, "objective": {"combine": "total"}}
    )
    begin = problem.site().space.sample(np.random.default_rng(1))
    trial = in_process(GradientTrainable).for_problem(problem, settings=ASCENT)(begin | {"learning_rate": 0.02})
    trial.train()
    moved = {name for name, value in trial._placed.items() if value != begin[name]}
    trial.stop()
    assert moved == begin.keys() - {"spot2"}
