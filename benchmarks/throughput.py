"""How many candidates a second: (a) a bare loop around Sionna, (b) the trainable, (c) the whole search.

All trace the same placements with the same rays, over all rungs, with as many threads of Dr.Jit in (a) and (b) as
(c) has workers of one thread each. Each runs in a fresh process; the order is a, b, c, a, b, c, ..., and what counts
is the median of the ratios within a round, so that whatever else the machine does hits all three alike.
"""

import os
from collections import defaultdict
from statistics import median
from typing import Any

import numpy as np

from benchmarks.bare_loop import bare_loop, sample
from benchmarks.support.options import Options
from benchmarks.support.processes import call
from benchmarks.support.report import Answer, Row
from benchmarks.whole_search import whole_search
from tune_reflector.config.config_file import load_config
from tune_reflector.config.search_config import SearchConfig

SEED = 1


def overrides(candidates: int, workers: int, threads: int) -> list[str]:
    """The default experiment, searched at random with all rungs for every candidate."""
    return [
        "searcher={kind: random}",
        "scheduler={kind: fifo}",
        f"seed={SEED}",
        f"budget={{trials: {candidates}, max_concurrent: {workers}}}",
        f"resources.cpus_per_trial={threads}",
    ]


def measure_bare(candidates: int, threads: int) -> dict[str, Any]:
    """(a)."""
    config = load_config(None, overrides(candidates, 1, threads))
    return bare_loop(config.problem(), SEED, candidates, threads)


def measure_trial(candidates: int, threads: int) -> dict[str, Any]:
    """(b)."""
    from benchmarks.trial_loop import trial_loop

    config = load_config(None, overrides(candidates, 1, threads))
    return trial_loop(config.problem(), sample(config.site().space, SEED, candidates))


def run(options: Options) -> Answer:
    """Measure all three, for each number of workers."""
    rates: dict[str, list[float]] = defaultdict(list)
    ratios: dict[str, list[float]] = defaultdict(list)
    startups, differences, others = [], [], []
    n = options.candidates
    for _ in range(options.repeats):
        for workers in options.workers:
            bare = call(measure_bare, n, workers)
            trial = call(measure_trial, n, workers)
            config = load_config(None, overrides(n, workers, 1))
            space = config.site().space
            names = [gene.name for gene in space.genes]
            search = whole_search(names, overrides(n, workers, 1))
            genes = [tuple(candidate[name] for name in names) for candidate in sample(space, SEED, n)]
            if set(genes) != set(search.scores):
                raise RuntimeError("the search tried other placements than the loops it is compared with")
            of_search = [search.scores[candidate] for candidate in genes]
            differences.append(_difference_db(config, bare["p5_rss_dbm"], trial["p5_rss_dbm"], of_search))
            startups.append(search.startup_s)
            others += [bare["others"], trial["others"]]
            seconds = {
                f"a: bare loop, {workers} thread(s)": bare["seconds"],
                f"b: trainable, {workers} thread(s)": trial["seconds"],
                f"c: search, {workers} worker(s) x 1 thread": search.seconds,
            }
            for name, value in seconds.items():
                rates[name].append(n / value)
            ratios[f"b/a, {workers} thread(s)"].append(bare["seconds"] / trial["seconds"])
            ratios[f"c/a, {workers} worker(s)"].append(bare["seconds"] / search.seconds)
    rows = [Row(name, median(values), "candidates/s") for name, values in rates.items()]
    for name, values in ratios.items():
        reach = 0.95 if name.startswith("b/a") else 0.85 if name == "c/a, 2 worker(s)" else None
        rows.append(Row(name, median(values), "ratio", at_least=reach))
    rows.append(Row("start-up of the search, excluded above", median(startups), "s"))
    rows.append(Row("largest difference of P5 between a, b, c", max(differences), "dB", at_most=0.01))
    rows.append(Row("cores that others took during a and b, at worst", max(others), "cores", at_most=0.1))
    rungs = ", ".join(f"{rays:,}" for rays in config.rungs)
    notes = [
        f"{n} random placements in {config.scene.source}, {rungs} rays per AP one after another; "
        f"medians of {options.repeats} interleaved round(s), {os.cpu_count()} cores",
        "excluded: in a and b imports, loading and compiling; in c the start-up (imports, preflight, Ray, "
        "workers that load and compile) and the final measurement of the winner",
    ]
    return Answer(rows, notes)


def _difference_db(config: SearchConfig, *scores: list[float]) -> float:
    """Largest difference of a candidate's scores; only above the floor, as the bare loop does not go below it."""
    table = np.array(scores)
    above = table.min(axis=0) > config.objective.floor_dbm
    return float(np.ptp(table[:, above], axis=0).max(initial=0.0))
