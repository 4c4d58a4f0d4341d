"""Rows: what holds, what fails, what is known."""

import math

import pytest

from trainables.validation.row import Row


def row(got: float, known: bool = False) -> Row:
    return Row("mean", -50.0, got, "dBm", 0.5, "a book", known=known)


@pytest.mark.parametrize(("got", "verdict"), [(-50.5, "ok"), (-49.5, "ok"), (-50.51, "FAILED"), (-49.4, "FAILED")])
def test_a_row_holds_within_what_is_allowed(got: float, verdict: str) -> None:
    assert row(got).verdict == verdict


@pytest.mark.parametrize("got", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_holds(got: float) -> None:
    assert not row(got).holds


def test_what_is_known_to_be_off_fails_nothing_and_is_ok_once_it_agrees() -> None:
    assert row(-60.0, known=True).verdict == "known"
    assert row(-50.0, known=True).verdict == "ok"
