"""One session of a search, from its start to the end of this process: what its parts share."""

import shlex
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from search_records.display import display_path
from search_records.journal import Journal
from search_records.progress import ProgressCounter
from trainables.evaluator import PlacementEvaluator
from trainables.tracing.backend import Backend
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.experiment.console import Console, EventStream


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
    part_of: Path | None = None
    """Folder of the run that this search belongs to; None: its own."""

    def telling_scripts(self, **about: str) -> AbstractContextManager[None]:
        """Within this context every event is told to scripts, with ``about``, if that is what the console is for."""
        if self.console.mode != "json":
            return nullcontext()
        counter = ProgressCounter(self.config.top_rung, self.journal.read())
        return self.journal.told_to(EventStream(self.console, self.config.columns(), counter, about))

    @property
    def remedy(self) -> str:
        """How to go on with it, should this session end before the search does."""
        run = shlex.quote(str(display_path(self.part_of or self.folder)))
        return f"resume with: python -m tune_reflector.search --resume {run}"
