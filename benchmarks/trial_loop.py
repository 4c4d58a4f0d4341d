"""The trainable, stepped in this process as a worker of Ray Tune steps it, without Ray."""

from collections.abc import Sequence
from tempfile import gettempdir
from time import perf_counter
from typing import Any

from benchmarks.processes import OtherLoad, peak_memory_mb
from trainables.placement import PlacementTrial
from trainables.problem import PlacementProblem


class _Trial(PlacementTrial):
    """The trial outside of Ray, where it would make a folder in the user's home for every candidate."""

    def _setup_logdir(self) -> None:
        self._logdir = gettempdir()


def trial_loop(problem: PlacementProblem, candidates: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Step a trial of each candidate to its end.

    Returns:
        Seconds, the score of each [dBm], how many cores other processes took meanwhile, and the peak memory [MB].
    """
    trial = _Trial.for_problem(problem)(dict(candidates[0]))
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
