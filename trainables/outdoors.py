"""Outdoors: heights are above the ground, and nobody is inside a building."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from search_spaces.access_points import AccessPointsConfig
from search_spaces.mounts.base import Building
from search_spaces.mounts.points import PointsMount
from search_spaces.zones import Coordinate, Zone
from trainables.buildings.terrain import Bounds, Terrain
from trainables.tracing.receivers import ReceiverGrid, ReceiversConfig

EVEN_M = 0.01
"""A horizontal map is one plane: the ground below it may differ by so much."""


def building_on(
    terrain: Terrain,
    receivers: ReceiversConfig,
    access_points: AccessPointsConfig,
    further_m: Sequence[Coordinate],
    zones: Sequence[Zone],
) -> Building:
    """The ground and the buildings around all that a problem names.

    Args:
        terrain: of the scene.
        receivers: at which height.
        access_points: at which heights, and some of the places.
        further_m: further points that heights are asked of, x and y.
        zones: of users and access points.
    """
    own = [zone for one in access_points.each for zone in one.areas or ()]
    points = [point for zone in (*zones, *own) for point in zone] + list(further_m)
    points += [(spot.x, spot.y) for spot in _named_spots(access_points)]
    bounds = _bounds(points)
    heights_m = {receivers.height_m, *access_points.heights_m}
    shown = _wider(bounds, 0.1)
    solids = {height_m: terrain.solids(height_m, shown) for height_m in heights_m}
    return Building(ground=terrain.raster(_wider(bounds, 0.5)), solids=solids)


def check_outdoors(
    terrain: Terrain, receivers: ReceiversConfig, access_points: AccessPointsConfig, grid: ReceiverGrid
) -> None:
    """Raise ``ValueError`` where nobody is left, who is given a place is inside a building, or the ground is uneven."""
    if grid.num_cells == 0 and (told := grid.left_out):
        raise ValueError(
            f"receivers.zones must reach out of buildings, but {told}; move them, or set scene.height_above to zero "
            "if a room is meant"
        )
    if receivers.surface == "plane" and (uneven_m := float(np.ptp(grid.points_m[:, 2]))) > EVEN_M:
        raise ValueError(
            f"receivers.surface must be crosses where the ground is uneven, but got 'plane' on ground that rises by "
            f"{uneven_m:.2g} m; set it to crosses"
        )
    if receivers.surface == "crosses" and receivers.panel_height_m > 2 * receivers.height_m:
        raise ValueError(
            f"receivers.panel_height_m must keep the panels above the ground, at most {2 * receivers.height_m:g} m, "
            f"but got {receivers.panel_height_m:g}; make them lower"
        )
    for spot in _named_spots(access_points):
        height_m = spot.height_m if spot.z is None else spot.z - terrain.height_m(spot.x, spot.y)
        if terrain.is_inside(spot.x, spot.y, height_m):
            at = [coordinate for coordinate in (spot.x, spot.y, spot.z) if coordinate is not None]
            raise ValueError(f"{spot.field} must not be inside a building, but got {at}; move it")


class _Spot(NamedTuple):
    """A place of an access point that is named, by z or by its height above the ground [m]."""

    field: str
    x: float
    y: float
    z: float | None
    height_m: float


def _named_spots(access_points: AccessPointsConfig) -> Iterator[_Spot]:
    usual_m = access_points.height_m
    for number, fixed in enumerate(access_points.fixed):
        yield _Spot(f"access_points.fixed.{number}.position_m", *fixed.position_m, usual_m)
    mounts = [("", access_points.mount, usual_m)]
    mounts += [
        (f"each.{i}.", one.mount, one.height_m or usual_m) for i, one in enumerate(access_points.each) if one.mount
    ]
    for which, mount, height_m in mounts:
        if isinstance(mount, PointsMount):
            for number, (x, y, *z) in enumerate(mount.points_m):
                yield _Spot(f"access_points.{which}mount.points_m.{number}", x, y, z[0] if z else None, height_m)


def _wider(bounds: Bounds, share: float) -> Bounds:
    """With a share of the longer side around it: maps and plans show what is beside the zones."""
    x_min, y_min, x_max, y_max = bounds
    margin_m = share * max(x_max - x_min, y_max - y_min)
    return x_min - margin_m, y_min - margin_m, x_max + margin_m, y_max + margin_m


def _bounds(points: Sequence[Coordinate]) -> Bounds:
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
