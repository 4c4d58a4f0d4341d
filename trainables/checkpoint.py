"""A trial's checkpoint: one file of named arrays, whose checksums tell a whole one from a damaged one.

It is never unpickled. Free of Ray and Sionna, so that a search can look for the checkpoint to go on from.
"""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FILE = "trial.npz"

State = dict[str, npt.NDArray[Any]]


class CheckpointError(ValueError):
    """The checkpoint is missing or damaged."""


def write(folder: Path, state: Mapping[str, Any]) -> None:
    """Write the arrays of ``state`` to ``folder``, whole or not at all."""
    temporary = folder / f".{FILE}.part"
    with temporary.open("wb") as file:
        np.savez(file, **state)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / FILE)


def read(folder: Path) -> State:
    """The arrays in ``folder``.

    Raises:
        CheckpointError: there is no whole checkpoint in it.
    """
    try:
        with zipfile.ZipFile(folder / FILE) as archive:
            if (damaged := archive.testzip()) is not None:  # before numpy believes a word of it
                raise zipfile.BadZipFile(f"{damaged} is damaged")
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:  # what a damaged file makes zip and numpy raise has no end
        raise CheckpointError(f"{folder / FILE}: is no whole checkpoint: {error}") from None


def iteration_and_copy(folder: Path) -> tuple[int, int] | None:
    """Which result of its trial the checkpoint followed: the iteration, and the copy; None if it is not whole."""
    try:
        state = read(folder)
        return int(state["iteration"]), int(state["copy"])
    except (CheckpointError, KeyError):
        return None
