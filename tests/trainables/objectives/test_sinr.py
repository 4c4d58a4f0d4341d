"""The SINR's quantile: that of the RSS over the noise, where nobody disturbs."""

import numpy as np
import pytest

from trainables.objectives.cells import NOWHERE
from trainables.objectives.quantile import QuantileObjective
from trainables.objectives.sinr import SinrObjective
from trainables.objectives.spectrum import SpectrumSettings

ALONE = SinrObjective(quantile=0.1, spectrum=SpectrumSettings(num_channels=2))


def test_without_interference_it_is_the_rss_over_the_noise() -> None:
    rss_w = 10 ** np.random.default_rng(0).uniform(-12, -6, (2, 200))
    rss_w[:, :15] = 0
    for dark in (0, 30, 200):
        rss_w[:, :dark] = 0
        power = QuantileObjective(quantile=0.1).score(rss_w).value
        assert ALONE.score(rss_w).value == pytest.approx(power - ALONE.spectrum.noise_dbm)


def test_with_interference_it_is_the_quantile_of_the_cells_own() -> None:
    objective = SinrObjective(quantile=0.5, spectrum=SpectrumSettings(num_channels=1))
    rss_w = 10 ** np.random.default_rng(1).uniform(-11, -6, (3, 101))
    best, noise_w = rss_w.max(axis=0), objective.spectrum.noise_w
    sinr = best / (noise_w + rss_w.sum(axis=0) - best)
    assert objective.score(rss_w).value == pytest.approx(10 * np.log10(np.median(sinr)))


def test_its_names() -> None:
    assert (ALONE.metric, ALONE.error_metric) == ("p10_sinr_db", "p10_sinr_error_db")
    assert ALONE.told(3.14) == "P10 SINR 3.1 dB"
    rss_w = np.full((2, 10), 1e-9)
    assert ALONE.details(rss_w, NOWHERE) == {"channel of AP 1": 1, "channel of AP 2": 2}
    assert ALONE.penalty(ALONE.score(0 * rss_w).value) == "100 % of the cells get no signal"


def test_a_sum_of_access_points_serves_nobody() -> None:
    with pytest.raises(ValueError, match="best_server"):
        SinrObjective(combine="total")
