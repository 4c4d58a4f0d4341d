"""The results table: rows for people, made of what the journal says."""

import math
import time
from pathlib import Path
from typing import Any

import pytest

from search_records.journal import Event
from search_records.results_table import ResultsTable, SearchClock
from search_records.rows import read_rows

COLUMNS = ("x1", "y1", "p5_rss_dbm", "feasible", "rays_per_ap")


def event(trial: str, iteration: int, score: float = -60.25, elapsed_s: float = 1.0, **more: Any) -> Event:
    result = {"x1": 1 / 3, "y1": 2, "p5_rss_dbm": score, "feasible": True, "rays_per_ap": 1000} | more
    return {"event": "reported", "trial": trial, "iteration": iteration, "elapsed_s": elapsed_s, "result": result}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trials.csv"


def test_rows_read_back_as_they_were_reported(path: Path) -> None:
    table = ResultsTable(path, COLUMNS)
    table.append(event("a", 1, score=-1 / 3, elapsed_s=12.5, feasible=False, rays_per_ap=30_000))
    table.close()
    (row,) = read_rows(path)
    assert (row.trial_id, row.iteration, row.elapsed_s) == ("a", 1, 12.5)
    assert row.values == {"x1": 1 / 3, "y1": 2, "p5_rss_dbm": -1 / 3, "feasible": 0, "rays_per_ap": 30_000}


def test_a_metric_that_was_not_reported_is_blank_and_reads_as_nan(path: Path) -> None:
    ResultsTable(path, COLUMNS).append(event("a", 1, rays_per_ap=None))
    (row,) = read_rows(path)
    assert math.isnan(row.values["rays_per_ap"])


def test_a_row_is_on_disk_as_soon_as_it_is_appended(path: Path) -> None:
    table = ResultsTable(path, COLUMNS)
    for iteration in (1, 2):
        table.append(event("a", iteration))
        assert [row.iteration for row in read_rows(path)][-1] == iteration


@pytest.mark.parametrize("damage", [b"", b"trial_id,iter", b"\x00\xff\n,,,", b"a,b\r\n1,2\r\n"])
def test_a_later_session_makes_the_table_anew_whatever_has_become_of_it(path: Path, damage: bytes) -> None:
    events = [event("a", 1, elapsed_s=1.5), event("b", 1, score=-70.125)]
    table = ResultsTable(path, COLUMNS)
    for each in events:
        table.append(each)
    whole = path.read_bytes()
    path.write_bytes(damage)
    ResultsTable(path, COLUMNS, events)
    assert path.read_bytes() == whole


def test_no_table_has_no_rows(path: Path) -> None:
    assert list(read_rows(path)) == []


def test_the_clock_goes_on_where_the_last_session_stopped(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    clock = SearchClock(path)
    now_s += 5
    assert clock.elapsed_s() == 5
    ResultsTable(path, COLUMNS).append(event("a", 1, elapsed_s=clock.elapsed_s()))
    now_s = 3.0  # another boot
    resumed = SearchClock(path)
    now_s += 2
    assert resumed.elapsed_s() == 7


def test_a_copy_may_repeat_iterations_and_its_rows_have_keys_of_their_own(path: Path) -> None:
    """Population-based training sets a trial back to where the one that it copies was saved."""
    table = ResultsTable(path, (*COLUMNS, "copy"))
    for iteration, copy in ((1, None), (2, None), (2, 77), (3, 77), (2, 78)):
        table.append(event("a", iteration, copy=copy))
    expected = [("a", 0, 1), ("a", 0, 2), ("a", 77, 2), ("a", 77, 3), ("a", 78, 2)]
    assert [row.key for row in read_rows(path)] == expected
