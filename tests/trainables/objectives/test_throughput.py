"""Throughput: the rates of the cells, and how far the dark is from one."""

import numpy as np
import pytest

from trainables.objectives.base import dbm_to_w
from trainables.objectives.cells import NOWHERE
from trainables.objectives.spectrum import SpectrumSettings
from trainables.objectives.throughput import ThroughputObjective

MEAN, P20 = ThroughputObjective(), ThroughputObjective(quantile=0.2)
NOISE_DBM = MEAN.spectrum.noise_dbm


def with_sinr_w(*sinr_db: float) -> np.ndarray:
    return np.array([[dbm_to_w(NOISE_DBM + level) for level in sinr_db]])


def test_it_is_the_mean_or_a_quantile_of_the_cells_rates() -> None:
    rss_w = with_sinr_w(-30, 4.5, 4.5, 7.5, 40)
    rates = np.array([0, 8.6, 8.6, 17.2, 143.4])
    assert MEAN.score(rss_w).value == pytest.approx(rates.mean(), abs=0.05)
    assert P20.score(rss_w).value == pytest.approx(np.quantile(rates, 0.2), abs=0.05)
    assert MEAN.details(rss_w, NOWHERE) == {"channel of AP 1": 1, "cells without a rate [%]": pytest.approx(20)}


def test_where_there_is_no_rate_it_is_what_the_cells_lack() -> None:
    rss_w = with_sinr_w(1, 3, 3.5)
    assert MEAN.score(rss_w).value == pytest.approx(-(3 + 1 + 0.5) / 3)
    assert MEAN.told(-1.5, 0.1) == "no cell has a rate, they are 1.5 +- 0.1 dB short on average"
    one_of_five = with_sinr_w(1, 5, 10, 20, 30)
    assert P20.score(one_of_five).value > 0  # the quantile lies between a cell without and one with a rate
    most = with_sinr_w(1, 2, 3, 20, 30)
    assert P20.score(most).value == pytest.approx(-(3 + 2 + 1) / 5)
    assert P20.told(-1.2) == "more than 20 % of the cells lack a rate, they are 1.2 dB short on average"


def test_its_names_and_its_bounds() -> None:
    assert (MEAN.metric, P20.metric) == ("mean_throughput_mbps", "p20_throughput_mbps")
    assert MEAN.told(51.6) == "mean throughput 51.6 Mbit/s"
    wide = ThroughputObjective(spectrum=SpectrumSettings(bandwidth_hz=160e6))
    assert wide.highest == pytest.approx(1201, abs=0.1)
    assert wide.score(np.ones((1, 3))).value == wide.highest


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"spectrum": {"bandwidth_hz": 25e6}}, "bandwidth_hz must be one of .*, 2e.07, 4e.07, .* but got 2.5e.07; ch"),
        ({"floor_dbm": -89}, "floor_dbm must be below -90.0, what the lowest rate needs, .* but got -89; lower it"),
    ],
)
def test_what_has_no_rate_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ThroughputObjective.model_validate(settings)
