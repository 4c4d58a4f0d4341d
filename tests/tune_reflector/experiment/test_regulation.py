"""A warning comes where no rule allows the power, and nowhere else."""

import numpy as np
import pytest

from search_spaces.antenna import AntennaConfig
from search_spaces.design import AccessPoint
from trainables.problem import PlacementProblem
from trainables.tracing.antennas import AntennaGroups
from trainables.tracing.radio import RadioConfig
from tune_reflector.experiment.regulation import ELEMENT_GAIN_DBI, LIMITS, eirp_dbm, limits_at, too_strong


def access_point(power_dbm: float) -> AccessPoint:
    return AccessPoint(np.zeros(3), np.array([1.0, 0, 0]), power_dbm)


@pytest.mark.parametrize("pattern", [*ELEMENT_GAIN_DBI, "ceiling_omni"])
def test_the_gain_is_the_largest_that_the_antenna_has(pattern: str) -> None:
    from trainables.tracing.backend import start_backend

    start_backend("auto")
    import mitsuba as mi

    antenna = AntennaConfig(pattern=pattern)
    theta, phi = (grid.ravel() for grid in np.meshgrid(np.linspace(0, np.pi, 181), np.linspace(0, 2 * np.pi, 361)))
    fields = AntennaGroups().array(antenna).antenna_pattern.patterns[0](mi.Float(theta), mi.Float(phi))
    gain = sum(np.abs(np.asarray(field.real) + 1j * np.asarray(field.imag)) ** 2 for field in fields)
    assert eirp_dbm(0.0, antenna) == pytest.approx(10 * np.log10(gain.max()), abs=0.02)


@pytest.mark.parametrize("frequency_hz", [2.44e9, 5.2e9, 5.3e9, 5.6e9, 5.8e9, 6.1e9, 28e9])
def test_a_warning_comes_above_the_most_that_any_rule_allows(frequency_hz: float) -> None:
    radio = RadioConfig(frequency_hz=frequency_hz, tx_pattern="iso", array_columns=10)  # 10 dB
    limits = [limit.eirp_dbm for limit in limits_at(frequency_hz)]
    if not limits:
        assert too_strong(radio, [access_point(100)]) == []
        return
    assert too_strong(radio, [access_point(max(limits) - 10)]) == []
    (line,) = too_strong(radio, [access_point(0), access_point(max(limits) - 9.9)])
    assert line.startswith("access_points.power_dbm: ")
    assert all(limit.rule in line for limit in limits_at(frequency_hz))


def test_the_quick_start_is_within_some_rule() -> None:
    assert any(limit.low_hz <= PlacementProblem().radio.frequency_hz <= limit.high_hz for limit in LIMITS)
    assert too_strong(RadioConfig(), [access_point(20)]) == []
