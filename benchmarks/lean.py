"""Whether a long search costs its driver more per trial than a short one."""

from benchmarks.support.options import Options
from benchmarks.support.processes import call, peak_memory_mb
from benchmarks.support.recorded import recorded_search
from benchmarks.support.report import Answer, Row
from benchmarks.support.runs import trial_ends_s

WINDOW = 400
"""Trials over which the time per trial is averaged; the first ones, in which workers start, are left out."""


def measure(trials: int) -> dict[str, float]:
    """A search of so many trials, driven from this process.

    Returns:
        Milliseconds per trial at its end, the driver's peak memory [MB], files, and bytes per trial in the folder.
    """
    with recorded_search(trials) as folder:
        ends_s = trial_ends_s(folder)
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
