"""Agreement of scores: tau counts pairs, and what is thrown away is counted one by one."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tune_reflector.calibration.agreement import Scores, agreement, lost_share

SCORES = st.integers(2, 30).flatmap(
    lambda n: st.tuples(*[hnp.arrays(np.float64, n, elements=st.floats(-200, 0), unique=True)] * 2)
)


@given(SCORES)
@settings(max_examples=200)
def test_tau_is_the_share_of_pairs_that_agree_less_those_that_do_not(pair: tuple[Scores, Scores]) -> None:
    signs = [
        np.sign(a[i] - a[j]) * np.sign(b[i] - b[j])
        for a, b in [pair]
        for i, j in itertools.combinations(range(len(a)), 2)
    ]
    assert agreement(*pair).tau == pytest.approx(np.mean(signs), abs=1e-12)


@given(SCORES, st.floats(-30, 30), st.floats(0.1, 5))
@settings(max_examples=100)
def test_a_shift_is_bias_and_leaves_the_ranks_alone(pair: tuple[Scores, Scores], shift: float, stretch: float) -> None:
    scores, reference = pair
    found, moved = agreement(scores, reference), agreement(scores + shift, reference)
    assert moved.bias == pytest.approx(found.bias + shift, abs=1e-9)
    assert moved.rms**2 - moved.bias**2 == pytest.approx(found.rms**2 - found.bias**2, abs=1e-6)
    if len(set((np.round(scores, 6)).tolist())) == len(scores):
        assert agreement(stretch * scores, reference).tau == pytest.approx(found.tau)


def test_scores_that_rank_nothing_have_no_tau() -> None:
    assert math.isnan(agreement(np.full(5, -120.0), np.arange(5.0)).tau)


def test_lost_are_the_best_that_do_not_go_on() -> None:
    """Ten placements, of which the best fifth by the reference is the last two; by scores they come first and fifth."""
    reference = np.arange(10.0)
    scores = np.array([9.0, 8.0, 7.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0])
    assert lost_share(scores, reference, 0.4) == pytest.approx(0.5)
    assert lost_share(scores, reference, 0.5) == 0
    assert lost_share(scores, reference, 1e-3) == pytest.approx(0.5)  # one goes on at least


@given(SCORES, st.floats(0.2, 1))
@settings(max_examples=100)
def test_a_perfect_rung_loses_nothing_and_so_does_one_that_stops_none(pair: tuple[Scores, Scores], kept: float) -> None:
    scores, reference = pair
    assert lost_share(reference, reference, kept) == 0
    assert lost_share(scores, reference, 1.0) == 0
    assert 0 <= lost_share(scores, reference, kept) <= 1
