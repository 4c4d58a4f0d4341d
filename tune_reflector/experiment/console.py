"""What a search tells: lines for people, or one JSON object a line for scripts, or nothing but trouble."""

import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Literal, TextIO

from search_records.journal import Event
from search_records.rows import key_of
from search_records.running_best import RunningBest
from trainables.objectives import METRIC

Mode = Literal["lines", "json", "quiet"]


class Console:
    """Prints, at once.

    Args:
        mode: ``lines`` for people; ``json``: every event as an object of its own with a key ``event``; ``quiet``:
            warnings only, to standard error.
    """

    def __init__(self, mode: Mode = "lines") -> None:
        self.mode = mode

    def say(self, text: str) -> None:
        """Tell people."""
        if self.mode == "lines":
            _print(text)
        else:
            self.event("message", text=text.strip())

    def warn(self, text: str) -> None:
        """Tell people of what they should not miss."""
        if self.mode == "json":
            self.event("warning", text=text.strip())
        else:
            _print(text if self.mode == "lines" else text.strip(), sys.stdout if self.mode == "lines" else sys.stderr)

    def event(self, kind: str, **facts: Any) -> None:
        """Tell scripts."""
        if self.mode == "json":
            _print(json.dumps({"event": kind, **facts}))


class EventStream:
    """Tells scripts what the journal takes down, and whenever the best score rises.

    Args:
        console: where to.
        top_rung: the least rung of a score that may be best.
        events: that were taken down before.
    """

    def __init__(self, console: Console, top_rung: int, events: Iterable[Event]) -> None:
        self._console = console
        self._standing = RunningBest(METRIC, top_rung)
        for event in events:
            self._count(event)

    def __call__(self, event: Event) -> None:
        kind, facts = event["event"], {name: value for name, value in event.items() if name not in ("event", "n")}
        self._console.event(kind, **facts)
        before = self._standing.best
        self._count(event)
        if self._standing.best != before:
            self._console.event(
                "best", p5_rss_dbm=self._standing.best, trial=event["trial"], elapsed_s=event["elapsed_s"]
            )

    def _count(self, event: Event) -> None:
        if event["event"] == "reported":
            self._standing.count(key_of(event["trial"], event["iteration"], event["result"]), event["result"])


def _print(line: str, stream: TextIO | None = None) -> None:
    with suppress(OSError):  # a closed terminal or pipe is no reason to stop
        print(line, file=stream, flush=True)
