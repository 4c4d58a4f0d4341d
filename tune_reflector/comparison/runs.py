"""The runs of a comparison, several at a time, each a ``tune_reflector.search`` of its own.

A run is done when its ``best.json`` is there, and resumed when only its folder is. Ctrl-C and SIGTERM are passed on as
SIGINT, after which every search saves its state; nothing is ever killed harder.
"""

import fcntl
import logging
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callbacks.status_line import StatusLine
from search_records.atomic_files import write_text
from search_records.display import display_path, format_duration
from tune_reflector.comparison.config import Run
from tune_reflector.config.config_file import dump_config, flat, load_config
from tune_reflector.errors import ConfigError
from tune_reflector.runs.layout import BEST_FILE, CONFIG_FILE

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.1
_LOG_EVERY_S = 60.0


@dataclass(frozen=True)
class Failure:
    """A run that ended without a winner."""

    run: Run
    log: Path

    def __str__(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return f"{self.run.name} failed: {last} (see {display_path(self.log)})"


def is_done(run: Run) -> bool:
    """Tell whether the run has its winner."""
    return (run.folder / BEST_FILE).exists()


def check_same_settings(runs: Sequence[Run]) -> None:
    """Runs that have begun were begun with the settings that they have now."""
    changed = [(run, change) for run in runs if (change := _change(run)) is not None]
    if changed:
        run, change = changed[0]
        others = f" (and {len(changed) - 1} more runs)" if len(changed) > 1 else ""
        raise ConfigError(
            f"name: a comparison that has begun must keep its settings, but {display_path(run.folder)} has "
            f"{change}{others}; choose another name, or restore the settings"
        )


def _change(run: Run) -> str | None:
    """What differs between a run's settings then and now; None if nothing does."""
    path = run.folder / CONFIG_FILE
    if not path.exists():
        return None
    try:
        before = load_config(path)
    except ConfigError as error:
        return f"a {CONFIG_FILE} that is no longer valid: {str(error).splitlines()[0]}"
    here = {"name": run.config.name, "results_dir": run.config.results_dir}  # a folder may have been moved
    old, new = flat(before.model_copy(update=here)), flat(run.config)
    for key in [*old, *new]:
        if old.get(key) != new.get(key):
            return f"{key} {old.get(key)}, not {new.get(key)}"
    return None


def run_all(folder: Path, runs: Sequence[Run], parallel: int) -> list[Failure]:
    """Run what is not done yet.

    Args:
        folder: the comparison's folder, for the runs' settings and logs.
        runs: all runs.
        parallel: how many at a time.

    Returns:
        The runs that failed.

    Raises:
        ConfigError: another process is at it already.
        KeyboardInterrupt: Ctrl-C or SIGTERM; all runs have ended by then and can be resumed.
    """
    waiting = deque(run for run in runs if not is_done(run))
    if not waiting:
        return []
    for name in ("configs", "logs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    done_before = len(runs) - len(waiting)
    running: dict[subprocess.Popen[bytes], Run] = {}
    failures: list[Failure] = []
    status, start, done, told = StatusLine(log_every_s=_LOG_EVERY_S), time.monotonic(), 0, 0
    to_do = "%d of %d runs to do, %d at a time; logs in %s"
    _log.info(to_do, len(waiting), len(runs), parallel, display_path(folder / "logs"))
    with _alone(folder) as lock, _signals() as signals, _none_left_behind(running):
        while running or (waiting and not signals):
            while waiting and len(running) < parallel and not signals:
                run = waiting.popleft()
                running[_start(folder, run, lock)] = run
            time.sleep(_LOOK_EVERY_S)
            if told < len(signals):
                told = len(signals)
                for process in running:
                    process.send_signal(signal.SIGINT)
            for process in [process for process in running if process.poll() is not None]:
                run = running.pop(process)
                if is_done(run):
                    done += 1
                elif not signals:
                    failures.append(Failure(run, _log_file(folder, run)))
            now = time.monotonic()
            if status.is_due(now) or not (running or waiting):
                status.show(_line(done_before, done, running, failures, len(runs), now - start), now)
        status.end()
    if signals:
        raise KeyboardInterrupt
    return failures


def _line(before: int, done: int, running: Any, failures: Sequence[Failure], total: int, elapsed_s: float) -> str:
    """``7/30 runs done, 2 running, 1 failed, 12m05s left``."""
    parts = [f"{before + done}/{total} runs done"]
    if running:
        parts.append(f"{len(running)} running")
    if failures:
        parts.append(f"{len(failures)} failed")
    if done:
        left = total - before - done - len(failures)
        parts.append(f"{format_duration(elapsed_s / done * left)} left")
    return ", ".join(parts)


def _start(folder: Path, run: Run, lock: int) -> "subprocess.Popen[bytes]":
    """Begin or resume a run in a process of its own, which Ctrl-C in the terminal does not reach directly."""
    if run.folder.exists():
        arguments = ["--resume", str(run.folder)]
    else:
        config_file = folder / "configs" / f"{run.name}.yaml"
        write_text(config_file, dump_config(run.config))
        arguments = [str(config_file)]
    with _log_file(folder, run).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tune_reflector.search", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock,),
        )


def _log_file(folder: Path, run: Run) -> Path:
    return folder / "logs" / f"{run.name}.log"


@contextmanager
def _none_left_behind(running: Collection["subprocess.Popen[bytes]"]) -> Iterator[None]:
    """Should anything go wrong here, the runs under way save their state, too."""
    try:
        yield
    finally:
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            process.wait()


@contextmanager
def _alone(folder: Path) -> Iterator[int]:
    """Nobody else works in the folder: a lock that the runs inherit, so that it outlives this process if they do."""
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"name: a comparison must be run once at a time, but {display_path(folder)} is being run already; wait "
                "for it, or choose another name"
            ) from None
        yield file.fileno()


@contextmanager
def _signals() -> Iterator[list[int]]:
    """SIGINT and SIGTERM are collected in a list instead of interrupting anything."""
    caught: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda number, _frame: caught.append(number))
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
