"""Channels and interference: noise by its formula, SINR by hand, channels that disturb each other little."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.objectives.sinr import SinrObjective
from trainables.objectives.spectrum import SpectrumSettings


def test_noise_is_thermal_and_that_of_the_device() -> None:
    """-174 dBm in a hertz, as every table of link budgets has it."""
    for bandwidth_hz, noise_figure_db in ((20e6, 7.0), (160e6, 0.0)):
        spectrum = SpectrumSettings(bandwidth_hz=bandwidth_hz, noise_figure_db=noise_figure_db)
        assert spectrum.noise_dbm == pytest.approx(-174 + 10 * np.log10(bandwidth_hz) + noise_figure_db, abs=0.03)


def test_the_signal_stands_out_of_noise_and_of_the_others_on_its_channel() -> None:
    spectrum = SpectrumSettings(num_channels=2, channels=(1, 2, 1))
    rss_w = np.array([[5e-9, 1e-9, 1e-12], [1e-9, 9e-9, 1e-11], [2e-9, 3e-9, 4e-11]])
    noise_w = spectrum.noise_w
    expected = [5e-9 / (noise_w + 2e-9), 9e-9 / noise_w, 4e-11 / (noise_w + 1e-12)]
    np.testing.assert_allclose(spectrum.signal_w(rss_w) / noise_w, expected)


def test_a_silent_access_point_disturbs_nobody() -> None:
    """The one way in which less power is worth more."""
    objective = SinrObjective(spectrum=SpectrumSettings(num_channels=1))
    rss_w = np.array([np.full(20, 1e-9), np.full(20, 9e-10)])
    silent = rss_w * [[1], [0]]
    assert objective.score(silent).value > objective.score(rss_w).value + 30
    assert objective.score(silent).value == pytest.approx(-60 - objective.spectrum.noise_dbm)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_with_channels_enough_everybody_has_one(num_ap: int, seed: int) -> None:
    rss_w = 10 ** np.random.default_rng(seed).uniform(-12, -6, (num_ap, 30))
    spectrum = SpectrumSettings(num_channels=num_ap)
    assert sorted(spectrum.assigned(rss_w)) == list(range(1, num_ap + 1))
    np.testing.assert_allclose(spectrum.signal_w(rss_w), rss_w.max(axis=0))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_given_channels_stay_and_chosen_ones_are_not_the_worst(seed: int) -> None:
    rss_w = 10 ** np.random.default_rng(seed).uniform(-12, -6, (4, 40))
    chosen = SpectrumSettings(num_channels=2, channels=(None, 2)).assigned(rss_w)
    assert chosen[1] == 2
    assert set(chosen) <= {1, 2}
    disturbed = {plan: disturbance(rss_w, plan) for plan in product((1, 2), repeat=4) if plan[1] == 2}
    assert disturbed[tuple(chosen)] <= np.median(list(disturbed.values()))


def disturbance(rss_w: np.ndarray, plan: tuple[int, ...]) -> float:
    """What each pair on one channel does to the cells that either serves, in dB over the noise; cell by cell."""
    noise_w, total = SpectrumSettings().noise_w, 0.0
    for cell in rss_w.T:
        server = int(cell.argmax())
        others = [ap for ap in range(len(plan)) if ap != server and plan[ap] == plan[server]]
        total += sum(10 * np.log10(1 + cell[ap] / noise_w) for ap in others)
    return total


def test_two_that_cover_the_same_cells_part_and_one_far_away_shares() -> None:
    near, far = np.r_[np.full(20, 1e-8), np.zeros(20)], np.r_[np.zeros(20), np.full(20, 1e-8)]
    channels = SpectrumSettings(num_channels=2).assigned(np.array([near, 0.5 * near, far]))
    assert channels[0] != channels[1]


@pytest.mark.parametrize("channels", [(3,), (1, 0)])
def test_a_channel_that_there_is_not_is_refused(channels: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"spectrum.channels.\d must be 1 to num_channels=2, but got [30]; choose one"):
        SinrObjective(spectrum=SpectrumSettings(num_channels=2, channels=channels))
