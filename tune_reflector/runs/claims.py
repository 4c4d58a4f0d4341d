"""Claims on the names of runs: one process at a time makes, replaces or goes on with the run of a name, or redraws it.

A claim is a lock on a file beside the run's folder, so it can be had before there is a folder, holds while the folder
is replaced, and ends with the process however that ends.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from search_records.display import display_path
from tune_reflector.errors import ConfigError

Purpose = Literal["search", "report"]
"""What a run is claimed for: a report may draw a run that goes on, so its claim is another one."""

_NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def claimed(folder: Path, purpose: Purpose = "search") -> Iterator[None]:
    """Within this context no other process has the run in ``folder`` for this purpose.

    Raises:
        ConfigError: another process has it.
    """
    with claim(folder, purpose) as ours:
        if not ours:
            raise ConfigError(
                f"{display_path(folder)}: must be at work for one process, but another search or report has it; wait "
                "for its end, or stop it"
            )
        yield


@contextmanager
def claim(folder: Path, purpose: Purpose = "search") -> Iterator[bool]:
    """Within this context no other process has the run in ``folder``, which need not be there yet, for this purpose.

    Yields:
        Whether this process has it: False if another one does.

    Raises:
        OSError: the folder's parent cannot be made or written, and there is no folder in it either. (One that is there
            cannot be replaced by others who may not write its parent.)
    """
    path = folder.parent / f".{folder.name}.{purpose}.lock"
    try:
        descriptor = _lock(path)
    except BlockingIOError:
        yield False
        return
    except OSError as error:
        if error.errno not in _NO_RIGHT or not folder.is_dir():
            raise
        yield True
        return
    try:
        yield True
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)
        with suppress(OSError):
            path.parent.rmdir()  # empty: made for a run that was never begun


def _lock(path: Path) -> int:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except (FileNotFoundError, FileExistsError):
            if path.parent.exists() and not path.parent.is_dir():
                raise
            continue  # whoever gave up a claim has just removed the empty parent
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), path.lstat()):
                return descriptor
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its owner has removed it since: another process would lock a new one
