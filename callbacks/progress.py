"""The progress of a search as a status line: trials, best score, rate, time left."""

import math
import time
from collections.abc import Callable
from typing import Any, TextIO

from ray.tune import Callback

from callbacks.status_line import StatusLine
from search_records.display import format_duration
from search_records.progress import ProgressCounter


class Progress(Callback):
    """Prints ``120/600 trials, best: P5 -54.2 dBm, 6.8/s, 1m11s left``.

    Args:
        counter: what to show.
        told: how people are told of a score: ``P5 -54.2 dBm``.
        total: trials in the whole search.
        time_limit_s: end of the search by the clock, if there is one.
        rays_limit: rays per access point of all trials that end the search.
        stream: where to print; standard output by default.
    """

    def __init__(
        self,
        counter: ProgressCounter,
        told: Callable[[float], str],
        total: int,
        time_limit_s: float | None = None,
        rays_limit: float = math.inf,
        stream: TextIO | None = None,
    ) -> None:
        self._counter = counter
        self._told = told
        self._total = total
        self._time_limit_s = time_limit_s
        self._rays_limit = rays_limit
        self._stream = stream

    def setup(self, *_: Any, **__: Any) -> None:
        self._start = time.monotonic()
        self._status = StatusLine(self._stream)
        self._rays_before = self._counter.rays_per_ap
        self._first: tuple[float, int, float] | None = None

    def on_step_end(self, iteration: int, trials: Any, **_: Any) -> None:
        now = time.monotonic()
        counter = self._counter
        if self._first is None and counter.rays_per_ap > self._rays_before:
            self._first = (now, counter.ended, counter.rays_per_ap)  # the clock of the rates starts with the workers
        if self._status.is_due(now):
            self._status.show(self.line(now), now)

    def on_experiment_end(self, *_: Any, **__: Any) -> None:
        now = time.monotonic()
        self._status.show(self.line(now), now)
        self._status.end()

    def line(self, now: float) -> str:
        """The line as of the monotonic time ``now``."""
        counter = self._counter
        parts = [f"{counter.ended}/{self._total} trials"]
        if math.isfinite(self._rays_limit):
            parts.append(f"{min(1.0, counter.rays_per_ap / self._rays_limit):.0%} of the rays")
        best = counter.best.value
        parts.append("no score yet" if best is None else f"best: {self._told(best)}")
        if counter.failed:
            parts.append(f"{counter.failed} failed")
        if self._first is None:
            return ", ".join(parts)
        first_s, ended, rays = self._first
        if now > first_s and counter.ended > ended:
            rate = (counter.ended - ended) / (now - first_s)
            left_s = (self._total - counter.ended) / rate
            if math.isfinite(self._rays_limit) and counter.rays_per_ap > rays:
                rays_rate = (counter.rays_per_ap - rays) / (now - first_s)
                left_s = min(left_s, (self._rays_limit - counter.rays_per_ap) / rays_rate)
            if self._time_limit_s is not None:
                left_s = min(left_s, self._time_limit_s - (now - self._start))
            parts += [f"{rate:.1f}/s", f"{format_duration(max(0.0, left_s))} left"]
        return ", ".join(parts)
