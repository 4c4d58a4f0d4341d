"""A trial's checkpoint: one file of named arrays behind a checksum, which tells a whole one from a damaged one.

It is never unpickled. Free of Ray and Sionna, so that a search can look for the checkpoint to go on from.
"""

import io
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from search_records.atomic_files import atomic_write

FILE = "trial.checkpoint"

_DIGEST_BYTES = 8

State = dict[str, npt.NDArray[Any]]


class CheckpointError(ValueError):
    """The checkpoint is missing or damaged."""


def write(folder: Path, state: Mapping[str, Any]) -> None:
    """Write the arrays of ``state`` to ``folder``, whole or not at all."""
    arrays = io.BytesIO()
    np.savez(arrays, **state)
    with atomic_write(folder / FILE) as file:
        file.write(b"%08x" % zlib.crc32(arrays.getbuffer()))
        file.write(arrays.getbuffer())


def read(folder: Path) -> State:
    """The arrays in ``folder``.

    Raises:
        CheckpointError: there is no whole checkpoint in it.
    """
    try:
        content = (folder / FILE).read_bytes()
        digest, arrays = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if digest != b"%08x" % zlib.crc32(arrays):
            raise ValueError("its checksum does not fit")
        with np.load(io.BytesIO(arrays), allow_pickle=False) as loaded:
            return {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder / FILE}: is no whole checkpoint: {error}") from None


def iteration_and_copy(folder: Path) -> tuple[int, int] | None:
    """Iteration and copy of the result that the checkpoint followed; None if it is not whole."""
    try:
        state = read(folder)
        return int(state["iteration"]), int(state["copy"])
    except (CheckpointError, KeyError):
        return None
