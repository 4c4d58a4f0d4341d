"""The live report of a run while it goes on: page and TensorBoard, brought up to date again and again.

It runs in a process of its own, with what the run leaves behind as its only source: a search neither waits for it nor
fails with it. It takes a twentieth of a core at most, and steps back for every other program.
"""

import os
import select
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from search_records.atomic_files import write_text
from search_records.journal import JournalTail
from tune_reflector.reporting import matplotlib_figures
from tune_reflector.reporting.html_page import page
from tune_reflector.reporting.machine_use import use
from tune_reflector.reporting.tensorboard_writer import BEST, Subject, TensorBoardWriter
from tune_reflector.runs.history import History
from tune_reflector.runs.layout import BEST_FILE, JOURNAL_FILE, MAPS_FILE, PAGE_FILE, TENSORBOARD_FOLDER
from tune_reflector.runs.run_config import read_config
from tune_reflector.runs.run_data import RunData

NICENESS = 15

LEAST_PAUSE = 20
"""Pause between two updates, as a multiple of what the last one took of a core."""


def watch(folder: Path, every_s: float, stream: IO[bytes]) -> None:
    """Keep page and TensorBoard current until ``stream`` ends, and bring them up to date once more.

    Args:
        folder: of the run.
        every_s: least time between two updates.
        stream: nothing is read from it; the search that started this process holds its other end, and so lets go of
            it however it ends.

    Raises:
        ConfigError: the folder is none of a run.
    """
    os.nice(NICENESS)
    report, over = LiveReport(folder), False
    while True:
        before_s = time.process_time()
        report.update(going_on=not over)
        if over:
            break
        pause_s = max(every_s, LEAST_PAUSE * (time.process_time() - before_s))
        over = bool(select.select([stream], [], [], pause_s)[0])
    report.close()


class LiveReport:
    """The page and the event files of one run, ready to be brought up to date."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: object = None
        self._drawn: object = None
        self._config = read_config(folder)
        self._history = History(self._config)
        self._journal = JournalTail(folder / JOURNAL_FILE, self._config.columns())
        self._writer = tensorboard_writer(RunData.of(folder, self._config, self._history))
        use()  # the processors' use is told since the last time

    def update(self, going_on: bool) -> None:
        """Bring all up to date with what the run has left behind so far.

        Args:
            going_on: whether there will be another update.
        """
        self._writer.add_machine(use(), time.time())
        changes = [going_on, *(_state(self._folder / name) for name in (JOURNAL_FILE, MAPS_FILE, BEST_FILE))]
        if changes == self._seen:
            return
        for events in self._journal.read():
            self._history.add(events)
            self._writer.update(events)
        run = RunData.of(self._folder, self._config, self._history)
        self._writer.update([], run.generations)
        if run.best_map is not None and run.best_map.ranked != self._drawn:
            _add_picture(self._writer, run)
            self._drawn = run.best_map.ranked
        write_text(self._folder / PAGE_FILE, page([run], going_on))
        self._seen = changes

    def close(self) -> None:
        """Write no more."""
        self._writer.close()


def write_tensorboard(run: RunData) -> None:
    """Make the event files of a run that does not go on anew, but for what is known of the machine."""
    shutil.rmtree(run.folder / TENSORBOARD_FOLDER / BEST, ignore_errors=True)
    writer = tensorboard_writer(run)
    for events in JournalTail(run.folder / JOURNAL_FILE, run.config.columns()).read():
        writer.update(events)
    writer.update([], run.generations)
    if run.best_map is not None:
        _add_picture(writer, run)
    writer.close()


def tensorboard_writer(run: RunData) -> TensorBoardWriter:
    """Writes the event files of a run."""
    config = run.config
    life = config.scheduler.population_life(config.plan)
    subject = Subject(
        metric=config.objective.metric,
        top_rung=config.top_rung,
        parameters=config.plan.gene_names,
        curves=config.report.curves,
        population=config.num_trials if life else None,
        started_s=run.started.timestamp(),
    )
    return TensorBoardWriter(run.folder / TENSORBOARD_FOLDER, subject)


def _add_picture(writer: TensorBoardWriter, run: RunData) -> None:
    writer.add_picture("best_placement", matplotlib_figures.pixels(matplotlib_figures.map_figure(run)))


def _state(path: Path) -> tuple[int, int] | None:
    """What changes whenever the file does; None if there is none."""
    with suppress(FileNotFoundError):
        stat = path.stat()
        return stat.st_mtime_ns, stat.st_size
    return None


if __name__ == "__main__":
    watch(Path(sys.argv[1]), float(sys.argv[2]), sys.stdin.buffer)
