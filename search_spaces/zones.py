"""Polygons on the floor: where users are, where access points may go, where they may not.

A zone is a list of ``[x, y]`` corners in metres; a region is one or more zones, merged.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import numpy.typing as npt
import shapely
from pydantic import AfterValidator, Field
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

Region = BaseGeometry
"""One or more polygons, merged; empty where there are none."""

Coordinate = Annotated[tuple[float, float], Field(description="x, y [m]")]


def _is_polygon(corners: tuple[Coordinate, ...]) -> tuple[Coordinate, ...]:
    polygon = Polygon(corners)
    if not polygon.is_valid:
        raise ValueError(
            f"a zone must not cross itself ({shapely.is_valid_reason(polygon)}); "
            "list its corners in order around the outline"
        )
    if polygon.area <= 0:
        raise ValueError("a zone must have an area > 0 m2; give at least three corners not in line")
    return corners


Zone = Annotated[
    tuple[Coordinate, ...],
    Field(min_length=3, description="corners [x, y] of a polygon, in order [m]"),
    AfterValidator(_is_polygon),
]


def region(zones: Sequence[Sequence[tuple[float, float]]]) -> Region:
    """Merge zones into one region (an empty polygon for no zones)."""
    return unary_union([Polygon(zone) for zone in zones]) if zones else Polygon()


def distance_outside_m(area: Region, x: float, y: float) -> float:
    """Distance of (x, y) from ``area`` [m]; 0 inside or on its edge."""
    return float(area.distance(Point(x, y)))


def depth_inside_m(area: Region, x: float, y: float) -> float:
    """Distance of (x, y) inside ``area`` from its nearest edge [m]; 0 outside or on the edge."""
    point = Point(x, y)
    return float(area.boundary.distance(point)) if area.contains(point) else 0.0


def contains(area: Region, points: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Tell which of ``points`` (``[n, 2]``, m) lie inside ``area``; ``[n]``."""
    inside: npt.NDArray[np.bool_] = shapely.contains_xy(area, points[:, 0], points[:, 1])
    return inside
