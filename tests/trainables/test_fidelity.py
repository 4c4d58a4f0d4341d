"""Fidelity: the rungs are told as they are given, and refused where two would trace the same lattice."""

from typing import ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trainables.fidelity import FidelitySettings, ListedRungs
from trainables.problem import PlacementProblem


def test_the_rungs_are_those_that_are_listed() -> None:
    assert ListedRungs().rays_per_ap() == (30_000, 100_000)
    assert ListedRungs(rungs=(7, 20, 300)).rays_per_ap() == (7, 20, 300)
    problem = PlacementProblem.model_validate({"fidelity": {"rungs": [1_000, 2_000]}})
    assert problem.fidelity == ListedRungs(rungs=(1_000, 2_000))
    assert problem.rungs == (1_000, 2_000)


def test_a_single_rung_is_a_fidelity() -> None:
    assert ListedRungs(rungs=(1,)).rays_per_ap() == (1,)


@pytest.mark.parametrize(
    ("rungs", "rule"),
    [
        ((), "at least 1 item"),
        ((0,), "positive"),
        ((-5, 10), "positive"),
        ((10, 10), "rise by 5 %"),
        ((20, 10), "rise by 5 %"),
        ((10, 20, 15), "rise by 5 %"),
        ((10.5, 20), "valid integer"),
    ],
)
def test_rungs_that_do_not_rise_are_refused(rungs: tuple[float, ...], rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        ListedRungs.model_validate({"rungs": rungs})


@given(st.integers(100, 10**8), st.integers(100, 10**8))
def test_the_next_rung_has_at_least_5_percent_more_rays(first: int, second: int) -> None:
    if 100 * second >= 105 * first:
        assert ListedRungs(rungs=(first, second)).rays_per_ap() == (first, second)
    else:
        with pytest.raises(ValidationError, match=rf"5 %.*\[{first}, {second}\]; spread"):
            ListedRungs(rungs=(first, second))


@pytest.mark.parametrize("second", [104_999, 105_000])
def test_exactly_5_percent_are_enough(second: int) -> None:
    if second < 105_000:
        with pytest.raises(ValidationError, match="5 %"):
            ListedRungs(rungs=(100_000, second))
    else:
        assert ListedRungs(rungs=(100_000, second)).rays_per_ap() == (100_000, second)


class Doubling(FidelitySettings):
    """Another kind: every kind's rungs are checked, however it makes them."""

    kind: Literal["doubling"] = "doubling"
    default_kind: ClassVar[str] = "doubling"
    first: int = 1_000
    count: int = 3

    def rays_per_ap(self) -> tuple[int, ...]:
        return tuple(self.first * 2**number for number in range(self.count))


def test_the_rungs_of_another_kind_are_checked_as_well() -> None:
    assert Doubling().rays_per_ap() == (1_000, 2_000, 4_000)
    assert PlacementProblem(fidelity=Doubling()).rungs == (1_000, 2_000, 4_000)
    for wrong in ({"first": 0}, {"count": 0}):
        with pytest.raises(ValidationError, match="rungs must be positive"):
            Doubling.model_validate(wrong)


def test_the_family_alone_is_no_fidelity() -> None:
    with pytest.raises(ValidationError, match="unknown_kind"):
        PlacementProblem.model_validate({"fidelity": {"kind": "magic"}})
    assert list(FidelitySettings.kinds()) == ["rungs"]
