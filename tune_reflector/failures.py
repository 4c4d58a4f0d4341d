"""Why a trial failed, in one line, and whether another try is worth its while."""

from dataclasses import dataclass
from pathlib import Path

from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError

from trainables.objectives import MapError

_NO_MEMORY = ("out of memory", "out_of_memory", "bad_alloc", "cannot allocate memory", "unable to allocate")
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


class FailureReader:
    """Reads failures off the exceptions that Tune hands over."""

    def __init__(self) -> None:
        self._oom_kills = _oom_kills()

    def read(self, error: BaseException | None) -> Failure:
        """What has happened."""
        details = str(error)
        if isinstance(error, RayTaskError):
            cause = error.as_instanceof_cause() if error.cause is None else error.cause
            if isinstance(cause, MemoryError | OutOfMemoryError) or _speaks_of_memory(str(cause)):
                return Failure(f"out of memory: {_first_line(cause)}", details, out_of_memory=True)
            return Failure(_first_line(cause), details, repeatable=isinstance(cause, MapError))
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


def hang(timeout_s: float) -> Failure:
    """The failure of a trial that made no progress."""
    cause = f"made no progress for trial_timeout_s={timeout_s:g}"
    return Failure(cause, cause)


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
