"""Whether a run's folder holds its own files and nothing else: a folder may have come from somebody else.

Whoever writes into a folder follows the links in it, and a pipe lets its reader wait for ever.
"""

import os
import stat
from pathlib import Path

from tune_reflector.errors import ConfigError
from tune_reflector.runs.layout import COUNTERFACTUAL_FOLDER, ERRORS_FILE, FILES, FOLDERS, JOURNAL_FILE

_APPENDED = (JOURNAL_FILE, ERRORS_FILE)
"""Files that are written to where they are; all others are replaced, which leaves a second name of theirs alone."""


def check_contained(folder: Path) -> None:
    """The folder has nothing in it that leads out of it, and no pipe or folder where a file belongs.

    The folder itself may be a link.

    Raises:
        ConfigError: it has.
    """
    root = folder.resolve()
    for parent, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(parent, name)
            if (reason := _reason(path, root, _is_of_run(path.parent, root))) is not None:
                raise ConfigError(f"{folder}: must hold files and folders of its own only, but {reason}")


def _is_of_run(parent: Path, root: Path) -> bool:
    """Tell whether a folder is that of the run, or of one inside it."""
    return parent == root or parent.parent == root / COUNTERFACTUAL_FOLDER


def _reason(path: Path, root: Path, of_run: bool) -> str | None:
    about = path.lstat()
    shown = path.relative_to(root)
    if stat.S_ISLNK(about.st_mode):
        target = Path(os.path.realpath(path))
        return None if target.is_relative_to(root) else f"{shown} is a link to {target}; remove it"
    if stat.S_ISREG(about.st_mode):
        if of_run and path.name in FOLDERS:
            return f"{shown} is a file and no folder; remove it"
        if about.st_nlink > 1 and of_run and path.name in _APPENDED:
            return f"{shown} is the same file as another one elsewhere (a hard link); copy the folder with 'cp -r'"
        return None
    if stat.S_ISDIR(about.st_mode):
        return f"{shown} is a folder; remove it" if of_run and path.name in FILES else None
    return f"{shown} is a pipe, a socket or a device; remove it"
