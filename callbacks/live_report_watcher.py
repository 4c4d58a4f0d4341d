"""Looks after the process that draws the live report while the trials run."""

from typing import Any, Protocol

from ray.tune import Callback


class LookedAfter(Protocol):
    """Something that may die and is missed."""

    def look_after(self) -> None:
        """Tell once if it has died."""


class LiveReportWatcher(Callback):
    """Looks after a process while the trials run."""

    def __init__(self, process: LookedAfter) -> None:
        self._process = process

    def on_step_end(self, iteration: int, trials: Any, **_: Any) -> None:
        self._process.look_after()
