"""What waiting costs: a generational search against one whose workers never wait for each other.

Random search never waits; the genetic algorithm waits at the end of a generation, or in steady state for stragglers
only. All trace as many placements with as many rays on two workers, interleaved; what counts is the median of the
ratios within a round.
"""

from collections import defaultdict
from statistics import median

from benchmarks.support.options import Options
from benchmarks.support.report import Answer, Row
from benchmarks.whole_search import whole_search
from tune_reflector.config.search_config import SearchConfig

WORKERS = 2
SEARCHERS = {
    "random": "{kind: random}",
    "generational": "{kind: ga}",
    "steady state": "{kind: ga, mode: steady_state}",
}


def run(options: Options) -> Answer:
    """Measure all three."""
    genes = [gene.name for gene in SearchConfig().site().space.genes]
    rates, ratios, idle = defaultdict(list), defaultdict(list), []
    n = options.candidates
    for _ in range(options.repeats):
        for name, searcher in SEARCHERS.items():
            search = whole_search(genes, [f"searcher={searcher}", f"budget={{trials: {n}, max_concurrent: {WORKERS}}}"])
            rates[name].append(n / search.seconds)
            if name == "generational":
                idle.append(search.idle_s / (search.seconds * WORKERS))
        for name in ("generational", "steady state"):
            ratios[name].append(rates[name][-1] / rates["random"][-1])
    rows = [Row(f"{name}", median(values), "candidates/s") for name, values in rates.items()]
    rows += [Row(f"{name} / random", median(values), "ratio") for name, values in ratios.items()]
    rows.append(Row("share of the workers' time spent waiting for a generation's last trial", median(idle), "ratio"))
    return Answer(
        rows, [f"{n} placements, populations of 24, {WORKERS} workers, {options.repeats} interleaved round(s)"]
    )
