"""How good a radio map is, as numbers: watts in, dBm out.

The score is the P5 RSS: the power that 95 % of *all* receiver cells exceed. Cells that no ray reached count, at
``floor_dbm``; leaving them out would reward hiding an access point. When more than 5 % of the cells are without
power the quantile sits on the floor, and the score goes on below it in proportion to the excess, so that the
landscape keeps a slope. A placement that cannot be built scores below all that can.
"""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from search_spaces.model import Model

METRIC, MODE = "p5_rss_dbm", "max"
"""The key of the score in a result, and that more is better."""

OUTAGE_SPAN_DB = 50.0
"""Depth of the slope below the floor: an entirely uncovered map scores this far under it."""

INFEASIBLE_STEP_DB = 10.0
"""Gap between the worst feasible and the best infeasible score, and the slope of violation below it."""


class ObjectiveSettings(Model):
    """How a radio map becomes one number."""

    quantile: float = Field(0.05, gt=0, lt=1, description="share of cells that may be worse than the score; 0.05: P5")
    combine: Literal["best_server", "total"] = Field(
        "best_server",
        description="power of a cell: the strongest access point's, or the sum of all",
    )
    floor_dbm: float = Field(
        -120.0, ge=-250, le=0, description="power of a cell that no ray reached [dBm]; below any receiver"
    )
    coverage_threshold_dbm: float = Field(
        -67.0, ge=-250, le=250, description="a cell above this counts as covered [dBm]; voice over Wi-Fi"
    )


class MapError(ValueError):
    """A radio map that cannot be: whatever it would score, it must not be the best."""


@dataclass(frozen=True)
class Score:
    """What one radio map is worth. Shares are in [0, 1]."""

    p5_rss_dbm: float
    coverage: float
    outage: float
    mean_rss_dbm: float
    min_rss_dbm: float
    feasible: bool = True

    def to_json(self) -> dict[str, float | bool]:
        return asdict(self)


def combine(rss_w: npt.NDArray[np.float64], config: ObjectiveSettings) -> npt.NDArray[np.float64]:
    """Power of each cell ``[num_cells]``, W, from that of each access point ``[num_ap, num_cells]``, W."""
    return np.asarray(rss_w.max(axis=0) if config.combine == "best_server" else rss_w.sum(axis=0))


def score(rss_w: npt.NDArray[np.float64], config: ObjectiveSettings) -> Score:
    """Score a radio map ``[num_ap, num_cells]``, W.

    Raises:
        MapError: the map is empty, or holds a value that is negative or not a number.
    """
    if rss_w.size == 0:
        raise MapError(f"a radio map must have access points and cells, but is of shape {list(rss_w.shape)}")
    wrong = ~np.isfinite(rss_w) | (rss_w < 0)
    if wrong.any():
        ap, cell = map(int, np.argwhere(wrong)[0])
        raise MapError(
            f"a radio map must hold finite powers >= 0 W, but {int(wrong.sum())} of {wrong.size} are not: of access "
            f"point {ap + 1} in cell {cell + 1} it is {rss_w[ap, cell]}"
        )
    floor_w = dbm_to_w(config.floor_dbm)
    cells_w = combine(rss_w, config)
    outage = float(np.mean(cells_w <= floor_w))
    cells_w = np.maximum(cells_w, floor_w)
    excess = max(0.0, outage - config.quantile) / (1 - config.quantile)
    quantile_w = floor_w if excess else float(np.quantile(cells_w, config.quantile))
    return Score(
        p5_rss_dbm=w_to_dbm(quantile_w) - OUTAGE_SPAN_DB * excess,
        coverage=float(np.mean(cells_w > dbm_to_w(config.coverage_threshold_dbm))),
        outage=outage,
        mean_rss_dbm=w_to_dbm(float(cells_w.mean())),
        min_rss_dbm=w_to_dbm(float(cells_w.min())),
    )


def infeasible_score(violation: float, config: ObjectiveSettings) -> Score:
    """The score of a placement that cannot be built: below any that can, and lower the larger the violation."""
    below_db = OUTAGE_SPAN_DB + INFEASIBLE_STEP_DB * (1.0 + violation)
    return Score(
        p5_rss_dbm=config.floor_dbm - below_db,
        coverage=0.0,
        outage=1.0,
        mean_rss_dbm=config.floor_dbm,
        min_rss_dbm=config.floor_dbm,
        feasible=False,
    )


def dbm_to_w(power_dbm: float) -> float:
    """Watts of a power in dBm."""
    return float(10.0 ** (power_dbm / 10.0 - 3.0))


def w_to_dbm(power_w: float) -> float:
    """DBm of a power in watts, > 0."""
    return float(10.0 * np.log10(power_w) + 30.0)
