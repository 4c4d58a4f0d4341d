"""A status line on a stream: rewritten in place on a terminal, repeated seldom in a log."""

import shutil
import sys
import time
from typing import TextIO

_TERMINAL_EVERY_S = 0.25
_LOG_EVERY_S = 10.0


class StatusLine:
    """Shows one line after another on a stream.

    Args:
        stream: where to print; standard output by default.
        log_every_s: least time between two lines where the stream is no terminal [s].
    """

    def __init__(self, stream: TextIO | None = None, log_every_s: float = _LOG_EVERY_S) -> None:
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._every_s = _TERMINAL_EVERY_S if self._terminal else log_every_s
        self._shown = time.monotonic()
        self._width = 0

    def is_due(self, now: float) -> bool:
        """Tell whether at the monotonic time ``now`` it is time for another line."""
        return now - self._shown >= self._every_s

    def show(self, line: str, now: float) -> None:
        """Show ``line``, instead of the one before where there is a terminal."""
        self._shown = now
        if self._terminal:
            room = shutil.get_terminal_size().columns - 1  # a line that wraps could not be rewritten
            print(f"\r{line:<{self._width}}"[: room + 1], end="", file=self._stream, flush=True)
            self._width = len(line)
        else:
            print(line, file=self._stream, flush=True)

    def end(self) -> None:
        """Leave the last line where it is."""
        if self._terminal:
            print(file=self._stream, flush=True)
