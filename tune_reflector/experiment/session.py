"""One session of a search, from its start to the end of this process: what its parts share."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from search_records.display import display_path
from search_records.journal import Journal
from trainables.evaluator import PlacementEvaluator
from trainables.tracing.backend import Backend
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.experiment.console import Console

OK, FAILED = 0, 1
"""Exit codes; bad input, found by a ``ConfigError``, is 2, and after a signal it is 128 + its number."""


@dataclass(frozen=True)
class Session:
    """A search that is ready to run, here and now."""

    folder: Path
    """Of the run."""
    config: SearchConfig
    evaluator: PlacementEvaluator
    backend: Backend
    workers: int
    journal: Journal
    console: Console

    @property
    def remedy(self) -> str:
        """How to go on with it, should this session end before the search does."""
        return f"resume with: python -m tune_reflector.search --resume {shlex.quote(str(display_path(self.folder)))}"
