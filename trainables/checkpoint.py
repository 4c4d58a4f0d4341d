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
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError) as error:
        raise CheckpointError(f"{folder / FILE}: is no whole checkpoint: {error}") from None


def iteration_and_copy(folder: Path) -> tuple[int, int] | None:
    """Which result of its trial the checkpoint followed: the iteration, and the copy; None if it is not whole."""
    try:
        state = read(folder)
        return int(state["iteration"]), int(state["copy"])
    except (CheckpointError, KeyError):
        return None
