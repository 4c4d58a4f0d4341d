"""Whether a long search costs its driver more per trial than a short one.

Everything is real but the tracing: at the solver's boundary every worker answers with a map that was traced once, made
a little stronger or weaker by the placement, so that a trial takes no time of its own.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.options import Options
from benchmarks.processes import call, peak_memory_mb
from benchmarks.report import Answer, Row
from callbacks.rows import read_rows

WINDOW = 400
"""Trials over which the time per trial is averaged; the first ones, in which workers start, are left out."""


class RecordedMapper:
    """Stands for ``RadioMapper``: power ``[num_ap, num_cells]``, W, of one placement for all."""

    def __init__(self, rss_w: Any) -> None:
        self._rss_w = rss_w
        self._factor = 1.0

    def move(self, placement: Any) -> None:
        self._factor = 1.0 + 0.1 * placement.access_points[0].position_m[0]

    def trace(self, rays_per_ap: int) -> Any:
        return self._rss_w * self._factor


def measure(trials: int) -> dict[str, float]:
    """A search of so many trials, driven from this process.

    Returns:
        Milliseconds per trial at its end, the driver's peak memory [MB], files, and bytes per trial in the folder.
    """
    from ray import cloudpickle

    from tune_reflector import experiment, launch, launch_ray
    from tune_reflector.config_file import load_config

    def trial_class(*arguments: Any, **more: Any) -> Any:
        real = launch.trial_class(*arguments, **more)

        class Recorded(real):  # type: ignore[valid-type, misc]
            def warm_up(self) -> None:
                super().warm_up()
                self._evaluator._mapper = RecordedMapper(self._evaluator._mapper.trace(2_000))

        return Recorded

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    launch_ray.trial_class = trial_class
    with TemporaryDirectory() as results:
        budget = [f"budget.trials={trials}", "fidelity.rungs=[2000, 4000]", f"results_dir={results}", "name=lean"]
        config = load_config(None, [*budget, "final={candidates: 1, rays_per_ap: 1000, lattices: 2}"])
        assert experiment.start(config) == experiment.OK
        folder = Path(results) / "lean"
        ends_s = [row.elapsed_s for row in read_rows(folder / "trials.csv") if row.values["complete"]]
        window = min(WINDOW, trials // 2)
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {
            "trial_ms": 1000 * (ends_s[-1] - ends_s[-1 - window]) / window,
            "memory_mb": peak_memory_mb(),
            "files": len(files),
            "bytes": sum(path.stat().st_size for path in files) / trials,
        }


def run(options: Options) -> Answer:
    """Compare a short search with a long one."""
    few, many = options.short_search, options.long_search
    short, long = (call(measure, trials) for trials in (few, many))
    rows = [
        Row(f"time per trial at {many:,} over that at {few:,}", long["trial_ms"] / short["trial_ms"], "", at_most=1.2),
        Row(f"time per trial at {few:,}", short["trial_ms"], "ms"),
        Row("memory of the driver, more", long["memory_mb"] - short["memory_mb"], "MB", at_most=50),
        Row("files in the results folder, more", long["files"] - short["files"], "", at_most=0),
        Row(f"results folder per trial at {many:,}", long["bytes"] / 1000, "kB"),
    ]
    return Answer(rows, ["ga on two workers; tracing is replaced by a recorded map; no checkpoint is left behind"])
