"""What a slab lets through: conservation of energy, and a slab that is none."""

import numpy as np
import pytest

from trainables.physical_optics.reflection import Slab
from trainables.validation.halls import WAVELENGTH_M
from trainables.validation.slabs import transmission

COSINES = np.cos(np.radians([0, 20, 50, 80, 89]))


@pytest.mark.parametrize("thickness_m", [0.001, 0.0137, 0.2])
def test_without_loss_what_is_not_reflected_is_let_through(thickness_m: float) -> None:
    slab = Slab(6.31, 0.0, thickness_m)
    reflected = np.abs(np.array(slab.coefficients(COSINES, WAVELENGTH_M))) ** 2
    np.testing.assert_allclose(reflected + np.array(transmission(slab, COSINES)), 1.0, rtol=1e-9)


def test_vacuum_lets_everything_through_and_a_lossy_slab_less_than_it_does_not_reflect() -> None:
    np.testing.assert_allclose(transmission(Slab(1.0, 0.0, 0.3), COSINES), 1.0, rtol=1e-9)
    lossy = Slab(5.24, 0.167, 0.2)
    reflected = np.abs(np.array(lossy.coefficients(COSINES, WAVELENGTH_M))) ** 2
    assert np.all(reflected + np.array(transmission(lossy, COSINES)) < 1.0)
