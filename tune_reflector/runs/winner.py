"""The winner, measured: the best candidates traced again with many fresh rays, and an error bar.

A search picks the luckiest of many noisy scores, so the winner's own score is too good to be told. Here the best
few are screened on a new lattice of rays, and the winner of that is measured on several more that neither
the search nor the screening has used; the same access points without the plate are measured the same way.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from search_records.best_map import BestMap
from search_records.events import Reported
from search_records.result import RankedScore
from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import MapError
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.runs.measurement import Measurement, measure

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Winner:
    """The best placement of a search, measured."""

    found: Reported
    """What the search knew of it."""
    genes: dict[str, float]
    placement: Placement
    measured: Measurement
    without_reflector: Measurement | None

    @property
    def gain(self) -> float | None:
        """Gain by the plate over the same access points alone, in the unit of a difference of scores."""
        if self.without_reflector is None:
            return None
        return self.measured.score.value - self.without_reflector.score.value


def find_winner(config: SearchConfig, ranked: Sequence[Reported], evaluator: PlacementEvaluator) -> Winner | None:
    """Screen the best candidates of the search and measure the best of them; None if none was feasible.

    Args:
        config: of the search.
        ranked: its placements, best first.
        evaluator: traces them again.

    Raises:
        MapError: the winner's map cannot be, or that of every candidate.
    """
    space = evaluator.site.space
    candidates = ranked[: config.final.candidates]
    if not candidates:
        return None
    _log.info("tracing the best %d again with %s rays per AP", len(candidates), f"{config.final.rays_per_ap:,}")
    screened = []
    for found in candidates:
        genes = {gene.name: found.result.genes[gene.name] for gene in space.genes}
        placement = space.decode(genes)
        try:
            score = evaluator.score(evaluator.trace(placement, config.final.rays_per_ap))
        except MapError as error:
            _log.info("trial %s is left out: %s", found.trial_id, error)
            continue
        screened.append((score.value, found, genes, placement))
    if not screened:
        raise MapError("no candidate gave a map with more rays")
    _, found, genes, placement = max(screened, key=lambda entry: entry[0])
    _log.info("measuring the winner on %d fresh lattices", config.final.lattices)
    measured = measure(evaluator, placement, config.final)
    without = measure(evaluator, placement.without_reflectors(), config.final) if placement.reflectors else None
    return Winner(found, genes, placement, measured, without)


def best_map(winner: Winner) -> BestMap:
    """The measured maps, with and without the plate."""
    without = winner.without_reflector
    return BestMap(
        winner.genes,
        RankedScore(True, winner.found.result.rung, winner.measured.score.value),
        winner.measured.traced.rss_w,
        without.traced.rss_w if without else None,
    )
