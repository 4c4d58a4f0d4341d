"""Points inside polygons: drawn uniformly over their area, and the one nearest to a point that is outside.

The polygons are cut into triangles; a draw picks a triangle by its area, and a point in it. So it costs the same
however small the polygons are in the rectangle around them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Point
from shapely.ops import nearest_points

from search_spaces.zones import Region

HAIR_M = 1e-6
"""So far inside is the nearest point: on the edge itself rounding would decide."""


@dataclass(frozen=True, eq=False)
class Interior:
    """The inside of a region, which must have some area."""

    region: Region

    def draw(self, rng: np.random.Generator) -> tuple[float, float]:
        """A point (x, y) [m], uniform over the region."""
        corners_m, shares = self._triangles
        a, b, c = corners_m[np.searchsorted(shares, rng.uniform(), side="right").clip(max=len(shares) - 1)]
        along, across = rng.uniform(size=2)
        if along + across > 1:  # in the other half of the parallelogram
            along, across = 1 - along, 1 - across
        x, y = a + along * (b - a) + across * (c - a)
        return float(x), float(y)

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """The point [m] nearest to (x, y) that is a hair inside."""
        point, _ = nearest_points(self._core, Point(x, y))
        return float(point.x), float(point.y)

    @cached_property
    def _core(self) -> Region:
        core = self.region.buffer(-HAIR_M, join_style="mitre")
        return self.region if core.is_empty else core

    @cached_property
    def _triangles(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Corners ``[n, 3, 2]`` [m], and the share of the area up to and with each, ``[n]``."""
        polygons = [part for part in shapely.get_parts(self.region) if part.area > 0]  # an intersection may leave lines
        triangles = [t for polygon in polygons for t in shapely.constrained_delaunay_triangles(polygon).geoms]
        corners_m = np.array([shapely.get_coordinates(triangle)[:3] for triangle in triangles])
        areas = np.cumsum([triangle.area for triangle in triangles])
        return corners_m, areas / areas[-1]
