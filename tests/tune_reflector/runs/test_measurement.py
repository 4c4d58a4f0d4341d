"""Measurements: an error bar holds what it says, of normal scores and of those of traced maps."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.evaluator import PlacementEvaluator
from tune_reflector.config.sections import FinalSettings
from tune_reflector.runs.measurement import FIRST_SAMPLE, SCREENING, error_bar, measure, shown_error


@pytest.mark.parametrize("n", [2, 5, 20])
def test_one_more_normal_score_lies_in_the_bar_with_95_percent(n: int) -> None:
    rng = np.random.default_rng(n)
    scores = rng.normal(-50.0, 0.3, (3_000, n + 1))
    inside = [abs(s[-1] - s[:-1].mean()) <= error_bar(s[:-1].mean(), s[:-1]) for s in scores]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.016)


@given(st.lists(st.floats(-100, 0), min_size=2, max_size=9), st.floats(-100, 0), st.floats(-5, 5))
def test_a_bar_reaches_over_the_mean_of_the_samples_and_moves_with_them(
    singles: list[float], value: float, shift: float
) -> None:
    error = error_bar(value, singles)
    assert error >= abs(value - np.mean(singles)) - 1e-9
    assert error == pytest.approx(error_bar(value + shift, np.add(singles, shift)), abs=1e-6)


@given(st.floats(0, 100))
def test_no_bar_reads_zero_or_less_than_it_is(error: float) -> None:
    shown = shown_error(error)
    assert shown >= max(0.1, error - 1e-12)
    assert shown <= max(0.1, error + 0.1 + 1e-9)
    assert f"{shown:.1f}" != "0.0"
    assert math.isclose(10 * shown, round(10 * shown))


@pytest.mark.parametrize("quality", ["poor", "good"])
def test_further_samples_lie_in_the_bar_of_a_traced_placement(corridor: PlacementEvaluator, quality: str) -> None:
    """None of the samples has been used by the search or by another bar."""
    space = corridor.site.space
    drawn = [space.decode(space.sample(np.random.default_rng(seed))) for seed in range(6)]
    drawn.sort(key=lambda placement: corridor.score(corridor.trace(placement, 5_000)).value)
    placement = drawn[0 if quality == "poor" else -1]
    settings = FinalSettings(rays_per_ap=5_000, lattices=5)
    measured = measure(corridor, placement, settings)
    assert measured.traced.rays_per_ap == 5 * 5_000
    maps = [corridor.trace(placement, 5_000, FIRST_SAMPLE + 5 + number) for number in range(24)]
    inside = [abs(corridor.score(traced).value - measured.score.value) <= measured.error for traced in maps]
    assert np.mean(inside) >= 0.75
    assert SCREENING not in range(FIRST_SAMPLE, FIRST_SAMPLE + 5)
    assert SCREENING != 0
