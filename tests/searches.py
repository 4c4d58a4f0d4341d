"""Searches in processes of their own: started by the command line, watched, signalled and killed by pid."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from search_records.journal import Event, Journal, read_journal, reports
from search_records.results_table import ResultsTable
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.execution.candidates import Candidates, Recorder
from tune_reflector.execution.launch import Launch
from tune_reflector.experiment.stages import METRICS
from tune_reflector.schedulers.settings import build_scheduler
from tune_reflector.searchers.build import build_searcher
from tune_reflector.searchers.searcher_state import SearcherStates

QUICK = [
    "fidelity.rungs=[2000,20000]",
    "final={candidates: 2, rays_per_ap: 20000, lattices: 3}",
    "report={every_s: null, figures: false}",
]
"""Settings that make a trial take a tenth of a second."""

PATIENCE_S = 180
"""Longest wait for something to happen; only a test that fails waits so long."""


class Search:
    """``python -m tune_reflector.search`` in a session of its own, as a terminal starts it.

    Args:
        arguments: of the command line.
        folder: of the run.
    """

    def __init__(self, *arguments: str, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tune_reflector.search", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
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
        return read_journal(self.folder / "journal.log")

    @property
    def results(self) -> int:
        """How many results it has taken down."""
        return sum(event["event"] == "reported" for event in self.events)

    def wait_for_results(self, count: int) -> None:
        """Until so many results have been taken down, in all sessions."""
        deadline = time.monotonic() + PATIENCE_S
        while self.results < count:
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def kill(self) -> None:
        """End the whole process tree at once."""
        for pid in (self.process.pid, *descendants(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE_S)

    def workers(self) -> list[int]:
        """Process ids of its trials' workers."""
        return [pid for pid in descendants(self.process.pid) if b"Trial" in command_line(pid)]

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


def proposed(events: list[Event]) -> dict[str, Event]:
    """The proposals of a journal, by trial; each must be there once."""
    found = [event for event in events if event["event"] == "proposed"]
    assert len({event["trial"] for event in found}) == len(found)
    return {event["trial"]: event for event in found}


def last_results(events: list[Event]) -> dict[str, Event]:
    """The result that ended each trial; each must be there once."""
    found = [event for event in events if event["event"] == "reported" and event["done"]]
    assert len({event["trial"] for event in found}) == len(found)
    return {event["trial"]: event for event in found}


def make_launch(config: SearchConfig, *callbacks: Any, build: Callable[[], Any] | None = None, **more: Any) -> Launch:
    """A launch of one stage in this process, with two workers, as an experiment makes it."""
    folder = config.run_dir
    folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(folder / "journal.log")
    columns = [*(gene.name for gene in config.space().genes), *METRICS]
    candidates = Candidates(
        journal,
        journal.read(),
        build or (lambda: build_searcher(config.searcher, config.space(), config.seed)),
        SearcherStates(folder / "searcher", 1),
        config.num_trials,
        columns,
    )
    table = ResultsTable(folder / "trials.csv", columns, reports(journal.read()))
    return Launch(
        config=config,
        candidates=candidates,
        scheduler=build_scheduler(config.scheduler, config.rays_per_iteration()),
        callbacks=[Recorder(candidates, table, lambda: 0.0), *callbacks],
        **{"workers": 2, "use_gpu": False, "folder": folder, **more},
    )
