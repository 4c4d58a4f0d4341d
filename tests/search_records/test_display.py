"""Durations, shares and paths as people read them."""

from pathlib import Path

import pytest

from search_records.display import display_path, format_duration, format_share


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (42.4, "42s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (185, "3m05s"),
        (3599.6, "1h00m"),
        (7620, "2h07m"),
        (90_000, "25h00m"),
    ],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1e-9, "<1 %"),
        (0.005, "<1 %"),
        (0.014, "1 %"),
        (0.605, "60 %"),
        (0.994, "99 %"),
        (0.996, ">99 %"),
        (1.0, "100 %"),
    ],
)
def test_none_and_all_are_told_of_shares_that_are_so(share: float, text: str) -> None:
    assert format_share(share) == text


def test_a_path_is_as_one_types_it_here() -> None:
    assert display_path(Path.cwd() / "results" / "a") == Path("results/a")
    assert display_path(Path("/elsewhere/a")) == Path("/elsewhere/a")
    assert display_path(Path("results/a")) == Path("results/a")
