"""Risk: the conditional value at risk by its other definition, and between what bounds it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.objectives.risk import cvar

SCORES = st.lists(st.floats(-150, 0), min_size=1, max_size=20)
SHARES = st.floats(0.01, 1)


@given(SCORES, SHARES)
def test_cvar_is_the_largest_of_what_its_definition_bounds(scores: list[float], share: float) -> None:
    """By Rockafellar and Uryasev's other route: max over t of t - E[(t - x)+] / share, attained at one of the x."""
    values = np.array(scores)
    bounds = [t - np.maximum(t - values, 0).mean() / share for t in values]
    assert cvar(values, share) == pytest.approx(max(bounds), abs=1e-9)


@given(SCORES, SHARES, SHARES)
def test_cvar_lies_between_the_worst_and_the_mean(scores: list[float], share: float, other: float) -> None:
    assert cvar(scores, 1.0) == pytest.approx(np.mean(scores))
    assert cvar(scores, 1 / len(scores)) == pytest.approx(min(scores))
    low, high = sorted((share, other))
    assert min(scores) - 1e-9 <= cvar(scores, low) <= cvar(scores, high) + 1e-9
    assert cvar([score + 3 for score in scores], share) == pytest.approx(cvar(scores, share) + 3)
