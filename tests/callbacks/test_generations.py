"""What a genetic algorithm leaves behind: every generation once, through restarts and crashes."""

import csv
import json
from pathlib import Path
from typing import Any

from callbacks.generations import HALL_OF_FAME_FILE, STATISTICS_FILE, Generations


class Evolution:
    """A search's side: statistics that grow, and a hall of fame that changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.statistics: list[dict[str, float]] = []
        self.fame: list[dict[str, Any]] = []

    def session(self) -> Generations:
        callback = Generations(self.folder, lambda: self.statistics, lambda: self.fame)
        callback.setup()
        return callback

    def generation(self, best: float) -> None:
        self.statistics.append({"generation": len(self.statistics), "best_p5_rss_dbm": best})
        self.fame = [{"individual": len(self.statistics), "p5_rss_dbm": best}]

    def rows(self) -> list[tuple[int, float]]:
        with (self.folder / STATISTICS_FILE).open(newline="") as file:
            return [(int(row["generation"]), float(row["best_p5_rss_dbm"])) for row in csv.DictReader(file)]


def test_a_generation_is_written_when_it_is_complete(tmp_path: Path) -> None:
    evolution = Evolution(tmp_path)
    callback = evolution.session()
    callback.on_step_end(iteration=1, trials=[])
    assert not (tmp_path / STATISTICS_FILE).exists()
    for best in (-70.0, -1 / 3):
        evolution.generation(best)
        callback.on_step_end(iteration=2, trials=[])
        callback.on_step_end(iteration=3, trials=[])
    assert evolution.rows() == [(0, -70.0), (1, -1 / 3)]
    assert json.loads((tmp_path / HALL_OF_FAME_FILE).read_text()) == evolution.fame


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

    table = tmp_path / STATISTICS_FILE
    table.write_text(table.read_text().rstrip()[:-3])  # killed in the middle of a line
    again = Evolution(tmp_path)
    second = again.session()
    second.on_step_end(iteration=1, trials=[])
    for best in (-70.0, -60.0, -50.0):
        again.generation(best)
        second.on_step_end(iteration=2, trials=[])
    assert again.rows() == [(0, -70.0), (1, -60.0), (2, -50.0)]
