"""What is traced: within the time, with references that are enough, and the maps of a trial to the last ray."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from tune_reflector.calibration.measurement import (
    HIGHEST_RAYS,
    LEAST_TIMES,
    MOST_TIMES,
    Calibration,
    Speed,
    TooSlowError,
    measure,
    plan_rays,
)

RUNGS = st.lists(st.integers(3, 22).map(lambda step: int(1.8**step)), max_size=4, unique=True)
SPEEDS = st.builds(Speed, st.floats(0, 0.1), st.floats(1e-9, 1e-4))


@given(RUNGS, st.floats(0.01, 600), SPEEDS, st.sampled_from([2**32 - 1, 3_000_000]))
@settings(max_examples=300)
def test_a_plan_keeps_to_the_time_and_its_references_are_enough(
    rungs: list[int], seconds: float, speed: Speed, most: int
) -> None:
    try:
        ladder, reference = plan_rays(rungs, seconds, speed, most)
    except TooSlowError:
        ladder, reference = plan_rays(rungs, 1e9, speed, most)
        with pytest.raises(TooSlowError):
            plan_rays(rungs, 0.5 * sum(map(speed.seconds, ladder[:2])), speed, most)
        return
    assert len(ladder) >= 2
    assert all(1.05 * a <= b for a, b in pairwise(ladder))
    assert LEAST_TIMES * ladder[-1] <= reference <= min(MOST_TIMES * ladder[-1], most)
    assert sum(map(speed.seconds, ladder)) + 2 * speed.seconds(reference) <= seconds * (1 + 1e-9)
    assert set(ladder) >= {rays for rays in rungs if rays <= ladder[-1]}


def test_with_time_the_ladder_doubles_and_holds_the_rungs() -> None:
    ladder, _ = plan_rays([30_000, 100_000], 1e9, Speed(0.01, 1e-7))
    assert ladder[:6] == (10_000, 20_000, 30_000, 40_000, 100_000, 160_000)  # 80,000 is 100,000, all but
    assert ladder[-1] == HIGHEST_RAYS


@pytest.fixture(scope="module")
def small() -> PlacementProblem:
    return PlacementProblem.model_validate(
        {
            "receivers": {"cell_size_m": 2},
            "radio": {"max_depth": 2},
            "access_points": {"count": 1, "areas": [[[16.5, 0.5], [19.5, 0.5], [19.5, 19.5], [16.5, 19.5]]]},
            "reflector": None,
            "objective": {"quantile": 0.5},
            "fidelity": {"rungs": [1_000, 4_000]},
        }
    )


@pytest.fixture(scope="module")
def calibration(small: PlacementProblem) -> Calibration:
    return measure(PlacementEvaluator(small), small.rungs, 3.0, 7, lambda text: None, num_placements=4)


def test_a_climb_is_that_of_a_trial(small: PlacementProblem, calibration: Calibration) -> None:
    """The same rungs, traced and merged again."""
    assert calibration.ladder[:2] == small.rungs
    evaluator = PlacementEvaluator(small)
    first, second = calibration.climb(small.rungs)
    assert (first.rays_per_ap, second.rays_per_ap) == (1_000, 5_000)
    for number, placement in enumerate(calibration.placements):
        coarse, fine = (evaluator.trace(placement, rays) for rays in small.rungs)
        assert first.scores[number] == pytest.approx(evaluator.score(coarse).value, abs=1e-3)
        assert second.scores[number] == pytest.approx(evaluator.score(coarse.merged(fine)).value, abs=1e-3)


def test_references_are_two_samples_that_no_search_uses_and_both_together(
    small: PlacementProblem, calibration: Calibration
) -> None:
    evaluator, rays = PlacementEvaluator(small), calibration.reference_rays_per_ap
    assert rays >= LEAST_TIMES * calibration.ladder[-1]
    assert len(calibration.placements) == len(calibration.reference) >= 2
    for number, placement in enumerate(calibration.placements):
        search, one, other = (evaluator.trace(placement, rays, sample) for sample in range(3))
        assert [scores[number] for scores in calibration.references] == pytest.approx(
            [evaluator.score(one).value, evaluator.score(other).value], abs=1e-3
        )
        assert calibration.reference[number] == pytest.approx(evaluator.score(one.merged(other)).value, abs=1e-3)
        assert not np.allclose(search.rss_w, one.rss_w, rtol=1e-3, atol=0)
