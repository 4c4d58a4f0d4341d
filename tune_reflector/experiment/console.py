"""The console of a search: lines for people, or one JSON object a line for scripts, or nothing but trouble.

The program tells people through ``logging``: here is where its messages go.
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Literal, TextIO

from search_records.events import Event, Reported, encode
from search_records.progress import ProgressCounter
from search_records.result import ResultColumns

Mode = Literal["lines", "json", "quiet", "none"]

LOGGERS = ("tune_reflector", "callbacks")
"""Whose messages are for people."""


class Console(logging.Handler):
    """Prints, at once.

    Args:
        mode: ``lines`` for people; ``json``: every event as an object of its own with a key ``event``; ``quiet``:
            warnings only, to standard error; ``none``: nothing, ``logging`` does with the messages what it is told to.
    """

    def __init__(self, mode: Mode = "lines") -> None:
        super().__init__(logging.WARNING if mode == "quiet" else logging.INFO)
        self.mode = mode

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within this context the program's messages are printed."""
        if self.mode == "none":
            yield
            return
        loggers = [logging.getLogger(name) for name in LOGGERS]
        before = [(logger.level, logger.propagate) for logger in loggers]
        for logger in loggers:
            logger.addHandler(self)
            logger.setLevel(self.level)
            logger.propagate = False  # a caller's own handlers would print it all once more
        try:
            yield
        finally:
            for logger, (level, propagate) in zip(loggers, before, strict=True):
                logger.removeHandler(self)
                logger.setLevel(level)
                logger.propagate = propagate

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message; one that stands alone begins with an empty line."""
        text = record.getMessage()
        match self.mode:
            case "lines":
                _print(text)
            case "json":
                kind = "warning" if record.levelno >= logging.WARNING else "message"
                self.event(kind, text=text.strip())
            case "quiet":
                _print(text.strip(), sys.stderr)

    def event(self, kind: str, **facts: Any) -> None:
        """Tell scripts."""
        if self.mode == "json":
            _print(json.dumps({"event": kind, **facts}))


class EventStream:
    """Tells scripts what the journal takes down, and whenever the best score rises.

    Args:
        console: where to.
        columns: of the results.
        counter: knows what happened before, and counts on from there.
        about: what each of them tells beside itself.
    """

    def __init__(
        self, console: Console, columns: ResultColumns, counter: ProgressCounter, about: Mapping[str, str]
    ) -> None:
        self._console = console
        self._columns = columns
        self._counter = counter
        self._about = about

    def __call__(self, event: Event) -> None:
        facts = encode(event, self._columns)
        self._console.event(facts.pop("event"), **facts, **self._about)
        before = self._counter.best.value
        self._counter.add(event)
        best = self._counter.best.value
        if best != before and isinstance(event, Reported):
            told = {self._columns.metric: best, "trial": event.trial_id, "elapsed_s": round(event.elapsed_s, 3)}
            self._console.event("best", **told, **self._about)


def _print(line: str, stream: TextIO | None = None) -> None:
    with suppress(OSError):  # a closed terminal or pipe is no reason to stop
        print(line, file=stream, flush=True)
