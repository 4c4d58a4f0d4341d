"""Searches in Python: started, gone on with, and what they have found."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_reflector.api.load import load_config
from tune_reflector.api.run import Run
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.experiment import run
from tune_reflector.experiment.console import Console


def search(
    config: SearchConfig | str | Path | Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
    progress: bool = False,
) -> Run:
    """Search for a placement: what ``python -m tune_reflector.search`` does, in its folder of ``results_dir``.

    It may run in any thread; Ctrl-C and SIGTERM end it gently in the main thread only, and it can be resumed then.

    Args:
        config: of the search, or what ``load_config`` makes one of.
        overwrite: replace a run of the same name.
        progress: print what the command line prints; else messages go where ``logging`` is told to send them.

    Raises:
        ConfigError: something is wrong that can be known before it starts.
        SearchError: it has ended without a winner.
        KeyboardInterrupt: it was interrupted.
    """
    return Run.load(run.start(load_config(config), overwrite, console=_console(progress)))


def resume(folder: str | Path, *, other_versions: bool = False, progress: bool = False, **settings: Any) -> Run:
    """Go on with an interrupted search, or with a finished one and a larger budget.

    Args:
        folder: of the run.
        other_versions: go on although packages have changed.
        progress: as of ``search``.
        settings: of the budget, what shall be different: ``**{"budget.trials": 400}``.

    Raises:
        ConfigError: the folder is no run, or one that cannot be gone on with here.
        SearchError, KeyboardInterrupt: as ``search``.
    """
    overrides = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    return Run.load(run.resume(Path(folder), overrides, other_versions, _console(progress)))


def _console(progress: bool) -> Console:
    return Console("lines" if progress else "none")
