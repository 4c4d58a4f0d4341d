"""Fresh processes, so that no measurement sees what another left behind in memory, caches or threads."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)`` in a new interpreter; arguments and result travel as JSON.

    Args:
        function: of a module, by name.
        arguments: anything that JSON can say.

    Raises:
        RuntimeError: the process failed; with what it said.
    """
    with TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        module = "benchmarks.__main__" if function.__module__ == "__main__" else function.__module__
        run_module(__name__, module, function.__name__, json.dumps(arguments), str(result))
        return json.loads(result.read_text(encoding="utf-8"))


def run_module(module: str, *arguments: str) -> None:
    """``python -m module arguments`` from the repository's root; its output is shown only if it fails."""
    finish(start_module(module, *arguments))


def start_module(module: str, *arguments: str) -> "subprocess.Popen[str]":
    """The same, without waiting."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: "subprocess.Popen[str]") -> None:
    """Wait for a process; ``RuntimeError`` with its output if it failed."""
    output, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{process.args!r} failed with exit code {process.returncode}:\n{output}")


def peak_memory_mb(pid: int | str = "self") -> float:
    """Largest resident memory that a process ever had [MB], its shared pages included; 0 once it has ended.

    ``getrusage`` would do, but its ``ru_maxrss`` starts at that of the process it was forked from.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    kib = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(kib[0]) * 1024 / 1e6 if kib else 0.0


def descendants(pid: int) -> Iterator[tuple[int, str]]:
    """All processes below ``pid``: number and command line."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has just ended
        if parent == pid:
            child = int(folder.name)
            yield child, command.replace("\0", " ")
            yield from descendants(child)


class OtherLoad:
    """How many cores other processes keep busy while this one works; if many, its times mean little."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), _others_cpu_s()

    def cores(self) -> float:
        """The average since this was made."""
        start, others_s = self._start
        return max(0.0, _others_cpu_s() - others_s) / (time.perf_counter() - start)


def _others_cpu_s() -> float:
    with Path("/proc/stat").open(encoding="utf-8") as file:
        user, nice, system = map(int, file.readline().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK") - time.process_time()


def _main(module: str, function: str, arguments: str, result: str) -> None:
    value = getattr(import_module(module), function)(*json.loads(arguments))
    Path(result).write_text(json.dumps(value), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
