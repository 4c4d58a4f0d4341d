"""Checkpoints of trials: where they are kept, and from which of them an interrupted trial goes on."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from search_records.events import ResultKey
from trainables.checkpoint import iteration_and_copy

KEPT = 2
"""Of a trial; should the last be damaged there is the one before."""


def trial_folder(trial_id: str, session_number: int) -> str:
    """Name of the folder of a trial in one session; each has its own, so that none writes over another's."""
    return f"trial-{trial_id}-{session_number}"


def newest(folder: Path, trial_id: str, reported: Sequence[ResultKey]) -> Path | None:
    """The whole checkpoint that followed the latest of a trial's results; None if it must begin anew.

    Args:
        folder: of all checkpoints.
        trial_id: the trial.
        reported: keys of its results, in the order in which they came.
    """
    found: dict[ResultKey, Path] = {}
    for path in sorted(folder.glob(f"trial-{trial_id}-*/checkpoint_*")):
        if about := iteration_and_copy(path):
            iteration, copy = about
            found[ResultKey(trial_id, copy, iteration)] = path
    return next((found[key] for key in reversed(reported) if key in found), None)


def clear(folder: Path, trial_id: str) -> None:
    """Delete the checkpoints of a trial that has ended."""
    for path in folder.glob(f"trial-{trial_id}-*"):
        shutil.rmtree(path, ignore_errors=True)


def clear_all(folder: Path, trial_ids: Iterable[str]) -> None:
    """Delete what is left of a stage that is over, and the folder with the last of them."""
    for trial_id in trial_ids:
        clear(folder, trial_id)
    if folder.exists() and not any(folder.glob("trial-*")):
        shutil.rmtree(folder, ignore_errors=True)


def thin_out(trial_folder: Path) -> None:
    """Keep only the last checkpoints of a trial."""
    for path in sorted(trial_folder.glob("checkpoint_*"))[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)
