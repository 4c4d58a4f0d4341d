"""Measurements: a placement's score from samples of rays that its search has not used, and an error bar.

Every sample is a lattice of rays of its own, turned at random (``trainables/tracing/turned_rays.py``). The search uses
sample 0, the screening of its best few ``SCREENING``, and each measurement those after it: the same for all
placements, so that differences between placements err less than either of them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student_t

from search_records.result import Powers, Score
from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator, TracedMap
from tune_reflector.config.sections import FinalSettings

CONFIDENCE = 0.95

SCREENING = 1
"""The sample of rays with which the best few are compared."""

FIRST_SAMPLE = SCREENING + 1
"""The first sample of a measurement."""


@dataclass(frozen=True)
class Measurement:
    """A placement's score from several samples.

    ``error`` is the half-width, in the unit of a difference of scores, within which the score from one more sample of
    as many rays lies with 95 % confidence; see ``error_bar``.
    """

    score: Score
    error: float
    traced: TracedMap
    singles: npt.NDArray[np.float64]
    """Score of each sample's own map."""
    shown_w: Powers
    """The map that people are shown, ``[num_ap, num_cells]``, W."""
    details: Mapping[str, float | str]
    """What else they are told, by name with its unit."""

    def gain(self, other: "Measurement") -> tuple[float, float]:
        """By how much the score is better than another's, and the half-width of that: sample by sample, as both are of
        the same samples, so that what a sample does to both of them is not counted twice.
        """
        gain = self.score.value - other.score.value
        return gain, error_bar(gain, self.singles - other.singles)


def measure(evaluator: PlacementEvaluator, placement: Placement, settings: FinalSettings) -> Measurement:
    """Score a placement on every sample, and on all of them together."""
    samples = range(FIRST_SAMPLE, FIRST_SAMPLE + settings.lattices)
    maps = [evaluator.trace(placement, settings.rays_per_ap, sample) for sample in samples]
    merged = maps[0]
    for traced in maps[1:]:
        merged = merged.merged(traced)
    score = evaluator.score(merged)
    singles = np.array([evaluator.score(traced).value for traced in maps])
    shown_w, details = evaluator.modelled_w(merged), evaluator.details(merged.rss_w)
    return Measurement(score, error_bar(score.value, singles), merged, singles, shown_w, details)


def error_bar(value: float, singles: npt.ArrayLike) -> float:
    """Half-width around ``value``, the score of all samples together, that one more sample's score lies within.

    That score is what anybody gets who traces the placement anew with as many rays as one sample has. Of ``n`` samples
    with the standard deviation ``s`` it lies, with 95 % confidence, within ``t s sqrt(1 + 1/n)`` of their mean
    (Student's prediction interval). That mean is off ``value``, as the noise of a single sample biases a low quantile;
    by how much is added. The score of all samples together, measured anew, spreads less, by about ``sqrt(n)``.

    Args:
        value: the score of the merged map.
        singles: the score of each sample's map, ``[n]``, n >= 2.
    """
    scores = np.asarray(singles, dtype=np.float64)
    n = len(scores)
    quantile = float(student_t.ppf(0.5 + CONFIDENCE / 2, n - 1))
    spread = quantile * float(scores.std(ddof=1)) * math.sqrt(1 + 1 / n)
    return spread + abs(value - float(scores.mean()))


def shown_error(error: float) -> float:
    """Round an error up to a tenth, at least one: an error bar of 0.0 would claim too much."""
    return max(1, math.ceil(error * 10)) / 10
