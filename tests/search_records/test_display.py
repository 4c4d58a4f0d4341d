"""Durations and paths as people read them."""

from pathlib import Path

import pytest

from search_records.display import display_path, format_duration


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


def test_a_path_is_as_one_types_it_here() -> None:
    assert display_path(Path.cwd() / "results" / "a") == Path("results/a")
    assert display_path(Path("/elsewhere/a")) == Path("/elsewhere/a")
    assert display_path(Path("results/a")) == Path("results/a")
