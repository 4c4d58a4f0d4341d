"""A whole search, by the command line that users type, timed from its results table."""

import csv
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import descendants, finish, peak_memory_mb, start_module
from callbacks.generations import STATISTICS_FILE
from search_records.rows import read_rows

_POLL_S = 0.5


@dataclass(frozen=True)
class SearchRun:
    """One search.

    ``seconds`` run from the moment the first worker started on its first candidate to the last result;
    ``startup_s`` is what came before: imports, preflight, the Ray cluster, and workers that load and warm up.
    ``scores`` holds the last score [dBm] of each trial by its genes, in the order of the table's columns, ``idle_s``
    how long workers have waited at the ends of generations, all together.
    """

    seconds: float
    startup_s: float
    scores: Mapping[tuple[float, ...], float]
    worker_memory_mb: Sequence[float]
    idle_s: float


def whole_search(genes: Sequence[str], overrides: Sequence[str], watch_memory: bool = False) -> SearchRun:
    """Run ``python -m tune_reflector.search`` with ``overrides`` and read what it left.

    Args:
        genes: names of the genes.
        overrides: ``key=value`` settings; the final measurement of the winner is cut short besides.
        watch_memory: look at the workers' peak memory all the while.
    """
    with TemporaryDirectory() as results:
        short = ["final.candidates=1", "final.rays_per_ap=1000", "final.lattices=2"]
        started = time.time()
        process = start_module(
            "tune_reflector.search", *overrides, *short, "launch=ray", f"results_dir={results}", "name=benchmark"
        )
        peaks: dict[int, float] = {}
        while watch_memory and process.poll() is None:
            for pid, command in descendants(process.pid):
                if "PlacementTrainable" in command:
                    peaks[pid] = max(peaks.get(pid, 0.0), peak_memory_mb(pid))
            time.sleep(_POLL_S)
        finish(process)
        table = Path(results) / "benchmark" / "trials.csv"
        rows = list(read_rows(table))
        first_s = min(row.elapsed_s - row.values["trace_time_s"] for row in rows if row.iteration == 1)
        last_s = max(row.elapsed_s for row in rows)
        clock_start = table.stat().st_mtime - last_s  # the table was written last when its last result came
        scores = {tuple(row.values[gene] for gene in genes): row.values["p5_rss_dbm"] for row in rows}
        generations = table.with_name(STATISTICS_FILE)
        idle_s = 0.0
        if generations.exists():
            with generations.open(encoding="utf-8") as file:
                idle_s = sum(float(line["idle_s"]) for line in csv.DictReader(file))
        return SearchRun(last_s - first_s, clock_start + first_s - started, scores, list(peaks.values()), idle_s)
