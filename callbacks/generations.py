"""What a genetic algorithm leaves behind: a line per generation, and its hall of fame."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ray.tune import Callback

from search_records.atomic_files import write_json, write_text
from search_records.rows import STATISTICS_FILE

HALL_OF_FAME_FILE = "hall_of_fame.json"


class Generations(Callback):
    """Appends to ``generations.csv`` when a generation is complete, and keeps ``hall_of_fame.json`` current.

    Args:
        folder: where the files go.
        statistics: all generations so far, each with the same numbers by name; ``generation`` counts them.
        hall_of_fame: the best individuals so far, best first.
    """

    def __init__(
        self,
        folder: Path,
        statistics: Callable[[], Sequence[Mapping[str, float]]],
        hall_of_fame: Callable[[], Sequence[Mapping[str, Any]]],
    ) -> None:
        self._folder = folder
        self._statistics = statistics
        self._hall_of_fame = hall_of_fame
        self._written = 0

    def setup(self, *_: Any, **__: Any) -> None:
        path = self._folder / STATISTICS_FILE
        if path.exists():
            whole_lines = [line for line in path.read_bytes().decode().splitlines(keepends=True) if "\n" in line]
            write_text(path, "".join(whole_lines))
            self._written = max(0, len(whole_lines) - 1)

    def on_step_end(self, iteration: int, trials: Any, **_: Any) -> None:
        if len(self._statistics()) > self._written:
            self._write()

    def on_experiment_end(self, *_: Any, **__: Any) -> None:
        self._write()

    def _write(self) -> None:
        new = self._statistics()[self._written :]
        if new:
            with (self._folder / STATISTICS_FILE).open("a", newline="", encoding="utf-8") as file:
                table = csv.DictWriter(file, list(new[0]))
                if file.tell() == 0:
                    table.writeheader()
                table.writerows(new)
            self._written += len(new)
        write_json(self._folder / HALL_OF_FAME_FILE, list(self._hall_of_fame()))
