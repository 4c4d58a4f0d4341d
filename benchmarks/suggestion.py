"""What a searcher costs: seconds per suggestion, with a large population behind it. Nothing is traced."""

from itertools import count
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.support.options import Options
from benchmarks.support.processes import call
from benchmarks.support.report import Answer, Row
from tune_reflector.config.config_file import load_config

REACH_MS = 2.0
SAVES = 5


def measure(overrides: list[str], warm_up: int, suggestions: int) -> dict[str, float]:
    """Milliseconds per suggestion (and the result that answers it), and per save of the state.

    Args:
        overrides: the searcher.
        warm_up: trials before the clock starts.
        suggestions: trials while it runs.
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from tune_reflector.searchers.algorithms.base import SCORE

    config = load_config(None, overrides)
    searcher: Any = config.searcher.build(config.space(), seed=1)
    scores, numbers = np.random.default_rng(0), count()

    def trial() -> None:
        trial_id = f"t{next(numbers)}"
        searcher.suggest(trial_id)
        told = {SCORE: float(scores.normal(-60, 5)), "training_iteration": 2, "rung": 2, "complete": True}
        searcher.on_trial_complete(trial_id, told)

    for _ in range(warm_up):
        trial()
    start = perf_counter()
    for _ in range(suggestions):
        trial()
    suggest_s = (perf_counter() - start) / suggestions
    with TemporaryDirectory() as folder:
        start = perf_counter()
        for number in range(SAVES):
            searcher.save(str(Path(folder) / str(number)))
        save_s = (perf_counter() - start) / SAVES
    return {"suggest_ms": 1000 * suggest_s, "save_ms": 1000 * save_s}


def run(options: Options) -> Answer:
    """Measure the searchers whose cost does not depend on a model."""
    n = options.population
    searchers = {
        "ga, generational": f"searcher={{kind: ga, population: {n}}}",
        "ga, steady state": f"searcher={{kind: ga, mode: steady_state, population: {n}}}",
        "random": "searcher={kind: random}",
    }
    rows = []
    for name, override in searchers.items():
        times = call(measure, [override], n + 10, max(1, n // 5))
        reach = REACH_MS if name.startswith("ga") else None
        rows.append(Row(f"{name}: a suggestion and its result", times["suggest_ms"], "ms", at_most=reach))
        rows.append(Row(f"{name}: saving its state", times["save_ms"], "ms"))
    return Answer(rows, [f"12 genes, after the first {n:,} individuals, on one core; nothing is traced"])
