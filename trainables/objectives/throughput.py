"""The throughput objective: the rate of Wi-Fi 6 that the SINR of each cell bears, in Mbit/s; its mean or a quantile.

It is the rate of the physical layer that one user has in a channel of his own, on one spatial stream: what is left of
it for data, and for each of several users, is less.

A cell whose SINR is too low for the slowest rate has none, and counts. Where the value would be 0, it goes on below by
how many decibels the cells are short of that rate, on average; such a value is a penalty and no rate. With
interference a silent access point may raise a rate, as in ``sinr``.
"""

from collections.abc import Mapping
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from trainables.objectives.base import ObjectiveSettings, Powers
from trainables.objectives.cells import Cells
from trainables.objectives.quantile import around, percentile, stem
from trainables.objectives.sinr import shared, told_channels
from trainables.objectives.spectrum import SpectrumSettings
from trainables.objectives.wifi_rates import LEAST_SINR_DB, SUBCARRIERS, rates_mbps


@ObjectiveSettings.register
class ThroughputObjective(ObjectiveSettings):
    """The rate of IEEE 802.11ax that the cells' SINR bears, on one spatial stream."""

    kind: Literal["throughput"] = "throughput"
    combine: Literal["best_server"] = Field(
        "best_server", description="a cell is served by its strongest access point; the others disturb it"
    )
    spectrum: SpectrumSettings = Field(SpectrumSettings(), description="channels and noise")
    quantile: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="share of cells that may have a lower rate than the score; null: the mean rate of all cells, which "
        "has no steps",
    )

    @model_validator(mode="after")
    def _has_rates(self) -> Self:
        self.spectrum.check()
        bandwidth_hz, noise_dbm = self.spectrum.bandwidth_hz, self.spectrum.noise_dbm
        if bandwidth_hz not in SUBCARRIERS:
            raise ValueError(
                f"spectrum.bandwidth_hz must be one of IEEE 802.11ax's, {', '.join(f'{b:g}' for b in SUBCARRIERS)}, "
                f"but got {bandwidth_hz:g}; choose one"
            )
        if self.floor_dbm >= noise_dbm + LEAST_SINR_DB:
            raise ValueError(
                f"floor_dbm must be below {noise_dbm + LEAST_SINR_DB:.1f}, what the lowest rate needs, or cells "
                f"without power would have one, but got {self.floor_dbm:g}; lower it"
            )
        return self

    @property
    def metric(self) -> str:
        return f"{stem(self.label)}_mbps"

    @property
    def error_metric(self) -> str:
        return f"{stem(self.label)}_error_mbps"

    @property
    def label(self) -> str:
        return f"{'mean' if self.quantile is None else percentile(self.quantile)} throughput"

    @property
    def quantity(self) -> str:
        return self.label

    @property
    def unit(self) -> str:
        return "Mbit/s"

    @property
    def gain_metric(self) -> str:
        return "gain_mbps"

    @property
    def gain_error_metric(self) -> str:
        return "gain_error_mbps"

    @property
    def lowest(self) -> float:
        return self.floor_dbm - self.spectrum.noise_dbm - LEAST_SINR_DB

    @property
    def highest(self) -> float:
        return float(rates_mbps(np.array([np.inf]), self.spectrum.bandwidth_hz)[0])

    def value(self, rss_w: Powers, cells: Cells) -> float:
        """The mean rate or the quantile of the rates; where it is 0, how many dB the cells are short, below 0."""
        sinr_db = self._sinr_db(rss_w)
        rates = rates_mbps(sinr_db, self.spectrum.bandwidth_hz)
        value = float(rates.mean() if self.quantile is None else np.quantile(rates, self.quantile))
        return value or -float(np.mean(np.maximum(0.0, LEAST_SINR_DB - sinr_db)))

    def _sinr_db(self, rss_w: Powers) -> npt.NDArray[np.float64]:
        """SINR of each cell, at least that of the floor; ``[num_cells]``."""
        noise_w, least_db = self.spectrum.noise_w, self.floor_dbm - self.spectrum.noise_dbm
        signal_w = self.spectrum.signal_w(rss_w)
        return np.asarray(10 * np.log10(np.maximum(signal_w / noise_w, 10 ** (least_db / 10))))

    def penalty(self, value: float, error: float | None = None) -> str | None:
        """Below 0, ``no cell has a rate, they are 12.3 +- 0.2 dB short on average``."""
        if not value < 0:
            return None
        who = "no cell has" if self.quantile is None else f"more than {100 * self.quantile:g} % of the cells lack"
        bar = "" if error is None else f" +- {error:.1f}"
        return f"{who} a rate, they are {-value:.1f}{bar} dB short on average"

    def details(self, rss_w: Powers, cells: Cells) -> Mapping[str, float]:
        """Channels, and the share of cells that have no rate."""
        without = np.mean(self._sinr_db(rss_w) < LEAST_SINR_DB)
        return {**told_channels(self.spectrum, rss_w), "cells without a rate [%]": 100 * float(without)}

    def decisive_cells(self, rss_w: Powers, cells: Cells, count: int) -> npt.NDArray[np.intp]:
        """Those around the quantile; the weakest of a mean, that leave most to be gained."""
        return around(self.quantile or 0.0, self.spectrum.signal_w(rss_w), count)

    def misled(self, num_ap: int) -> str | None:
        return shared(self.spectrum, num_ap)
