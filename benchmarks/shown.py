"""What it costs a search to be watched: its callbacks, and the process that draws it."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter, thread_time
from typing import Any

from benchmarks.support.options import Options
from benchmarks.support.processes import call
from benchmarks.support.recorded import recorded_search
from benchmarks.support.report import Answer, Row
from benchmarks.support.runs import trial_ends_s

TRIALS_PER_S = 50.0
"""The pace at which the share of the driver's time is told."""

SEARCHER = "searcher"

HOOKS = ("on_step_begin", "on_step_end", "on_trial_start", "on_trial_result", "on_trial_complete", "on_trial_error")


def measure(trials: int, iterations: int, drawn: bool) -> dict[str, Any]:
    """A search of so many trials, of so many iterations each, with or without a report beside it.

    Returns:
        Milliseconds per trial, and of these those in which each callback was busy, and those that it took.
    """
    from ray.tune import Callback

    from tune_reflector.execution import ray_tune
    from tune_reflector.execution.launch import Launch

    busy_s: defaultdict[str, float] = defaultdict(float)
    spent_s: defaultdict[str, float] = defaultdict(float)

    class Timed(Callback):
        """Another callback, and how long it takes."""

        def __init__(self, inner: Any) -> None:
            shown = getattr(inner, "inner", inner)
            self.setup, self.on_experiment_end = inner.setup, inner.on_experiment_end
            for hook in HOOKS:
                if getattr(type(shown), hook) is not getattr(Callback, hook):
                    setattr(self, hook, timed(type(shown).__name__, getattr(inner, hook)))

    def timed(name: str, hook: Callable[..., None]) -> Callable[..., None]:
        def call_hook(*arguments: Any, **more: Any) -> None:
            start, busy = perf_counter(), thread_time()
            hook(*arguments, **more)
            busy_s[name] += thread_time() - busy
            spent_s[name] += perf_counter() - start

        return call_hook

    real_run = ray_tune.run

    def run_timed(launch: Launch) -> None:
        searcher = launch.candidates.searcher
        for method in ("on_trial_result", "on_trial_complete", "save"):
            setattr(searcher, method, timed(SEARCHER, getattr(searcher, method)))
        real_run(replace(launch, callbacks=[Timed(callback) for callback in launch.callbacks]))

    ray_tune.run = run_timed
    every_s = "5" if drawn else "null"
    rungs = [2000 * 2**number for number in range(iterations)]
    with recorded_search(trials, [f"report.every_s={every_s}", f"fidelity.rungs={rungs}"]) as folder:
        ends_s = trial_ends_s(folder)
    first = len(ends_s) // 5  # workers start
    trial_ms = 1000 * (ends_s[-1] - ends_s[first]) / (len(ends_s) - 1 - first)
    busy_ms, spent_ms = ({name: 1000 * s / trials for name, s in of.items()} for of in (busy_s, spent_s))
    return {"trial_ms": trial_ms, "busy_ms": busy_ms, "spent_ms": spent_ms}


def run(options: Options) -> Answer:
    """Time the callbacks of a search, and the search with and without its report."""
    trials = options.watched_search
    pairs = [{drawn: call(measure, trials, 2, drawn) for drawn in (True, False)} for _ in range(options.repeats)]
    rows: list[Row] = []
    for iterations, found in ((1, call(measure, trials, 1, True)), (2, pairs[-1][True])):
        busy_ms, spent_ms = found["busy_ms"], found["spent_ms"]
        for of in (busy_ms, spent_ms):
            of["Recorder"] -= of.pop(SEARCHER)  # which it tells
        busy, spent = (sum(of.values()) * TRIALS_PER_S / 10 for of in (busy_ms, spent_ms))
        keeps = busy_ms["Recorder"] * TRIALS_PER_S / 10
        what = f"at {TRIALS_PER_S:g} trials/s of {iterations} iteration{'s' * (iterations > 1)}"
        rows += [
            Row(f"callbacks {what}", busy, "% of the driver", at_most=2),
            Row("- without Recorder, which keeps and does not show", busy - keeps, "% of the driver"),
            Row("- waiting for disk and processor included", spent, "% of the driver"),
        ]
    ratios = sorted(pair[True]["trial_ms"] / pair[False]["trial_ms"] for pair in pairs)
    rows += [Row(f"- {name}", ms, "ms per trial") for name, ms in sorted(busy_ms.items())]
    rows.append(Row("time per trial with a report over that without", ratios[len(ratios) // 2], ""))
    notes = [
        "ga on two workers, tracing replaced by a recorded map",
        "what the searcher does when Recorder tells it of results is left out",
    ]
    return Answer(rows, notes)
