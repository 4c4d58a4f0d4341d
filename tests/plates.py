"""Plates and points in front of them, for the tests of physical optics."""

import numpy as np
import numpy.typing as npt

from search_spaces.reflector import corners
from trainables.physical_optics.plate import Plate

Array = npt.NDArray[np.float64]

WIFI_M, MM_WAVE_M = 299_792_458 / 5.18e9, 299_792_458 / 28e9
"""Wavelengths."""

CENTER_M = np.array([1.0, -2.0, 1.7])


def plate(*size_m: float, yaw: float = 0.4, tilt: float = 0.2) -> Plate:
    """A plate at ``CENTER_M`` that looks neither along an axis nor level."""
    normal = np.array([np.cos(yaw) * np.cos(tilt), np.sin(yaw) * np.cos(tilt), -np.sin(tilt)])
    return Plate.of(corners(CENTER_M, normal, (size_m[0], size_m[-1])))


def point(of: Plate, distance_m: float, across: float, up: float) -> Array:
    """A point in front of the plate, at angles from its normal in radians."""
    local = np.array([np.sin(across) * np.cos(up), np.sin(up), np.cos(across) * np.cos(up)])
    return np.asarray(of.center_m + distance_m * local @ np.vstack([of.axes, of.normal]))


def fan(of: Plate, distance_m: float, around: float, count: int = 60, width: float = 0.5, seed: int = 5) -> Array:
    """Points at about a distance, spread about an angle across, ``[count, 3]``."""
    rng = np.random.default_rng(seed)
    return np.array(
        [
            point(of, distance_m * rng.uniform(0.8, 1.2), around + rng.uniform(-width, width), rng.uniform(-0.3, 0.3))
            for _ in range(count)
        ]
    )


def db(ratio: Array) -> Array:
    return np.asarray(10 * np.log10(ratio))
