"""A whole search, by the command line that users type, timed from its results table."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.support.processes import descendants, finish, peak_memory_mb, start_module
from benchmarks.support.runs import results
from search_records.generations_table import FILE, read_generations
from tune_reflector.runs.layout import TABLE_FILE

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
    with TemporaryDirectory() as parent:
        short = ["final={candidates: 1, rays_per_ap: 1000, lattices: 2, variants: [], second_opinion: false}"]
        started = time.time()
        process = start_module(
            "tune_reflector.search", *overrides, *short, "launch=ray", f"results_dir={parent}", "name=benchmark"
        )
        peaks: dict[int, float] = {}
        while watch_memory and process.poll() is None:
            for pid, command in descendants(process.pid):
                if "PlacementTrainable" in command:
                    peaks[pid] = max(peaks.get(pid, 0.0), peak_memory_mb(pid))
            time.sleep(_POLL_S)
        finish(process)
        folder = Path(parent) / "benchmark"
        reported = results(folder)
        first_s = min(event.elapsed_s - event.result.trace_time_s for event in reported if event.iteration == 1)
        last_s = max(event.elapsed_s for event in reported)
        # The table was written last when its last result came.
        clock_start = (folder / TABLE_FILE).stat().st_mtime - last_s
        scores = {tuple(event.result.genes[gene] for gene in genes): event.result.score.value for event in reported}
        idle_s = sum(generation["idle_s"] for generation in read_generations(folder / FILE))
        return SearchRun(last_s - first_s, clock_start + first_s - started, scores, list(peaks.values()), idle_s)
