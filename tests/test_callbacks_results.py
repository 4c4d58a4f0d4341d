"""The results table keeps every row once, through restarts and crashes."""

import math
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from callbacks.results import ResultsTable, SearchClock
from callbacks.rows import read_rows

GENES = ("x1", "y1")
METRICS = ("p5_rss_dbm", "feasible", "rays_per_ap")


class Session:
    """One session of a search that writes to ``path``, at a clock of its own."""

    def __init__(self, path: Path, elapsed_s: float = 0.0) -> None:
        self.elapsed = elapsed_s
        self.table = ResultsTable(path, (*GENES, *METRICS), SimpleNamespace(elapsed_s=lambda: self.elapsed))  # type: ignore[arg-type]
        self.table.setup()

    def report(self, trial_id: str, iteration: int, score: float = -60.25, **more: Any) -> None:
        trial = SimpleNamespace(trial_id=trial_id)
        result = {
            "x1": 1 / 3,
            "y1": 2,
            "training_iteration": iteration,
            "p5_rss_dbm": score,
            "feasible": True,
            "rays_per_ap": 1000,
        } | more
        self.table.on_trial_result(iteration=0, trials=[], trial=trial, result=result)

    def end(self) -> None:
        self.table.on_experiment_end()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trials.csv"


def keys(path: Path) -> list[tuple[str, int]]:
    return [(row.trial_id, row.iteration) for row in read_rows(path)]


def test_rows_read_back_as_they_were_reported(path: Path) -> None:
    session = Session(path, elapsed_s=12.5)
    session.report("a", 1, score=-1 / 3, feasible=False, rays_per_ap=30_000)
    session.end()
    (row,) = read_rows(path)
    assert (row.trial_id, row.iteration, row.elapsed_s) == ("a", 1, 12.5)
    assert row.values == {"x1": 1 / 3, "y1": 2, "p5_rss_dbm": -1 / 3, "feasible": 0, "rays_per_ap": 30_000}


def test_a_metric_that_was_not_reported_is_blank_and_reads_as_nan(path: Path) -> None:
    session = Session(path)
    session.report("a", 1, rays_per_ap=None)
    session.end()
    (row,) = read_rows(path)
    assert math.isnan(row.values["rays_per_ap"])


def test_a_row_is_on_disk_as_soon_as_it_is_reported(path: Path) -> None:
    session = Session(path)
    for iteration in (1, 2):
        session.report("a", iteration)
        assert keys(path)[-1] == ("a", iteration)


def test_a_row_is_written_once(path: Path) -> None:
    session = Session(path)
    for _ in range(3):
        session.report("a", 1)
    session.report("a", 2)
    session.report("b", 1)
    assert keys(path) == [("a", 1), ("a", 2), ("b", 1)]


def test_what_is_reported_again_after_a_restart_is_left_out(path: Path) -> None:
    first = Session(path)
    first.report("a", 1, score=-70)
    first.end()
    second = Session(path)
    second.report("a", 1, score=-99)
    second.report("a", 2, score=-60)
    second.end()
    assert [(row.iteration, row.values["p5_rss_dbm"]) for row in read_rows(path)] == [(1, -70), (2, -60)]
    assert path.read_text().count("trial_id") == 1


def test_wherever_a_crash_cuts_the_file_no_row_is_wrong_and_the_lost_ones_come_back(path: Path) -> None:
    session = Session(path)
    for iteration in (1, 2):
        session.report("a", iteration, score=-60.125 - iteration)
    session.end()
    whole, rows = path.read_bytes(), list(read_rows(path))
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        survivors = list(read_rows(path))
        assert survivors == rows[: len(survivors)]
        resumed = Session(path)
        for iteration in (1, 2):
            resumed.report("a", iteration, score=-60.125 - iteration)
        resumed.end()
        assert path.read_bytes() == whole


def test_no_table_has_no_rows(path: Path) -> None:
    assert list(read_rows(path)) == []


def test_the_clock_goes_on_where_the_last_session_stopped(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    clock = SearchClock(path)
    now_s += 5
    assert clock.elapsed_s() == 5
    session = Session(path, elapsed_s=clock.elapsed_s())
    session.report("a", 1)
    session.end()
    now_s = 3.0  # another boot
    resumed = SearchClock(path)
    now_s += 2
    assert resumed.elapsed_s() == 7


def test_a_copy_may_repeat_iterations_and_is_a_row_of_its_own(path: Path) -> None:
    """Population-based training sets a trial back to where the one that it copies was saved."""
    columns = ("p5_rss_dbm", "copy")
    for _ in range(2):  # the second session repeats the first
        table = ResultsTable(path, columns, SimpleNamespace(elapsed_s=lambda: 1.0))  # type: ignore[arg-type]
        table.setup()
        for iteration, copy in ((1, None), (2, None), (2, 77), (2, 77), (3, 77), (2, 78)):
            result = {"training_iteration": iteration, "p5_rss_dbm": -60.0} | ({"copy": copy} if copy else {})
            table.on_trial_result(iteration=0, trials=[], trial=SimpleNamespace(trial_id="a"), result=result)
        table.on_experiment_end()
    expected = [("a", 0, 1), ("a", 0, 2), ("a", 77, 2), ("a", 77, 3), ("a", 78, 2)]
    assert [row.key for row in read_rows(path)] == expected
