"""Objectives: what every kind shares that makes one number of a radio map.

Powers are watts inside, dBm outside. Cells that no ray reached count, at ``floor_dbm``; leaving them out would reward
hiding an access point. They are never covered: the floor lies below the threshold. A placement that cannot be built
scores below all that can.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from search_records.display import format_share
from search_records.result import Score
from search_spaces.kinds import Kind
from search_spaces.model import Model
from trainables.objectives.cells import NOWHERE, Cells

Powers = npt.NDArray[np.float64]
"""Received power [W], of each access point and cell ``[num_ap, num_cells]`` or of each cell ``[num_cells]``."""

INFEASIBLE_STEP = 10.0
"""Gap between the worst feasible and the best infeasible value, and the slope of violation below it."""


class MapError(ValueError):
    """A radio map that cannot be: whatever it would score, it must not be the best."""


class RobustSettings(Model):
    """The winner is chosen by what candidates are worth in the worlds of ``final.variants``."""

    worst_share: float = Field(
        0.2, gt=0, le=1, description="of the variants, whose mean decides: the conditional value at risk; 1: all"
    )
    search: bool = Field(
        False, description="score every candidate of the search so, too; takes as many times the rays as variants"
    )


class ObjectiveSettings(Kind):
    """How a radio map becomes one number, of which more is better."""

    default_kind: ClassVar[str] = "quantile"

    combine: Literal["best_server", "total"] = Field(
        "best_server",
        description="power of a cell: the strongest access point's, or the sum of all",
    )
    floor_dbm: float = Field(
        -120.0, ge=-250, le=0, description="power of a cell that no ray reached [dBm]; below any receiver and threshold"
    )
    coverage_threshold_dbm: float = Field(
        -67.0, ge=-250, le=250, description="a cell above this counts as covered [dBm]; voice over Wi-Fi"
    )
    robust: RobustSettings | None = Field(
        None, description="choose among the best final.candidates by the worst of final.variants; null: by the score"
    )

    @model_validator(mode="after")
    def _floor_is_below_the_threshold(self) -> Self:
        if self.floor_dbm >= self.coverage_threshold_dbm:
            raise ValueError(
                f"floor_dbm must be below coverage_threshold_dbm={self.coverage_threshold_dbm:g}, or cells without "
                f"power would count as covered, but got {self.floor_dbm:g}; lower it"
            )
        return self

    @property
    @abstractmethod
    def metric(self) -> str:
        """Name of the value in results, tables and files, with its unit: ``p5_rss_dbm``."""

    @property
    def error_metric(self) -> str:
        """Name of the value's error: ``p5_error_db``."""
        return f"{self.metric}_error"

    @property
    @abstractmethod
    def label(self) -> str:
        """Name of the value for people: ``P5``."""

    @property
    @abstractmethod
    def quantity(self) -> str:
        """The same at the axis of a figure: ``P5 RSS``."""

    @property
    @abstractmethod
    def unit(self) -> str:
        """Unit of the value: ``dBm``."""

    @property
    def difference_unit(self) -> str:
        """Unit of the difference of two values, and so of an error: ``dB`` where values are in dBm."""
        return self.unit

    @property
    def gain_metric(self) -> str:
        """Name of the difference of two values: ``gain_db``."""
        return "gain"

    @property
    def gain_error_metric(self) -> str:
        """Name of its error: ``gain_error_db``."""
        return f"{self.gain_metric}_error"

    @property
    @abstractmethod
    def lowest(self) -> float:
        """The value of a map without any power: no feasible placement is worth less."""

    @property
    def highest(self) -> float:
        """What no map can be worth more than: 100 of a share in %."""
        return math.inf

    def check(self, cells: Cells, num_ap: int) -> None:
        """Raise ``ValueError`` where the settings do not fit the cells or the number of access points."""

    def penalty(self, value: float, error: float | None = None) -> str | None:
        """What people are told instead of a value that is no ``quantity`` but a penalty, with its error.

        None for a value that is what its name says: any, unless a kind goes on where its quantity ends.
        """
        return None

    def told_details(self, details: Mapping[str, float | str]) -> str:
        """``details`` in one line; empty if there are none."""
        texts = ((name, value if isinstance(value, str) else f"{value:.4g}") for name, value in details.items())
        return ", ".join(f"{name}: {text}" for name, text in texts)

    def difference(self, value: float, other: float) -> float | None:
        """How much more a value is than another, in ``difference_unit``; None if one of them is a penalty."""
        return None if self.penalty(value) or self.penalty(other) else value - other

    def number(self, value: float, error: float | None = None, digits: int = 1) -> str:
        """A value in a column of such: ``-50.2 +- 0.2``, or what a penalty stands for."""
        bar = "" if error is None else f" +- {error:.1f}"
        return self.penalty(value, error) or f"{value:.{digits}f}{bar}"

    def told(self, value: float, error: float | None = None) -> str:
        """A value by itself: ``P5 -50.2 +- 0.2 dBm``, or what a penalty stands for."""
        return self.penalty(value, error) or f"{self.label} {self.number(value, error)} {self.unit}"

    def headline(self, value: float, coverage: float, outage: float, error: float | None = None) -> str:
        """A value with what it leaves out: the shares of cells that are covered, and that get no signal."""
        covered = f"{format_share(coverage)} of the cells above {self.coverage_threshold_dbm:g} dBm"
        dark = "" if self.penalty(value) else f", {format_share(outage)} without signal"
        return f"{self.told(value, error)}; {covered}{dark}"

    @abstractmethod
    def value(self, rss_w: Powers, cells: Cells) -> float:
        """The value of a map.

        Args:
            rss_w: power of each access point in each cell, ``[num_ap, num_cells]`` [W], 0 where no ray arrived;
                ``combined`` makes one power a cell of it.
            cells: where they are.
        """

    def details(self, rss_w: Powers, cells: Cells) -> Mapping[str, float]:
        """What else is to be told of a map, by name with its unit: ``channel of AP 1``, ``zone 2 [%]``."""
        return {}

    @property
    def marked_share(self) -> float | None:
        """The share of cells whose RSS the value is: what a distribution is marked at. None if it is none."""
        return None

    def decisive_cells(self, rss_w: Powers, cells: Cells, count: int) -> npt.NDArray[np.intp]:
        """The ``count`` cells on which the value depends most, rising: the weakest, unless a kind knows better."""
        return np.sort(np.argsort(self.combined(rss_w))[:count])

    def misled(self, num_ap: int) -> str | None:
        """Why more combined power in the decisive cells, as gradients climb to, may be worth less; None: it is not."""
        return None

    def combined(self, rss_w: Powers) -> Powers:
        """Power of each cell ``[num_cells]``, W, from that of each access point ``[num_ap, num_cells]``, W."""
        return np.asarray(rss_w.max(axis=0) if self.combine == "best_server" else rss_w.sum(axis=0))

    def score(self, rss_w: Powers, cells: Cells = NOWHERE) -> Score:
        """Score a radio map ``[num_ap, num_cells]``, W.

        Args:
            rss_w: the map.
            cells: where its cells are, for kinds that ask.

        Raises:
            MapError: the map is empty, or holds a value that is negative or not a number.
        """
        _check(rss_w)
        cells_w, floor_w = self.combined(rss_w), dbm_to_w(self.floor_dbm)
        floored_w = np.maximum(cells_w, floor_w)
        return Score(
            value=self.value(rss_w, cells),
            coverage=float(np.mean(cells_w > dbm_to_w(self.coverage_threshold_dbm))),
            outage=float(np.mean(cells_w <= floor_w)),
            mean_rss_dbm=w_to_dbm(float(floored_w.mean())),
            min_rss_dbm=w_to_dbm(float(floored_w.min())),
        )

    def infeasible_score(self, violation: float) -> Score:
        """The score of a placement that cannot be built: below any that can, and lower the larger the violation."""
        return Score(
            value=self.lowest - INFEASIBLE_STEP * (1.0 + violation),
            coverage=0.0,
            outage=1.0,
            mean_rss_dbm=self.floor_dbm,
            min_rss_dbm=self.floor_dbm,
            feasible=False,
        )


def _check(rss_w: Powers) -> None:
    if rss_w.size == 0:
        raise MapError(f"a radio map must have access points and cells, but is of shape {list(rss_w.shape)}")
    wrong = ~np.isfinite(rss_w) | (rss_w < 0)
    if wrong.any():
        ap, cell = map(int, np.argwhere(wrong)[0])
        raise MapError(
            f"a radio map must hold finite powers >= 0 W, but {int(wrong.sum())} of {wrong.size} are not: of access "
            f"point {ap + 1} in cell {cell + 1} it is {rss_w[ap, cell]}"
        )


def dbm_to_w(power_dbm: float) -> float:
    """Watts of a power in dBm."""
    return float(10.0 ** (power_dbm / 10.0 - 3.0))


def w_to_dbm(power_w: float) -> float:
    """DBm of a power in watts, > 0."""
    return float(10.0 * np.log10(power_w) + 30.0)
