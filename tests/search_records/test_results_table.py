"""The results table: rows for people, made of what the journal says."""

import csv
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from search_records.events import Reported
from search_records.result import ResultColumns
from search_records.results_table import ResultsTable
from tests.records import COLUMNS, reported, trial_result
from tune_reflector.execution.recorder import SearchClock

ALWAYS = ["trial_id", "iteration", "elapsed_s"]


def event(trial: str, iteration: int, score: float = -60.25, elapsed_s: float = 1.0, **more: Any) -> Reported:
    return reported(trial, iteration, trial_result(score, **more), elapsed_s)


def rows(path: Path) -> list[dict[str, str]]:
    """As any reader of tables reads them."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trials.csv"


def test_rows_read_back_as_they_were_reported(path: Path) -> None:
    table = ResultsTable(path, COLUMNS)
    told = event("a", 1, score=-1 / 3, elapsed_s=12.5, feasible=False, rays_per_ap=30_000)
    table.append(told)
    table.close()
    (row,) = rows(path)
    assert (row["trial_id"], int(row["iteration"]), float(row["elapsed_s"])) == ("a", 1, 12.5)
    values = {name: float(row[name]) for name in COLUMNS.names}
    assert values["x1"] == 1 / 3
    assert values["p5_rss_dbm"] == -1 / 3
    assert (values["feasible"], row["rays_per_ap"]) == (0, "30000")
    assert COLUMNS.parse(values) == told.result


def test_columns_are_in_the_order_of_the_result_and_a_stage_comes_last(path: Path) -> None:
    ResultsTable(path, COLUMNS)
    assert path.read_text().strip().split(",") == [*ALWAYS, *COLUMNS.names]
    ResultsTable(path, COLUMNS, True, [event("a", 1), replace(event("b", 1), stage=2)])
    assert path.read_text().splitlines()[0].split(",") == [*ALWAYS, *COLUMNS.names, "stage"]
    assert [row["stage"] for row in rows(path)] == ["1", "2"]


def test_a_number_that_was_not_reported_is_blank_and_what_is_not_a_number_is_nan(path: Path) -> None:
    ResultsTable(path, ResultColumns("p5_rss_dbm", ("x1", "rate"), steps=True)).append(event("a", 1, score=math.nan))
    (row,) = rows(path)
    assert (row["rate"], row["step_p5_rss_dbm"]) == ("", "")
    assert math.isnan(float(row["p5_rss_dbm"]))


def test_a_row_is_on_disk_as_soon_as_it_is_appended(path: Path) -> None:
    table = ResultsTable(path, COLUMNS)
    for iteration in (1, 2):
        table.append(event("a", iteration))
        assert [int(row["iteration"]) for row in rows(path)][-1] == iteration


@pytest.mark.parametrize("damage", [b"", b"trial_id,iter", b"\x00\xff\n,,,", b"a,b\r\n1,2\r\n"])
def test_a_later_session_makes_the_table_anew_whatever_has_become_of_it(path: Path, damage: bytes) -> None:
    events = [event("a", 1, elapsed_s=1.5), event("b", 1, score=-70.125)]
    table = ResultsTable(path, COLUMNS)
    for each in events:
        table.append(each)
    whole = path.read_bytes()
    path.write_bytes(damage)
    ResultsTable(path, COLUMNS, results=events)
    assert path.read_bytes() == whole


def test_no_result_has_no_row(path: Path) -> None:
    ResultsTable(path, COLUMNS)
    assert rows(path) == []


def test_the_clock_goes_on_where_the_last_session_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    clock = SearchClock()
    now_s += 5
    assert clock.elapsed_s() == 5
    before_s = clock.elapsed_s()
    now_s = 3.0  # another boot
    resumed = SearchClock(before_s)
    now_s += 2
    assert resumed.elapsed_s() == 7


def test_a_copy_may_repeat_iterations_and_its_rows_tell_of_which_they_are(path: Path) -> None:
    """Population-based training sets a trial back to where the one that it copies was saved."""
    table = ResultsTable(path, ResultColumns("p5_rss_dbm", ("x1", "y1"), ("copy",)))
    events = [
        event("a", iteration, origin={} if copy is None else {"copy": copy})
        for iteration, copy in ((1, None), (2, None), (2, 77), (3, 77), (2, 78))
    ]
    for each in events:
        table.append(each)
    expected = [("a", 0, 1), ("a", 0, 2), ("a", 77, 2), ("a", 77, 3), ("a", 78, 2)]
    assert [each.key for each in events] == expected
    assert [(row["trial_id"], int(row["copy"] or 0), int(row["iteration"])) for row in rows(path)] == expected
