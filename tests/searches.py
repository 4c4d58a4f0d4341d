"""Searches in processes of their own: started by the command line, watched, signalled and killed by pid."""

import csv
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_records.events import Event, Proposed, Reported
from search_records.journal import Journal, read_journal
from search_records.results_table import ALWAYS, ResultsTable
from tune_reflector.config.config_file import load_config
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.execution.candidates import Candidates
from tune_reflector.execution.launch import Launch
from tune_reflector.execution.recorder import Recorder, SearchClock
from tune_reflector.runs.layout import CONFIG_FILE, JOURNAL_FILE, SEARCHER_FOLDER, TABLE_FILE
from tune_reflector.schedulers.build import build_scheduler
from tune_reflector.searchers.searcher_state import SearcherStates

QUICK = [
    "fidelity.rungs=[2000,20000]",
    "final={candidates: 2, rays_per_ap: 20000, lattices: 3, variants: [], second_opinion: false}",
    "report={every_s: null, figures: false}",
    "counterfactual.kinds=[]",
]
"""Settings that make a trial take a tenth of a second, and nothing be searched for but what is asked."""

PATIENCE_S = 180
"""Longest wait for something to happen; only a test that fails waits so long."""


class Search:
    """``python -m tune_reflector.search`` in a session of its own, as a terminal starts it.

    Args:
        arguments: of the command line.
        folder: of the run.
    """

    def __init__(self, *arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tune_reflector.search", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=None if environment is None else {**os.environ, **environment},
        )

    @classmethod
    def start(cls, *settings: str, name: str = "a") -> "Search":
        """A new search that takes seconds."""
        return cls(f"name={name}", *QUICK, *settings, folder=Path("results") / name)

    @classmethod
    def resume(cls, *overrides: str, name: str = "a") -> "Search":
        """Another session of a search."""
        folder = Path("results") / name
        return cls("--resume", str(folder), *overrides, folder=folder)

    @property
    def events(self) -> list[Event]:
        """What its journal holds now."""
        return run_events(self.folder)

    @property
    def results(self) -> int:
        """How many results it has taken down."""
        return sum(isinstance(event, Reported) for event in self.events)

    def wait_for_results(self, count: int) -> None:
        """Until so many results have been taken down, in all sessions."""
        deadline = time.monotonic() + PATIENCE_S
        while self.results < count:
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def wait_for_line(self, beginning: str) -> None:
        """Until it prints a line that begins so."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith(beginning):
                return
        raise AssertionError("".join(lines))

    def kill(self) -> None:
        """End the whole process tree at once."""
        for pid in (self.process.pid, *descendants(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE_S)

    def workers(self) -> list[int]:
        """Process ids of its trials' workers."""
        return [pid for pid in descendants(self.process.pid) if b"Trainable" in command_line(pid)]

    def end(self, exit_code: int = 0) -> str:
        """Wait for its end; what it printed."""
        output, _ = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == exit_code, output
        assert "Traceback" not in output
        return output


def descendants(pid: int) -> list[int]:
    """All processes below ``pid``: Ray's own and the workers."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
    found, new = [], [pid]
    while new:
        new = [child for child, parent in parents.items() if parent in new]
        found += new
    return found


def command_line(pid: int) -> bytes:
    """What ``ps`` shows of a process; nothing once it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def run_events(folder: Path) -> list[Event]:
    """What the journal of a run holds now, read as its own configuration says; nothing before there is one."""
    path = folder / JOURNAL_FILE
    return read_journal(path, load_config(folder / CONFIG_FILE).columns()) if path.exists() else []


@dataclass(frozen=True)
class Row:
    """One iteration of one trial, as a results table tells it; flags are 0 or 1, blanks NaN."""

    trial_id: str
    iteration: int
    elapsed_s: float
    values: Mapping[str, float]


def read_rows(path: Path) -> Iterator[Row]:
    """The whole rows of a results table that may still be written, in their order; none if there is no file yet."""
    if not path.exists():
        return
    with path.open(newline="", encoding="utf-8") as file:
        for record in csv.DictReader(line for line in file if line.endswith("\n")):
            trial_id, iteration, elapsed_s = (record.pop(name) for name in ALWAYS)
            values = {name: float(text) if text else math.nan for name, text in record.items()}
            yield Row(trial_id, int(iteration), float(elapsed_s), values)


def proposed(events: list[Event]) -> dict[str, Proposed]:
    """The proposals of a journal, by trial; each must be there once."""
    found = [event for event in events if isinstance(event, Proposed)]
    assert len({event.trial_id for event in found}) == len(found)
    return {event.trial_id: event for event in found}


def last_results(events: list[Event]) -> dict[str, Reported]:
    """The result that ended each trial; each must be there once."""
    found = [event for event in events if isinstance(event, Reported) and event.done]
    assert len({event.trial_id for event in found}) == len(found)
    return {event.trial_id: event for event in found}


def make_launch(config: SearchConfig, *callbacks: Any, build: Callable[[], Any] | None = None, **more: Any) -> Launch:
    """A launch of one stage in this process, with two workers, as an experiment makes it."""
    folder = next(config.folders)
    folder.mkdir(parents=True, exist_ok=True)
    columns = config.columns()
    journal = Journal(folder / JOURNAL_FILE, columns)
    events = journal.read()
    candidates = Candidates(
        journal,
        events,
        build or (lambda: config.searcher.build(config.space(), config.seed)),
        SearcherStates(folder / SEARCHER_FOLDER, 1),
        config.num_trials,
    )
    results = (event for event in events if isinstance(event, Reported))
    table = ResultsTable(folder / TABLE_FILE, columns, config.refine is not None, results)
    return Launch(
        config=config,
        candidates=candidates,
        scheduler=build_scheduler(config.scheduler, config.plan, events),
        callbacks=[Recorder(candidates, columns, table, SearchClock()), *callbacks],
        **{"workers": 2, "use_gpu": False, "folder": folder, **more},
    )
