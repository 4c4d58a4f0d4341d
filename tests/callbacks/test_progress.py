"""One line of progress: what it says, and how a terminal and a log each get it."""

import io
import math
import time
from typing import Any

import pytest

from callbacks.progress import Progress
from search_records.progress import ProgressCounter
from tests.records import trial_result


class Stream(io.StringIO):
    """A text stream that is a terminal, or is not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


class Run:
    """A search under a clock that only the test moves."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        terminal: bool = False,
        time_limit_s: float | None = None,
        rays_limit: float = math.inf,
    ) -> None:
        self.now_s = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)
        self.counter = ProgressCounter(top_rung=1)
        self.stream = Stream(terminal)
        self.progress = Progress(self.counter, "P10 {:.1f} dBW".format, 600, time_limit_s, rays_limit, self.stream)
        self.progress.setup()

    def count(self, best: float | None = None, **counted: Any) -> None:
        vars(self.counter).update(counted)
        if best is not None:
            self.counter.best.add(trial_result(best))

    def step(self, after_s: float = 0.0, **counted: Any) -> None:
        self.now_s += after_s
        self.count(**counted)
        self.progress.on_step_end(iteration=0, trials=[])

    @property
    def line(self) -> str:
        return self.progress.line(self.now_s)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


def test_before_the_first_score_only_the_count_is_known(run: Run) -> None:
    assert run.line == "0/600 trials, no score yet"


def test_the_line_tells_count_best_rate_and_time_left(run: Run) -> None:
    run.step(after_s=30, rays_per_ap=1.0)  # workers took 30 s to start: no part of the rate
    run.step(after_s=20, ended=120, best=-54.24)
    assert run.line == "120/600 trials, best: P10 -54.2 dBW, 6.0/s, 1m20s left"


def test_trials_of_an_earlier_session_are_no_part_of_the_rate(run: Run) -> None:
    run.count(ended=500, rays_per_ap=9.0, best=-54.24)
    run.progress.setup()
    run.step(after_s=30)  # workers start, as they did then
    run.step(rays_per_ap=10.0)
    run.step(after_s=10, ended=510)
    assert run.line == "510/600 trials, best: P10 -54.2 dBW, 1.0/s, 1m30s left"


def test_failed_trials_are_told(run: Run) -> None:
    run.step(failed=3)
    assert run.line == "0/600 trials, no score yet, 3 failed"


def test_a_time_limit_ends_the_search_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, time_limit_s=60)
    run.step(rays_per_ap=1.0)
    run.step(after_s=20, ended=20, best=-50.0)
    assert run.line.endswith(", 1.0/s, 40s left")
    run.step(after_s=50)
    assert run.line.endswith(", 0s left")


def test_a_budget_of_rays_is_told_and_ends_the_search_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, rays_limit=1_000.0)
    run.step(rays_per_ap=100.0)
    run.step(after_s=10, ended=10, rays_per_ap=300.0, best=-50.0)
    assert run.line == "10/600 trials, 30% of the rays, best: P10 -50.0 dBW, 1.0/s, 35s left"
    run.step(ended=590)
    assert run.line.endswith(", 0s left")  # the trials end it now
    run.step(ended=20, rays_per_ap=1_100.0)
    assert ", 100% of the rays, " in run.line
    assert run.line.endswith(", 0s left")


def test_a_log_gets_whole_lines_and_seldom(run: Run) -> None:
    for _ in range(25):
        run.step(after_s=1)
    run.progress.on_experiment_end()
    assert run.stream.getvalue() == "0/600 trials, no score yet\n" * 3


def test_a_terminal_gets_one_line_rewritten_and_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, terminal=True)
    run.step(after_s=1, failed=1)
    run.step(after_s=1, failed=0)
    run.step(after_s=0.01)
    run.progress.on_experiment_end()
    long, short = "0/600 trials, no score yet, 1 failed", "0/600 trials, no score yet"
    assert run.stream.getvalue() == f"\r{long}\r{short:<{len(long)}}\r{short}\n"
