"""A building cut open at one height: what of its surfaces is met there, as lines on the floor.

It shows the walls of a building that is known by its meshes alone, and which rooms they close.
"""

import numpy as np
import numpy.typing as npt
import shapely

from search_spaces.zones import Region, contains

_LEAST_M = 1e-6
"""Shorter lines are where a corner touches the plane."""

_WAYS = np.array([(np.cos(angle), np.sin(angle)) for angle in 0.1 + 2 * np.pi / 7 * np.arange(7)])
"""Along which one goes out of a section: no wall of a usual building is in line with one."""

_AT_ONCE = 1_000_000
"""Points times lines, in memory."""

_GRID_M = 1e-3
"""Ends that are nearer to each other meet: meshes come in single precision."""


def section(triangles_m: npt.NDArray[np.float64], height_m: float) -> npt.NDArray[np.float64]:
    """Lines in which triangles meet a level plane.

    Args:
        triangles_m: corners, ``[n, 3, 3]``, m.
        height_m: z of the plane; a triangle that lies in it is not met.

    Returns:
        ends ``[m, 2, 2]`` (x, y), m.
    """
    above = triangles_m[..., 2] > height_m
    crossed = triangles_m[above.any(axis=1) & ~above.all(axis=1)]
    ends = []
    for a, b in ((0, 1), (1, 2), (2, 0)):
        start, end = crossed[:, a], crossed[:, b]
        meets = (start[:, 2] > height_m) != (end[:, 2] > height_m)
        rise = np.where(meets, end[:, 2] - start[:, 2], 1.0)
        points = start[:, :2] + ((height_m - start[:, 2]) / rise)[:, None] * (end - start)[:, :2]
        ends.append(np.where(meets[:, None], points, np.nan))
    found = np.stack(ends, axis=1)  # [n, 3, 2]: of the three sides just two are met
    lines = found[~np.isnan(found[..., 0])].reshape(-1, 2, 2)
    return np.asarray(lines[np.hypot(*(lines[:, 1] - lines[:, 0]).T) > _LEAST_M])


def closed_rooms(lines_m: npt.NDArray[np.float64], open_to: Region) -> Region:
    """The ground that walls close off on all sides from a region, and from what is outside of all.

    Args:
        lines_m: of a section, ``[n, 2, 2]``, m.
        open_to: where access points may be.
    """
    return shapely.union_all([room for room in _enclosed(lines_m) if not room.intersects(open_to)])


def filled(lines_m: npt.NDArray[np.float64], known: Region | None = None) -> Region:
    """The inside of a closed surface that is cut open: from there every way out crosses an odd number of lines.

    A courtyard is thus outside. A surface need not be quite closed, nor its faces be turned outwards: the majority of
    several ways decides.

    Args:
        lines_m: of a section, ``[n, 2, 2]``, m.
        known: what need not be looked at.
    """
    parts = _enclosed(lines_m)
    points_m = np.array([part.representative_point().coords[0] for part in parts]).reshape(-1, 2)
    if known is not None:
        new = ~contains(known, points_m)
        parts, points_m = [part for part, is_new in zip(parts, new, strict=True) if is_new], points_m[new]
    if not parts:
        return shapely.Polygon()
    odd = np.mean([_crossings(points_m, lines_m, way) % 2 for way in _WAYS], axis=0) > 0.5
    return shapely.union_all([part for part, inside in zip(parts, odd, strict=True) if inside])


def _enclosed(lines_m: npt.NDArray[np.float64]) -> list[Region]:
    """The pieces of ground that lines go all around."""
    if not len(lines_m):
        return []
    walls = shapely.set_precision(shapely.union_all(shapely.linestrings(lines_m)), _GRID_M)
    return list(shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.unary_union(walls)))))


def _crossings(
    points_m: npt.NDArray[np.float64], lines_m: npt.NDArray[np.float64], way: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """How many lines the way from each point on crosses, ``[num_points]``."""
    if len(points_m) > (at_once := max(1, _AT_ONCE // len(lines_m))):
        blocks = np.array_split(points_m, -(-len(points_m) // at_once))
        return np.concatenate([_crossings(block, lines_m, way) for block in blocks])
    across = np.array([-way[1], way[0]])
    left, ahead = (lines_m @ axis - (points_m @ axis)[:, None, None] for axis in (across, way))  # [points, lines, 2]
    meets = (left[..., 0] > 0) != (left[..., 1] > 0)
    rise = np.where(meets, left[..., 1] - left[..., 0], 1.0)
    at = ahead[..., 0] - left[..., 0] / rise * (ahead[..., 1] - ahead[..., 0])
    return np.asarray((meets & (at > 0)).sum(axis=1))
