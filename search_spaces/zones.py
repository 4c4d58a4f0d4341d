"""Polygons on the floor: where users are, where access points may go, where they may not.

A zone is a list of ``[x, y]`` corners in metres; a region is one or more zones, merged.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import shapely
from pydantic import AfterValidator, BeforeValidator, Field
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

Region = BaseGeometry
"""One or more polygons, merged; empty where there are none."""

MAX_CORNERS = 2_000
"""Of all zones of a region together: each candidate is compared with all of them."""

MAX_COORDINATE_M = 100_000.0
"""Rays are traced in single precision: a centimetre is all that is left of it so far from the origin."""

Metres = Annotated[float, Field(ge=-MAX_COORDINATE_M, le=MAX_COORDINATE_M)]

Coordinate = Annotated[tuple[Metres, Metres], Field(description="x, y [m]")]


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
    Field(min_length=3, max_length=MAX_CORNERS, description="corners [x, y] of a polygon, in order [m]"),
    AfterValidator(_is_polygon),
]


def _have_few_corners(zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
    corners = sum(map(len, zones))
    if corners > MAX_CORNERS:
        raise ValueError(
            f"zones must have at most {MAX_CORNERS:,} corners together, but have {corners:,}; merge or simplify them"
        )
    return zones


def _are_several(zones: Any) -> Any:
    """A single zone instead of a list of them lacks a pair of brackets, and is told so once."""
    if isinstance(zones, Sequence) and zones and all(_is_corner(entry) for entry in zones):
        raise ValueError("must be a list of polygons, but is a single one; put one more pair of brackets around it")
    return zones


def _is_corner(entry: Any) -> bool:
    return (
        isinstance(entry, Sequence)
        and not isinstance(entry, str)
        and len(entry) == 2
        and all(isinstance(number, int | float) for number in entry)
    )


Zones = Annotated[tuple[Zone, ...], BeforeValidator(_are_several), AfterValidator(_have_few_corners)]
"""The zones of a region."""


def region(zones: Sequence[Sequence[tuple[float, float]]]) -> Region:
    """Merge zones into one region (an empty polygon for no zones)."""
    return unary_union([Polygon(zone) for zone in zones]) if zones else Polygon()


def distance_outside_m(area: Region, x: float, y: float) -> float:
    """Distance of (x, y) from ``area`` [m]; 0 inside or on its edge."""
    shapely.prepare(area)  # once: then the many points inside are told at once, however many corners there are
    return 0.0 if shapely.intersects_xy(area, x, y) else float(area.distance(Point(x, y)))


def depth_inside_m(area: Region, x: float, y: float) -> float:
    """Distance of (x, y) inside ``area`` from its nearest edge [m]; 0 outside or on the edge."""
    shapely.prepare(area)
    return float(area.boundary.distance(Point(x, y))) if shapely.contains_xy(area, x, y) else 0.0


def contains(area: Region, points: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Tell which of ``points`` (``[n, 2]``, m) lie inside ``area``; ``[n]``."""
    shapely.prepare(area)
    inside: npt.NDArray[np.bool_] = shapely.contains_xy(area, points[:, 0], points[:, 1])
    return inside
