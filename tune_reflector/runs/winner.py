"""The winner, measured: the best candidates traced again with many fresh rays, and an error bar.

A search picks the luckiest of many noisy scores, so the winner's own score is too good to be told. Here the best
few are screened on a new sample of rays, and the winner of that is measured on several more that neither
the search nor the screening has used.
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
from trainables.variants.base import all_variants
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.runs.measurement import SCREENING, Measurement, measure
from tune_reflector.runs.robustness import Subject, robustness

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Winner:
    """The best placement of a search, measured."""

    found: Reported
    """What the search knew of it."""
    genes: dict[str, float]
    placement: Placement
    measured: Measurement
    runners_up: tuple["Screened", ...] = ()
    """The other candidates, best first."""


@dataclass(frozen=True)
class Screened:
    """A candidate, and its score with fresh rays; ``merit`` is less what its plates cost."""

    found: Reported
    genes: dict[str, float]
    placement: Placement
    value: float
    merit: float


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
            traced = evaluator.trace(placement, config.final.rays_per_ap, SCREENING)
            value, merit = evaluator.score(traced).value, evaluator.merit(traced, placement).value
        except MapError as error:
            _log.info("trial %s is left out: %s", found.trial_id, error)
            continue
        screened.append(Screened(found, genes, placement, value, merit))
    if not screened:
        raise MapError("no candidate gave a map with more rays")
    best, *runners_up = _by_merit(config, screened, evaluator)
    _log.info("measuring the winner on %d fresh samples of rays", config.final.lattices)
    measured = measure(evaluator, best.placement, config.final)
    return Winner(best.found, best.genes, best.placement, measured, tuple(runners_up))


def _by_merit(config: SearchConfig, screened: Sequence[Screened], evaluator: PlacementEvaluator) -> list[Screened]:
    """The candidates, best first: by their merits or, if asked for, by what these are in the worst variants."""
    robust, final = config.objective.robust, config.final
    if robust is None:
        return sorted(screened, key=lambda candidate: candidate.merit, reverse=True)
    variants = all_variants(final.variants, config)
    _log.info("tracing them in %d variants of the world", len(variants))
    subjects = {
        str(n): Subject(evaluator, candidate.placement, candidate.value) for n, candidate in enumerate(screened)
    }
    found = list(robustness(subjects, variants, final.variant_rays_per_ap).values())

    def worst(n: int) -> float:
        return found[n].cvar(robust.worst_share) - (screened[n].value - screened[n].merit)

    return [screened[n] for n in sorted(range(len(screened)), key=worst, reverse=True)]


def best_map(winner: Winner, alternative: Measurement | None) -> BestMap:
    """The measured maps: the winner's, and that of what it is compared with."""
    return BestMap(
        winner.genes,
        RankedScore(True, winner.found.result.rung, winner.measured.score.value),
        winner.measured.shown_w,
        alternative.shown_w if alternative else None,
    )
