"""The rates are those that the standard prints, and fall off where it says."""

import numpy as np
import pytest

from trainables.objectives.wifi_rates import LEAST_SINR_DB, NEEDED_SINR_DB, SUBCARRIERS, rates_mbps

PRINTED_MBPS = {
    20e6: [8.6, 17.2, 25.8, 34.4, 51.6, 68.8, 77.4, 86.0, 103.2, 114.7, 129.0, 143.4],
    40e6: [17.2, 34.4, 51.6, 68.8, 103.2, 137.6, 154.9, 172.1, 206.5, 229.4, 258.1, 286.8],
    80e6: [36.0, 72.1, 108.1, 144.1, 216.2, 288.2, 324.3, 360.3, 432.4, 480.4, 540.4, 600.5],
    160e6: [72.1, 144.1, 216.2, 288.2, 432.4, 576.5, 648.5, 720.6, 864.7, 960.8, 1080.9, 1201.0],
}
"""As printed: HE-MCS 0 to 11, one spatial stream, guard interval of 0.8 us."""


@pytest.mark.parametrize("bandwidth_hz", SUBCARRIERS)
def test_rates_are_the_printed_ones(bandwidth_hz: float) -> None:
    np.testing.assert_allclose(rates_mbps(NEEDED_SINR_DB, bandwidth_hz), PRINTED_MBPS[bandwidth_hz], atol=0.051)


def test_a_rate_is_had_from_its_sinr_on() -> None:
    below = np.nextafter(NEEDED_SINR_DB, -np.inf)
    rates = rates_mbps(NEEDED_SINR_DB, 20e6)
    np.testing.assert_array_equal(rates_mbps(below, 20e6), [0, *rates[:-1]])
    assert rates_mbps(np.array([-np.inf, np.inf]), 20e6).tolist() == [0, rates[-1]]
    assert LEAST_SINR_DB == 4


def test_no_rate_is_above_what_any_code_could_carry() -> None:
    """Shannon's bound: a table that asked for too little SINR would break it."""
    for bandwidth_hz in SUBCARRIERS:
        bound_mbps = bandwidth_hz / 1e6 * np.log2(1 + 10 ** (NEEDED_SINR_DB / 10))
        assert np.all(rates_mbps(NEEDED_SINR_DB, bandwidth_hz) < bound_mbps)
