"""The ranking of placements by their scores."""

import math
from collections.abc import Iterable, Sequence

from search_records.events import Reported


def ranked_placements(results: Iterable[Reported], genes: Sequence[str]) -> list[Reported]:
    """Rank every feasible placement once, best first: the highest rung before the best score.

    Args:
        results: of a search.
        genes: names; results that agree in all of them are of one placement.
    """
    feasible = (event for event in results if event.result.score.feasible and math.isfinite(event.result.score.value))
    distinct: dict[tuple[float, ...], Reported] = {}
    by_trial = sorted(feasible, key=lambda event: event.trial_id)
    for event in sorted(by_trial, key=lambda event: event.result.ranked, reverse=True):
        distinct.setdefault(tuple(event.result.genes[name] for name in genes), event)
    return list(distinct.values())
