"""Failures of trials: the cause in one line, at length in ``errors.txt``, and what speaks for another try."""

import errno
import re
import traceback
from dataclasses import dataclass
from pathlib import Path

from ray.exceptions import OutOfMemoryError, RayActorError, RayError, RayTaskError

from trainables.objectives.base import MapError
from tune_reflector.runs.layout import ERRORS_FILE

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NO_MEMORY = (
    "out of memory",
    "out_of_memory",
    "bad_alloc",
    "cannot allocate memory",
    "unable to allocate",
    "low on memory",
)
_VMSTAT = Path("/proc/vmstat")


@dataclass(frozen=True)
class Failure:
    """One failure of a trial."""

    cause: str
    """One line."""
    details: str
    """What there is to read for someone who looks for the reason."""
    out_of_memory: bool = False
    repeatable: bool = False
    """Whether the same would happen again."""
    hang: bool = False
    disk: OSError | None = None
    """The disk's own error, which no other try will mend."""


class FailureLog:
    """Reads failures off the exceptions that Tune hands over, and writes them down.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ERRORS_FILE
        self._oom_kills = _oom_kills()

    def write(self, trial_id: str, failure: Failure) -> None:
        """Append to ``errors.txt``."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"trial {trial_id}: {failure.cause}\n{_COLOURS.sub('', failure.details).strip()}\n\n")

    def read(self, error: BaseException | None) -> Failure:
        """Read a failure off what Tune, or this process, has caught."""
        if isinstance(error, RayTaskError):
            return _raised(error.as_instanceof_cause() if error.cause is None else error.cause, str(error))
        if error is not None and not isinstance(error, RayError):  # raised in this process
            return _raised(error, "".join(traceback.format_exception(error)))
        details = str(error)
        if isinstance(error, OutOfMemoryError) or self._kernel_killed_one() or _speaks_of_memory(details):
            return Failure("out of memory: its worker was killed", details, out_of_memory=True)
        if isinstance(error, RayActorError):
            where = "the node of its worker was lost" if "node" in details and "died" in details else "its worker died"
            return Failure(where, details)
        return Failure(_first_line(error), details)

    def _kernel_killed_one(self) -> bool:
        """Whether the kernel has killed a process for want of memory since the last look."""
        before, self._oom_kills = self._oom_kills, _oom_kills()
        return self._oom_kills > before


def no_progress(timeout_s: float) -> Failure:
    """The failure of a trial that hangs."""
    cause = f"made no progress for trial_timeout_s={timeout_s:g}"
    return Failure(cause, cause, hang=True)


def _raised(error: BaseException, details: str) -> Failure:
    """The failure of a trial that has raised this."""
    if isinstance(error, OSError) and error.errno in _DISK:
        return Failure(_first_line(error), details, disk=error)
    if isinstance(error, MemoryError | OutOfMemoryError) or _speaks_of_memory(str(error)):
        return Failure(f"out of memory: {_first_line(error)}", details, out_of_memory=True)
    return Failure(_first_line(error), details, repeatable=isinstance(error, MapError))


def _oom_kills() -> int:
    try:
        lines = dict(line.split() for line in _VMSTAT.read_text(encoding="utf-8").splitlines())
        return int(lines.get("oom_kill", 0))
    except (OSError, ValueError):
        return 0


def _speaks_of_memory(text: str) -> bool:
    return any(words in text.lower() for words in _NO_MEMORY)


def _first_line(error: object) -> str:
    text = " ".join(str(error).split("\n", 1)[0].split())
    return f"{type(error).__name__}: {text}"[:300]
