"""The folder of a new run: found, claimed and checked before anything expensive starts, made once all is known."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from search_records.display import display_path
from search_records.journal import in_use
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.experiment.resume import record_new_run
from tune_reflector.runs.claims import claim, claimed
from tune_reflector.runs.layout import JOURNAL_FILE, is_run
from tune_reflector.runs.replaced_run import ReplacedRun

MIN_FREE_MB = 200


@contextmanager
def new_folder(config: SearchConfig, overwrite: bool, dry_run: bool = False) -> Iterator[Path]:
    """A folder that a new run may have; within this context no other process takes it. A dry run claims nothing.

    Raises:
        ConfigError: the folder is taken, cannot be made, or has no room.
    """
    for folder in config.folders:
        with nullcontext(True) if dry_run else _claim(folder) as ours:
            with naming_results_dir():
                taken = folder.exists()
            if config.name is None and (taken or not ours):
                continue
            if not ours:
                raise ConfigError(
                    f"name: a run must be at work for one process, but another has {display_path(folder)}; choose "
                    "another name, or wait for its end"
                )
            with naming_results_dir():
                _check(folder, overwrite)
            yield folder
            return


@contextmanager
def _claim(folder: Path) -> Iterator[bool]:
    with ExitStack() as stack:
        with naming_results_dir():
            ours = stack.enter_context(claim(folder))
            if ours:
                ReplacedRun(folder).recover()
        yield ours


def make_folder(folder: Path, config: SearchConfig, about: dict[str, Any]) -> None:
    """Make the folder of a new run, whole from its first moment; a run that it replaces is moved aside.

    Args:
        folder: claimed.
        config: of the run.
        about: its provenance.
    """
    unfinished = folder.with_name(f".{folder.name}.new")
    with naming_results_dir():
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(parents=True)
        record_new_run(unfinished, config, about)
        with claimed(folder, "report"):  # a report that draws the other one
            ReplacedRun(folder).move_aside()
        unfinished.rename(folder)


@contextmanager
def naming_results_dir() -> Iterator[None]:
    """Turn what the operating system says of the folder into one line."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"results_dir: must be a folder that can be written, but {error.filename}: {error.strerror}; choose another"
        ) from None


def _check(folder: Path, overwrite: bool) -> None:
    """The folder can be made, has room, and holds nothing yet (or may be replaced)."""
    if folder.exists() and not overwrite:
        raise ConfigError(
            f"name: a run must have a new name, but {folder} exists; choose another name, resume it with "
            f"--resume {folder}, or replace it with --overwrite"
        )
    if folder.exists() and (folder.is_symlink() or not is_run(folder)):
        raise ConfigError(f"name: --overwrite replaces runs only, but {folder} is none; choose another name")
    if in_use(folder / JOURNAL_FILE):  # of a process that knows it by another name
        raise ConfigError(f"name: --overwrite must not replace a run that goes on, but {folder} does; stop it first")
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise ConfigError(f"results_dir: must be a folder that can be written, but {existing} cannot; choose another")
    free_mb = shutil.disk_usage(existing).free // 2**20
    if free_mb < MIN_FREE_MB:
        raise ConfigError(f"results_dir: must have {MIN_FREE_MB} MB free, but {existing} has {free_mb}; make room")
