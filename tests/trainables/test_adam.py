"""Adam uphill: against Dr.Jit's own, which goes downhill."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from trainables.adam import Adam

Vector = npt.NDArray[np.float64]

SLOPES = 10.0 ** np.random.default_rng(3).uniform(-6, 4, (8, 5)) * np.array([1, -1, 1, -1, 0])
"""Of five numbers over eight steps; the last number never has one."""


def of_drjit(slopes: Vector, learning_rate: float, momentum: float) -> Vector:
    """How far ``drjit.opt.Adam`` has gone after each step, on doubles."""
    from trainables.tracing.backend import start_backend

    start_backend("auto", 1)
    import drjit as dr
    import mitsuba as mi
    from drjit.opt import Adam as DrJitAdam

    optimizer = DrJitAdam(lr=learning_rate, beta_1=momentum)
    optimizer["x"] = mi.Float64(np.zeros(slopes.shape[1]))
    way = []
    for slope in slopes:
        dr.set_grad(optimizer["x"], mi.Float64(-slope))
        optimizer.step()
        way.append(optimizer["x"].numpy())
    return np.array(way)


def climb(adam: Adam, slopes: Vector) -> Vector:
    return np.array([adam.step(slope) for slope in slopes])


@pytest.mark.parametrize("learning_rate", [0.04, 0.5])
@pytest.mark.parametrize("momentum", [0.0, 0.8, 0.999])
def test_it_goes_where_drjit_goes(learning_rate: float, momentum: float) -> None:
    expected = of_drjit(SLOPES, learning_rate, momentum)
    assert expected.dtype == np.float64
    found = np.cumsum(climb(Adam(5, learning_rate, momentum), SLOPES), axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)
    assert np.all(found[:, 4] == 0)
    assert np.all(found[:, :4] * SLOPES[0, :4] > 0)


def test_the_first_step_is_the_learning_rate_uphill() -> None:
    np.testing.assert_allclose(Adam(3, 0.04, 0.8).step(np.array([7.0, -0.3, 0.0])), [0.04, -0.04, 0.0], rtol=1e-6)


def test_it_goes_on_from_its_state_as_it_would_have() -> None:
    straight = climb(Adam(5, 0.04, 0.8), SLOPES)
    before, after = Adam(5, 0.04, 0.8), Adam(5, 0.04, 0.8)
    climb(before, SLOPES[:3])
    stored: dict[str, Any] = {name: np.asarray(value) for name, value in before.state().items()}
    after.load_state(stored)
    np.testing.assert_array_equal(climb(after, SLOPES[3:]), straight[3:])


def test_a_state_that_was_taken_stays_as_it_was() -> None:
    adam = Adam(5, 0.04, 0.8)
    climb(adam, SLOPES[:2])
    state = adam.state()
    before = json.dumps({name: np.asarray(value).tolist() for name, value in state.items()})
    climb(adam, SLOPES[2:])
    assert json.dumps({name: np.asarray(value).tolist() for name, value in state.items()}) == before


def test_a_part_without_numbers_climbs_nowhere() -> None:
    assert Adam(0, 0.04, 0.8).step(np.array([])).shape == (0,)
