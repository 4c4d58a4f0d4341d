"""Measurements: a placement's score from lattices of rays that its search has not used, and an error bar."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from search_records.result import Score
from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator, TracedMap
from tune_reflector.config.sections import FinalSettings

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Measurement:
    """A placement's score from several lattices.

    ``error`` is the half-width, in the unit of a difference of scores, within which a score from one more such lattice
    lies with 95 % confidence, plus the bias that the noise of a single lattice gives a low quantile.
    """

    score: Score
    error: float
    traced: TracedMap


def lattice_rays(settings: FinalSettings) -> list[int]:
    """Numbers of rays, each a lattice of its own, from above ``rays_per_ap`` (the screening's) to 1.5 times it.

    They are apart by a share of the number: Fibonacci lattices of N and N + 1 rays are all but the same.
    """
    rays, lattices = settings.rays_per_ap, settings.lattices
    return [rays + i + i * rays // (2 * lattices) for i in range(1, lattices + 1)]


def measure(evaluator: PlacementEvaluator, placement: Placement, settings: FinalSettings) -> Measurement:
    """Score a placement on every lattice, and on all of them together."""
    maps = [evaluator.trace(placement, rays) for rays in lattice_rays(settings)]
    merged = maps[0]
    for traced in maps[1:]:
        merged = merged.merged(traced)
    score = evaluator.score(merged)
    singles = np.array([evaluator.score(traced).value for traced in maps])
    n = len(singles)
    quantile = float(student_t.ppf(0.5 + CONFIDENCE / 2, n - 1))
    spread = quantile * float(singles.std(ddof=1)) * math.sqrt(1 + 1 / n)
    bias = abs(score.value - float(singles.mean()))
    return Measurement(score, spread + bias, merged)


def shown_error(error: float) -> float:
    """Round an error up to a tenth: an error bar of 0.0 would claim too much."""
    return math.ceil(error * 10) / 10
