"""The coverage objective: the share of all cells above a level, in %.

A share is flat where no cell is above the level. There the value goes on below 0 by how many decibels the cells are
short of it, on average, so that the landscape keeps a slope. Such a value is a penalty and no share.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from search_records.display import format_share
from trainables.objectives.base import ObjectiveSettings, Powers, dbm_to_w
from trainables.objectives.cells import Cells


@dataclass(frozen=True, eq=False)
class Demand:
    """What is demanded in some cells.

    Args:
        weight: of the demand in the value; of all demands together 1.
        cells: in which, ``[num_cells]``.
        served: power over what is demanded, ``[num_cells]``; above 1 where the demand is met.
    """

    weight: float
    cells: npt.NDArray[np.bool_]
    served: npt.NDArray[np.float64]

    @property
    def met(self) -> float:
        """Share of its cells in which it is met."""
        return float(np.mean(self.served[self.cells] > 1))

    @property
    def short_db(self) -> float:
        """By how much its cells fail it, on average; 0 where it is met."""
        return float(np.mean(np.maximum(0.0, -10 * np.log10(self.served[self.cells]))))


class ShareOfCells(ObjectiveSettings):
    """The share of the cells whose demand is met, in %."""

    @abstractmethod
    def demands(self, rss_w: Powers, cells: Cells) -> Sequence[Demand]:
        """What is demanded of a map; one at least."""

    @property
    def quantity(self) -> str:
        return self.label

    @property
    def unit(self) -> str:
        return "%"

    @property
    def difference_unit(self) -> str:
        return "percentage points"

    @property
    def gain_metric(self) -> str:
        return "gain_percentage_points"

    @property
    def highest(self) -> float:
        return 100.0

    def value(self, rss_w: Powers, cells: Cells) -> float:
        """The share in %; where it is 0, how many dB the cells are short, below 0."""
        demands = self.demands(rss_w, cells)
        met = sum(demand.weight * demand.met for demand in demands)
        return 100 * met if met else -sum(demand.weight * demand.short_db for demand in demands)

    def penalty(self, value: float, error: float | None = None) -> str | None:
        """Below 0, ``no cell gets what it needs, they are 12.3 +- 0.2 dB short on average``."""
        if not value < 0:
            return None
        bar = "" if error is None else f" +- {error:.1f}"
        return f"no cell gets what it needs, they are {-value:.1f}{bar} dB short on average"

    def headline(self, value: float, coverage: float, outage: float, error: float | None = None) -> str:
        """The share says how many are covered, so that the coverage need not be told again."""
        return f"{self.told(value, error)}; {format_share(outage)} of the cells without signal"

    def decisive_cells(self, rss_w: Powers, cells: Cells, count: int) -> npt.NDArray[np.intp]:
        """Those nearest to what is demanded of them: they are won or lost first."""
        away_db = np.full(rss_w.shape[1], np.inf)
        for demand in self.demands(rss_w, cells):
            away_db[demand.cells] = np.minimum(away_db, np.abs(10 * np.log10(demand.served)))[demand.cells]
        return np.sort(np.argsort(away_db, kind="stable")[:count])

    def over(self, cells_w: Powers, level_dbm: float) -> npt.NDArray[np.float64]:
        """Power of cells, at least the floor, over a level; ``[num_cells]``."""
        return np.asarray(np.maximum(cells_w, dbm_to_w(self.floor_dbm)) / dbm_to_w(level_dbm))


@ObjectiveSettings.register
class CoverageObjective(ShareOfCells):
    """The share of all cells above ``coverage_threshold_dbm``."""

    kind: Literal["coverage"] = "coverage"

    @property
    def metric(self) -> str:
        return "coverage_percent"

    @property
    def label(self) -> str:
        return f"coverage above {self.coverage_threshold_dbm:g} dBm"

    @property
    def lowest(self) -> float:
        return self.floor_dbm - self.coverage_threshold_dbm

    def demands(self, rss_w: Powers, cells: Cells) -> list[Demand]:
        """One and the same of all cells."""
        cells_w = self.combined(rss_w)
        return [Demand(1.0, np.ones(len(cells_w), dtype=bool), self.over(cells_w, self.coverage_threshold_dbm))]
