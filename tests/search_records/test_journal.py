"""The journal: an event that was written is there for good, and damage is never taken for an event."""

import os
import threading
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_records.events import Event, Failed, Proposed, SessionBegun
from search_records.journal import Journal, JournalError, JournalTail, in_use, read_journal
from tests.records import COLUMNS, reported, trial_result

EVENTS: list[Event] = [reported(f"{n:05d}", 1, trial_result(-n / 3, genes={"x1": n / 3, "y1": 2.0})) for n in range(5)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.log"


def write(path: Path, events: list[Event]) -> None:
    journal = Journal(path, COLUMNS)
    for event in events:
        journal.append(event)
    journal.close()


def test_events_come_back_in_their_order_over_sessions(path: Path) -> None:
    write(path, EVENTS[:2])
    write(path, EVENTS[2:])
    journal = Journal(path, COLUMNS)
    assert (journal.read(), journal.length) == (EVENTS, 5)
    assert read_journal(path, COLUMNS) == EVENTS


def test_an_event_is_in_the_file_as_soon_as_it_is_appended(path: Path) -> None:
    journal = Journal(path, COLUMNS)
    for number, event in enumerate(EVENTS, start=1):
        journal.append(event)
        assert read_journal(path, COLUMNS) == EVENTS[:number]


def test_wherever_a_crash_cuts_the_file_the_events_before_are_whole(path: Path) -> None:
    write(path, EVENTS)
    whole = path.read_bytes()
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        journal = Journal(path, COLUMNS)
        assert journal.read() == EVENTS[: len(journal.read())]
        assert len(journal.read()) == whole[:size].count(b"\n")
        for event in EVENTS[len(journal.read()) :]:
            journal.append(event)
        journal.close()
        assert path.read_bytes() == whole


def test_a_tail_of_zeros_as_a_power_cut_leaves_it_is_cut_off(path: Path) -> None:
    write(path, EVENTS)
    path.write_bytes(path.read_bytes() + b"\0" * 4096 + b"\n" + b"\0" * 10)
    assert Journal(path, COLUMNS).read() == EVENTS


@given(data=st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_byte_is_found_or_changes_nothing(path: Path, data: st.DataObject) -> None:
    """Anywhere but in the last line it is an error; there it may as well have been a crash."""
    path.unlink(missing_ok=True)
    write(path, EVENTS)
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    if position < content.rstrip(b"\n").rfind(b"\n"):
        with pytest.raises(JournalError, match=rf"{path}: line \d is damaged"):
            read_journal(path, COLUMNS)
    else:
        assert read_journal(path, COLUMNS) in (EVENTS[:3], EVENTS[:4])  # the fourth, if it lost its end


def test_a_lost_line_is_found(path: Path) -> None:
    write(path, EVENTS)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))
    with pytest.raises(JournalError, match="line 2 is damaged"):
        Journal(path, COLUMNS)


def test_two_searches_cannot_share_a_journal(path: Path) -> None:
    journal = Journal(path, COLUMNS)
    assert in_use(path)
    with pytest.raises(JournalError, match="in use"):
        Journal(path, COLUMNS)
    for _ in range(2):
        journal.close()
    assert not in_use(path)
    Journal(path, COLUMNS).close()


def test_a_full_disk_is_an_error_and_the_file_is_as_before(path: Path) -> None:
    """``/dev/full`` takes nothing, as a full disk does."""
    path.symlink_to("/dev/full")
    journal = Journal.__new__(Journal)
    journal._path, journal._file, journal._columns = path, path.open("ab", buffering=0), COLUMNS
    journal._size = journal.length = 0
    truncated: list[int] = []
    file = journal._file

    class Full:
        def write(self, data: bytes) -> int:
            return os.write(file.fileno(), data)

        def truncate(self, size: int) -> None:
            truncated.append(size)

    journal._file = Full()  # type: ignore[assignment]
    with pytest.raises(OSError, match="No space left"):
        journal.append(EVENTS[0])
    assert truncated == [0]
    assert journal.length == 0


@pytest.mark.parametrize("step", [7, 200, 10_000])
def test_a_tail_follows_a_journal_that_grows_in_parts(step: int, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever part of a line is there yet."""
    monkeypatch.setattr("search_records.journal.PART", 2)
    with closing(Journal(path, COLUMNS)) as journal:
        for number in range(5):
            journal.append(Proposed(f"{number}", {"x1": 0.5}))
    whole = path.read_bytes()
    path.unlink()
    tail, seen = JournalTail(path, COLUMNS), list[Event]()
    assert list(tail.read()) == []
    for end in (*range(0, len(whole), step), len(whole)):
        path.write_bytes(whole[:end])
        for part in tail.read():
            assert 1 <= len(part) <= 2
            seen += part
    assert seen == read_journal(path, COLUMNS)
    assert list(tail.read()) == []


def test_listeners_are_told_of_what_is_written_while_they_listen(path: Path) -> None:
    first: list[Event] = []
    second: list[Event] = []
    with closing(Journal(path, COLUMNS)) as journal:
        journal.append(SessionBegun())
        with journal.told_to(first.append):
            journal.append(EVENTS[0])
            with suppress(RuntimeError), journal.told_to(second.append):
                journal.append(EVENTS[1])
                raise RuntimeError
            journal.append(EVENTS[2])
        journal.append(EVENTS[3])
    assert first == EVENTS[:3]
    assert second == [EVENTS[1]]


def test_a_listener_finds_in_the_file_what_it_is_told_of(path: Path) -> None:
    found: list[Event] = []
    with closing(Journal(path, COLUMNS)) as journal, journal.told_to(lambda _: found.extend(journal.read())):
        journal.append(EVENTS[0])
    assert found == EVENTS[:1]


def test_numbers_of_numpy_are_written_as_what_they_are(path: Path) -> None:
    with closing(Journal(path, COLUMNS)) as journal:
        journal.append(Proposed("0", {"x1": np.float32(0.5), "y1": np.int64(3)}))
    assert read_journal(path, COLUMNS) == [Proposed("0", {"x1": 0.5, "y1": 3})]


def test_a_disk_that_takes_its_time_does_not_hold_up_the_search(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync goes on beside the search; what it says is heard at the next one."""
    lets_go, began = threading.Event(), threading.Event()

    def slow(_: int) -> None:
        began.set()
        assert lets_go.wait(60)
        raise OSError(5, "Input/output error")

    with closing(Journal(path, COLUMNS)) as journal:
        journal.append(SessionBegun())
        monkeypatch.setattr("search_records.journal.SYNC_S", 0.0)
        monkeypatch.setattr(os, "fsync", slow)
        journal.sync()
        assert began.wait(60)
        journal.append(Failed("0", "a cause"))
        journal.sync()  # neither waits nor begins another
        lets_go.set()
        with pytest.raises(OSError, match="Input/output"):
            journal.sync(at_once=True)
        monkeypatch.undo()
