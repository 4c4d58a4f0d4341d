"""The starts of a second stage: the best placements of the first, no two of them alike."""

from collections.abc import Iterable

from search_records.events import Reported
from search_records.ranking import ranked_placements
from search_spaces.neighbourhood import distance
from search_spaces.placement import PlacementSpace
from tune_reflector.refinement.settings import RefinementSettings


def distinct_starts(
    results: Iterable[Reported], space: PlacementSpace, settings: RefinementSettings
) -> list[dict[str, float]]:
    """Genes of the best placements of the first stage that are far enough apart, best first.

    Args:
        results: of the first stage.
        space: of the placements.
        settings: how many, and how far apart.
    """
    names = [gene.name for gene in space.genes]
    starts: list[dict[str, float]] = []
    for event in ranked_placements(results, names):
        genes = {name: event.result.genes[name] for name in names}
        if all(distance(space, genes, start) >= settings.distance for start in starts):
            starts.append(genes)
        if len(starts) == settings.candidates:
            break
    return starts
