"""Directions that are off by an azimuth and a tilt."""

import math

import numpy as np

from search_spaces.design import Vector

_STEEPEST = math.radians(89.9)
"""A direction straight up has no azimuth."""


def turned(direction: Vector, azimuth: float, tilt: float) -> Vector:
    """The unit vector ``direction`` turned by ``azimuth`` about the vertical and by ``tilt`` upwards [rad]."""
    x, y, z = direction
    phi = math.atan2(y, x) + azimuth
    theta = min(max(math.asin(min(max(z, -1.0), 1.0)) + tilt, -_STEEPEST), _STEEPEST)
    return np.array([math.cos(theta) * math.cos(phi), math.cos(theta) * math.sin(phi), math.sin(theta)])
