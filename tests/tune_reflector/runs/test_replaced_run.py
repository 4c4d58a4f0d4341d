"""A run that is replaced is kept until the other one has its first result, wherever the process dies in between."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from search_records.events import Proposed, SessionBegun
from search_records.journal import Journal
from tests.records import COLUMNS, reported, trial_result
from tune_reflector.runs.replaced_run import ReplacedRun

FOLDER = Path("results/a")
REPLACED = ReplacedRun(FOLDER)


def make(what: str) -> None:
    FOLDER.mkdir(parents=True)
    (FOLDER / "what").write_text(what)


def found() -> str:
    return (FOLDER / "what").read_text()


@pytest.fixture(autouse=True)
def old() -> None:
    make("old")


def test_it_is_gone_with_the_first_result_and_not_before() -> None:
    REPLACED.move_aside()
    make("new")
    for event in (SessionBegun(), Proposed("00000", {"x1": 0.5})):
        REPLACED(event)
        assert REPLACED.kept
    REPLACED(reported("00000", 1, trial_result(-60.0)))
    assert not REPLACED.kept
    assert [path.name for path in FOLDER.parent.iterdir()] == ["a"]
    assert found() == "new"


def test_it_comes_back_if_the_other_one_comes_to_nothing() -> None:
    REPLACED.move_aside()
    make("new")
    REPLACED.put_back()
    assert (found(), REPLACED.kept) == ("old", False)


def _result_is_in_the_journal() -> None:
    make("new")
    journal = Journal(FOLDER / "journal.log", COLUMNS)
    journal.append(reported("00000", 1, trial_result(-60.0)))
    journal.close()


@pytest.mark.parametrize(
    ("until", "then", "kept"),
    [
        (lambda: None, "old", False),
        (lambda: make("new"), "new", True),
        (_result_is_in_the_journal, "new", False),
    ],
    ids=["before there is another", "before its first result", "before it was deleted"],
)
def test_what_a_process_was_killed_before_is_done_later(until: Callable[[], None], then: str, kept: bool) -> None:
    REPLACED.move_aside()
    until()
    REPLACED.recover()
    assert (found(), REPLACED.kept) == (then, kept)


def test_a_second_one_that_comes_to_nothing_does_not_cost_the_first() -> None:
    for _ in range(2):
        REPLACED.move_aside()
        make("new")
    REPLACED.put_back()
    assert found() == "old"


def test_without_one_there_is_nothing_to_do() -> None:
    shutil.rmtree(FOLDER)
    REPLACED.recover()
    REPLACED.move_aside()
    REPLACED.forget()
    assert list(FOLDER.parent.iterdir()) == []
