"""Risk: what several scores that are equally likely are worth to someone who minds the worst of them.

The conditional value at risk is the mean of the worst (lowest) share of the values. Where the share is no whole number
of values, the last counts in part (Rockafellar and Uryasev, J. of Risk 2, 2000): a share of 1 is the mean, one of 1/n
or less the lowest.
"""

import numpy as np
import numpy.typing as npt


def worst_weights(values: npt.ArrayLike, share: float) -> npt.NDArray[np.float64]:
    """What each value counts in the mean of the worst ``share`` of them: ``[n]``, in all 1.

    Args:
        values: ``[n]``, n >= 1.
        share: in (0, 1].
    """
    order = np.argsort(values, kind="stable")
    weights: npt.NDArray[np.float64] = np.empty(len(order))
    weights[order] = np.clip(share * len(order) - np.arange(len(order)), 0.0, 1.0)
    weights /= weights.sum()
    return weights


def cvar(values: npt.ArrayLike, share: float) -> float:
    """Conditional value at risk: the mean of the worst ``share``, in (0, 1], of the values ``[n]``, n >= 1."""
    return float(worst_weights(values, share) @ np.asarray(values, dtype=np.float64))
