"""Agreement of a rung's scores with a reference, which many more rays have made.

A search needs a rung to *rank*; that it is off matters to who reads its scores. Kendall's tau tells the one, rms error
and bias the other.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import kendalltau

Scores = npt.NDArray[np.float64]
"""One of each placement, in the same order everywhere, ``[num_placements]``."""

BEST_SHARE = 0.2
"""The placements that a rung must not throw away: the best fifth by the reference."""


@dataclass(frozen=True)
class Agreement:
    """How far scores agree with a reference; rms and bias in the unit of a difference of scores.

    ``tau`` is Kendall's tau-b in [-1, 1]: of all pairs of placements, the share that both rank alike less the share
    that they rank otherwise. NaN where one of them ranks nothing.
    """

    rms: float
    bias: float
    tau: float


def agreement(scores: Scores, reference: Scores) -> Agreement:
    """How far ``scores`` agree with ``reference``, of two placements at least."""
    error = scores - reference
    tau = float(kendalltau(scores, reference).statistic)
    return Agreement(math.sqrt(float(np.mean(error**2))), float(np.mean(error)), tau)


def lost_share(scores: Scores, reference: Scores, kept: float) -> float:
    """The share of the best placements that is thrown away where the share ``kept`` goes on by its ``scores``.

    The best are ``BEST_SHARE`` of them by the reference, one at least; of equals those that come first go on.
    """
    best = _top(reference, BEST_SHARE)
    return 1 - len(best & _top(scores, kept)) / len(best)


def _top(scores: Scores, share: float) -> set[int]:
    count = max(1, math.ceil(share * len(scores) - 1e-9))
    return set(np.argsort(-scores, kind="stable")[:count].tolist())
