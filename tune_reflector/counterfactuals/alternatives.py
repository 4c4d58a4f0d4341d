"""The alternatives to a reflector: the problem that is searched in its place, and where that search begins.

A search for the alternative knows a lot already: the access points of the winner and of other good placements. They
were placed for the reflector, so they are only its first candidates.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from search_spaces.access_points import AccessPointsConfig
from search_spaces.genes import Genes
from search_spaces.neighbourhood import distance
from search_spaces.placement import PlacementSpace
from trainables.problem import PlacementProblem
from tune_reflector.counterfactuals.settings import CounterfactualKind

LABELS: Mapping[CounterfactualKind, str] = {
    "best_without_reflector": "best without a reflector",
    "one_more_ap": "best with one more AP instead",
    "same_access_points": "same APs without the reflector",
}
"""For people."""

LEAST_DISTANCE = 0.05
"""Between two starts: root mean square over the genes, as shares of their ranges, as a refinement's."""

_ATTEMPTS = 100


def changes(kind: CounterfactualKind, problem: PlacementProblem) -> dict[str, Any]:
    """The fields of the problem that are different in the alternative; none where nothing is searched for.

    Raises:
        ValueError: there can be no such problem.
    """
    match kind:
        case "best_without_reflector":
            if not problem.site().space.access_points.genes:  # what is left is the best there is
                return {}
            return _without_reflectors(problem)
        case "one_more_ap":
            access_points = dict(problem.access_points)
            more = AccessPointsConfig(**access_points | {"count": problem.access_points.count + 1})
            return _without_reflectors(problem) | {"access_points": more}
        case "same_access_points":
            return {}


def _without_reflectors(problem: PlacementProblem) -> dict[str, Any]:
    """The fields of the problem without plates, but for those that hang already."""
    return {"reflector": None, "reflectors": problem.fixed_plates or None}


def adapted(genes: Genes, space: PlacementSpace, rng: np.random.Generator) -> dict[str, float] | None:
    """The genes of a placement as they are in another space, with what they lack drawn there; None if that fails."""
    names = {gene.name for gene in space.genes}
    known = {name: value for name, value in genes.items() if name in names}
    for _ in range(_ATTEMPTS if names - known.keys() else 1):
        found = (space.sample(rng) if names - known.keys() else {}) | known
        if space.violation(found) == 0:
            return found
    return None


def starts(found: Iterable[Genes], space: PlacementSpace, most: int, seed: int) -> list[dict[str, float]]:
    """What a search for the alternative tries first: no two of them alike.

    Args:
        found: genes of the placements with a reflector, best first.
        space: of the alternative.
        most: how many starts are wanted.
        seed: of what is drawn.
    """
    rng = np.random.default_rng(seed)
    chosen: list[dict[str, float]] = []
    for genes in found:
        if len(chosen) == most:
            break
        start = adapted(genes, space, rng)
        if start is not None and all(distance(space, start, other) >= LEAST_DISTANCE for other in chosen):
            chosen.append(start)
    return chosen
