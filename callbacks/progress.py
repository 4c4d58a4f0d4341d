"""One line that says how far the search is: rewritten in place on a terminal, repeated seldom in a log."""

import sys
import time
from typing import Any, TextIO

from ray.tune import Callback

from callbacks.duration import duration
from callbacks.tally import Tally

_TERMINAL_EVERY_S = 0.25
_LOG_EVERY_S = 10.0


class Progress(Callback):
    """Prints ``120/600 trials, best P5 -54.2 dBm, 6.8/s, 1m11s left``.

    Args:
        tally: what to show; it must come before this in the list of callbacks.
        total: trials in the whole search.
        time_limit_s: end of the search by the clock, if there is one.
        stream: where to print; standard output by default.
    """

    def __init__(
        self,
        tally: Tally,
        total: int,
        time_limit_s: float | None = None,
        stream: TextIO | None = None,
    ) -> None:
        self._tally = tally
        self._total = total
        self._time_limit_s = time_limit_s
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._width = 0

    def setup(self, *_: Any, **__: Any) -> None:
        self._start = self._shown = time.monotonic()
        self._first: tuple[float, int] | None = None

    def on_step_end(self, iteration: int, trials: Any, **_: Any) -> None:
        now = time.monotonic()
        if self._first is None and self._tally.rays_per_ap:
            self._first = (now, self._tally.ended)  # the clock of the rate starts with the workers
        if now - self._shown >= (_TERMINAL_EVERY_S if self._terminal else _LOG_EVERY_S):
            self._shown = now
            self._show(self.line(now))

    def on_experiment_end(self, *_: Any, **__: Any) -> None:
        self._show(self.line(time.monotonic()))
        if self._terminal:
            print(file=self._stream, flush=True)

    def line(self, now: float) -> str:
        """The line as of the monotonic time ``now``."""
        tally = self._tally
        parts = [f"{tally.ended}/{self._total} trials"]
        parts.append("no score yet" if tally.best is None else f"best P5 {tally.best:.1f} dBm")
        if tally.failed:
            parts.append(f"{tally.failed} failed")
        if self._first is not None and now > self._first[0] and tally.ended > self._first[1]:
            rate = (tally.ended - self._first[1]) / (now - self._first[0])
            left_s = (self._total - tally.ended) / rate
            if self._time_limit_s is not None:
                left_s = min(left_s, self._time_limit_s - (now - self._start))
            parts += [f"{rate:.1f}/s", f"{duration(max(0.0, left_s))} left"]
        return ", ".join(parts)

    def _show(self, line: str) -> None:
        if self._terminal:
            print(f"\r{line:<{self._width}}", end="", file=self._stream, flush=True)
            self._width = len(line)
        else:
            print(line, file=self._stream, flush=True)
