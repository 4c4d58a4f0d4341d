"""A run that another one takes the place of: kept aside until that one has its first result.

All of it happens under the claim on the run's name.
"""

import shutil
from pathlib import Path

from search_records.events import Event, Reported
from search_records.journal import has_result
from tune_reflector.runs.layout import JOURNAL_FILE


class ReplacedRun:
    """The run that was in ``folder`` before, if there was one.

    Args:
        folder: of the run that takes its place.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._aside = folder.with_name(f".{folder.name}.replaced")

    @property
    def kept(self) -> bool:
        """Whether there is one still."""
        return self._aside.exists()

    def recover(self) -> None:
        """Do what a process was killed before it could do it."""
        if self.kept and not self._folder.exists():
            self._aside.rename(self._folder)
        elif self.kept and has_result(self._folder / JOURNAL_FILE):
            self.forget()

    def move_aside(self) -> None:
        """Make room for the other one; a run that came to nothing is not worth to be kept instead."""
        if self.kept:
            shutil.rmtree(self._folder)
        elif self._folder.exists():
            self._folder.rename(self._aside)

    def put_back(self) -> None:
        """Give it its place again: the other one came to nothing."""
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._aside.rename(self._folder)

    def forget(self) -> None:
        """Delete it."""
        if self.kept:
            shutil.rmtree(self._aside)

    def __call__(self, event: Event) -> None:
        """Hear what the journal of the other run takes down."""
        if isinstance(event, Reported):
            self.forget()
