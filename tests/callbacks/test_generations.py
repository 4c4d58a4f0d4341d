"""What a genetic algorithm leaves behind: every generation once, through restarts and crashes."""

import csv
import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from callbacks.generations import GenerationsKeeper
from search_records.generations_table import FILE, HALL_OF_FAME_FILE, read_generations


class Evolution:
    """A search's side: statistics that grow, and a hall of fame that changes."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self.folder = folder
        self.workers = workers
        self.statistics: list[dict[str, float]] = []
        self.fame: list[dict[str, Any]] = []

    def session(self) -> GenerationsKeeper:
        names = {"best_score": "best_p5_rss_dbm", "score": "p5_rss_dbm"}
        callback = GenerationsKeeper(self.folder, lambda: self.statistics, lambda: self.fame, names, self.workers)
        callback.setup()
        return callback

    def generation(self, best: float, idle_s: float = 0.0) -> None:
        self.statistics.append({"generation": len(self.statistics), "best_score": best, "idle_s": idle_s})
        self.fame = [{"individual": len(self.statistics), "score": best}]

    def rows(self) -> list[tuple[int, float]]:
        with (self.folder / FILE).open(newline="") as file:
            return [(int(row["generation"]), float(row["best_p5_rss_dbm"])) for row in csv.DictReader(file)]


def test_a_generation_is_written_when_it_is_complete(tmp_path: Path) -> None:
    evolution = Evolution(tmp_path)
    callback = evolution.session()
    callback.on_step_end(iteration=1, trials=[])
    assert not (tmp_path / FILE).exists()
    for best in (-70.0, -1 / 3):
        evolution.generation(best)
        callback.on_step_end(iteration=2, trials=[])
        callback.on_step_end(iteration=3, trials=[])
    assert evolution.rows() == [(0, -70.0), (1, -1 / 3)]
    expected = [{"individual": 2, "p5_rss_dbm": -1 / 3}]  # as the objective calls the score
    assert json.loads((tmp_path / HALL_OF_FAME_FILE).read_text()) == expected


def test_the_hall_of_fame_is_current_at_the_end(tmp_path: Path) -> None:
    evolution = Evolution(tmp_path)
    callback = evolution.session()
    evolution.fame = [{"individual": 3}]  # of a generation that is not complete
    callback.on_experiment_end()
    assert json.loads((tmp_path / HALL_OF_FAME_FILE).read_text()) == [{"individual": 3}]


def test_a_search_that_is_relived_writes_no_generation_twice(tmp_path: Path) -> None:
    evolution = Evolution(tmp_path)
    first = evolution.session()
    for best in (-70.0, -60.0):
        evolution.generation(best)
        first.on_step_end(iteration=1, trials=[])

    table = tmp_path / FILE
    table.write_text(table.read_text().rstrip()[:-3])  # killed in the middle of a line
    again = Evolution(tmp_path)
    second = again.session()
    second.on_step_end(iteration=1, trials=[])
    for best in (-70.0, -60.0, -50.0):
        again.generation(best)
        second.on_step_end(iteration=2, trials=[])
    assert again.rows() == [(0, -70.0), (1, -60.0), (2, -50.0)]


def test_a_reader_gets_the_whole_rows(tmp_path: Path) -> None:
    assert read_generations(tmp_path / FILE) == []
    evolution = Evolution(tmp_path)
    callback = evolution.session()
    for best in (-70.0, -1 / 3):
        evolution.generation(best, idle_s=0.5)
        callback.on_step_end(iteration=1, trials=[])
        found = read_generations(tmp_path / FILE)
        assert found[-1] == {"generation": len(found) - 1, "best_p5_rss_dbm": best, "idle_s": 0.5}
    table = tmp_path / FILE
    table.write_text(table.read_text().rstrip()[:-3])  # it is being written
    assert read_generations(table) == found[:1]


def test_how_long_workers_waited_is_told_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of this session alone: two of the forty seconds of its four workers."""
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    caplog.set_level(logging.INFO)
    evolution = Evolution(tmp_path, workers=4)
    evolution.generation(-70.0, idle_s=6.0)
    callback = evolution.session()
    now_s += 10
    evolution.generation(-60.0, idle_s=2.0)
    callback.on_experiment_end()
    assert [record.getMessage() for record in caplog.records] == [
        "workers waited 5.0% of the time for the last of a generation"
    ]


def test_where_no_worker_waits_nothing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Evolution(tmp_path).session().on_experiment_end()
    assert caplog.records == []
