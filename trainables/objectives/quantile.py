"""The quantile objective, P5 by default: the RSS that 95 % of *all* receiver cells exceed.

When more cells than the quantile are without power it sits on the floor, and the value goes on below in proportion to
the excess, so that the landscape keeps a slope. Such a value is a penalty and no power: people are told the outage.
"""

import math
from abc import abstractmethod
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from search_records.display import format_share
from trainables.objectives.base import ObjectiveSettings, Powers, dbm_to_w, w_to_dbm
from trainables.objectives.cells import Cells

OUTAGE_SPAN_DB = 50.0
"""Depth of the slope below the floor: an entirely uncovered map scores this far under it."""


class CellQuantile(ObjectiveSettings):
    """A quantile over all cells of a power, in dB over a reference."""

    quantile: float = Field(0.05, gt=0, lt=1, description="share of cells that may be worse than the score; 0.05: P5")

    @abstractmethod
    def cells_w(self, rss_w: Powers) -> Powers:
        """The power of each cell, ``[num_cells]`` [W]."""

    @property
    def reference_dbm(self) -> float:
        """The power that is 0 dB."""
        return 0.0

    @property
    def label(self) -> str:
        return percentile(self.quantile)

    @property
    def difference_unit(self) -> str:
        return "dB"

    @property
    def gain_metric(self) -> str:
        return "gain_db"

    @property
    def gain_error_metric(self) -> str:
        return "gain_error_db"

    @property
    def lowest(self) -> float:
        return self.floor_dbm - OUTAGE_SPAN_DB - self.reference_dbm

    def value(self, rss_w: Powers, cells: Cells) -> float:
        """The quantile on the linear scale, then dB; 0 to ``OUTAGE_SPAN_DB`` below the floor with excess outage."""
        cells_w, floor_w = self.cells_w(rss_w), dbm_to_w(self.floor_dbm)
        outage = float(np.mean(cells_w <= floor_w))
        excess = max(0.0, outage - self.quantile) / (1 - self.quantile)
        quantile_w = floor_w if excess else float(np.quantile(np.maximum(cells_w, floor_w), self.quantile))
        return w_to_dbm(quantile_w) - OUTAGE_SPAN_DB * excess - self.reference_dbm

    def penalty(self, value: float, error: float | None = None) -> str | None:
        """On the floor and below, ``61 +- 2 % of the cells get no signal``: the slope of ``value`` read backwards."""
        floor_db = w_to_dbm(dbm_to_w(self.floor_dbm)) - self.reference_dbm  # as value() gives it
        if not value <= floor_db:
            return None
        per_db = (1 - self.quantile) / OUTAGE_SPAN_DB
        share = format_share(min(1.0, self.quantile + per_db * (floor_db - value)))
        if error is not None:
            percent = max(1, math.ceil(100 * per_db * error - 1e-6))
            share = share.replace(" %", f" +- {percent} %")
        return f"{share} of the cells get no signal"

    def decisive_cells(self, rss_w: Powers, cells: Cells, count: int) -> npt.NDArray[np.intp]:
        """Those around the quantile."""
        return around(self.quantile, self.cells_w(rss_w), count)


@ObjectiveSettings.register
class QuantileObjective(CellQuantile):
    """The RSS that all but a share of the cells exceed."""

    kind: Literal["quantile"] = "quantile"

    @property
    def metric(self) -> str:
        return f"{stem(self.label)}_rss_dbm"

    @property
    def error_metric(self) -> str:
        return f"{stem(self.label)}_error_db"

    @property
    def quantity(self) -> str:
        return f"{self.label} RSS"

    @property
    def unit(self) -> str:
        return "dBm"

    @property
    def marked_share(self) -> float:
        return self.quantile

    def cells_w(self, rss_w: Powers) -> Powers:
        return self.combined(rss_w)


def percentile(quantile: float) -> str:
    """Name of a quantile for people: ``P5`` for 0.05."""
    return f"P{100 * quantile:.10g}"


def stem(label: str) -> str:
    """A label as a part of a name: ``p2_5`` of ``P2.5``."""
    return label.lower().replace(".", "_").replace(" ", "_")


def around(quantile: float, levels: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.intp]:
    """The ``count`` cells around a quantile of ``levels`` (``[num_cells]``), rising."""
    order = np.argsort(levels)
    middle = round(quantile * len(order))
    first = int(np.clip(middle - count // 2, 0, len(order) - count))
    return np.sort(order[first : first + count])
