"""What a genetic algorithm leaves behind: a line per generation, its hall of fame, and how long workers waited."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ray.tune import Callback

from search_records.atomic_files import write_json
from search_records.generations_table import FILE, HALL_OF_FAME_FILE, append_generations, drop_torn_row

_log = logging.getLogger(__name__)


class GenerationsKeeper(Callback):
    """Appends to ``generations.csv`` when a generation is complete, and keeps ``hall_of_fame.json`` current.

    Args:
        folder: where the files go.
        statistics: all generations so far, each with the same numbers by name; ``generation`` counts them, ``idle_s``
            are the seconds that workers have waited for the last of it, all together.
        hall_of_fame: the best individuals so far, best first.
        names: what to call numbers and keys of an individual instead.
        waiting_workers: workers that wait for the last of a generation; 1: none does.
    """

    def __init__(
        self,
        folder: Path,
        statistics: Callable[[], Sequence[Mapping[str, float]]],
        hall_of_fame: Callable[[], Sequence[Mapping[str, Any]]],
        names: Mapping[str, str] | None = None,
        waiting_workers: int = 1,
    ) -> None:
        self._folder = folder
        self._statistics = statistics
        self._hall_of_fame = hall_of_fame
        self._names = names or {}
        self._waiting_workers = waiting_workers
        self._written = 0

    def setup(self, *_: Any, **__: Any) -> None:
        self._written = drop_torn_row(self._folder / FILE)
        self._before = len(self._statistics())
        self._start_s = time.monotonic()

    def on_step_end(self, iteration: int, trials: Any, **_: Any) -> None:
        if len(self._statistics()) > self._written:
            self._write()

    def on_experiment_end(self, *_: Any, **__: Any) -> None:
        self._write()
        if self._waiting_workers > 1:
            idle_s = sum(generation["idle_s"] for generation in self._statistics()[self._before :])
            share = idle_s / (self._waiting_workers * max(time.monotonic() - self._start_s, 1e-9))
            _log.info("workers waited %.1f%% of the time for the last of a generation", 100 * share)

    def _write(self) -> None:
        new = self._statistics()[self._written :]
        append_generations(self._folder / FILE, [self._named(generation) for generation in new])
        self._written += len(new)
        write_json(self._folder / HALL_OF_FAME_FILE, [self._named(individual) for individual in self._hall_of_fame()])

    def _named(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return {self._names.get(name, name): value for name, value in record.items()}
