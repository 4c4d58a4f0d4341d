"""Land and houses of triangles as scenes have them: walls and roofs are objects of their own, without floors."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely

Triangles = npt.NDArray[np.float64]

SIDE_M = 100.0
"""Of the land, about the origin."""


def land(slope: float = 0.0, height_m: float = 0.0) -> Triangles:
    """A square of land that rises to the east."""
    half = SIDE_M / 2
    corners = [(x, y, height_m + slope * x) for x, y in ((-half, -half), (half, -half), (half, half), (-half, half))]
    return np.array([[corners[i] for i in half_of] for half_of in ((0, 1, 2), (0, 2, 3))])


def walls(outline: Sequence[tuple[float, float]], low_m: float, high_m: float, closed: bool = True) -> Triangles:
    """Upright walls along a way."""
    ends = [*outline, outline[0]] if closed else list(outline)
    quads = [[(*a, low_m), (*b, low_m), (*b, high_m), (*a, high_m)] for a, b in pairwise(ends)]
    return np.array([[quad[i] for i in half_of] for quad in quads for half_of in ((0, 1, 2), (0, 2, 3))])


def roof(shape: shapely.Polygon, height_m: float) -> Triangles:
    """A flat roof."""
    flat = [shapely.get_coordinates(part)[:3] for part in shapely.constrained_delaunay_triangles(shape).geoms]
    return np.array([[(*corner, height_m) for corner in corners] for corners in flat])
