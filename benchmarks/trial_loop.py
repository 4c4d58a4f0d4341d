"""The trainable, stepped in this process as a worker of Ray Tune steps it, without Ray."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from benchmarks.support.processes import OtherLoad, peak_memory_mb
from trainables.placement import PlacementTrainable
from trainables.problem import PlacementProblem
from tune_reflector.execution.local_loop import in_process


def trial_loop(problem: PlacementProblem, candidates: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Step a trial of each candidate to its end.

    Returns:
        Seconds, the score of each [dBm], how many cores other processes took meanwhile, and the peak memory [MB].
    """
    trial = in_process(PlacementTrainable).for_problem(problem)(dict(candidates[0]))
    scores = []
    others, start = OtherLoad(), perf_counter()
    for number, genes in enumerate(candidates):
        if number > 0:
            trial.reset(dict(genes))
        result = trial.train()
        while not result["done"]:
            result = trial.train()
        scores.append(result["p5_rss_dbm"])
    seconds = perf_counter() - start
    busy = others.cores()
    trial.stop()
    return {"seconds": seconds, "p5_rss_dbm": scores, "others": busy, "peak_memory_mb": peak_memory_mb()}
