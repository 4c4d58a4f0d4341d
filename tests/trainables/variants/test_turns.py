"""Directions that are off by an azimuth and a tilt."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.design import angles_deg
from trainables.variants.turns import turned

ANGLES = st.floats(-0.2, 0.2)


@given(st.floats(-3, 3), st.floats(-1.2, 1.2), ANGLES, ANGLES)
def test_azimuth_and_tilt_add_up(phi: float, theta: float, azimuth: float, tilt: float) -> None:
    start = np.array([math.cos(theta) * math.cos(phi), math.cos(theta) * math.sin(phi), math.sin(theta)])
    found = turned(start, azimuth, tilt)
    assert np.linalg.norm(found) == pytest.approx(1)
    assert angles_deg(found)[1] == pytest.approx(math.degrees(theta + tilt))
    assert math.remainder(angles_deg(found)[0] - math.degrees(phi + azimuth), 360) == pytest.approx(0, abs=1e-6)
    assert math.acos(min(1.0, float(start @ found))) <= math.hypot(azimuth, tilt) + 1e-7
    assert turned(start, 0.0, 0.0) == pytest.approx(start)


def test_nothing_is_turned_past_the_vertical() -> None:
    down = np.array([1e-3, 0.0, -1.0]) / np.hypot(1e-3, 1.0)
    assert turned(down, 0.0, -0.1)[0] > 0
