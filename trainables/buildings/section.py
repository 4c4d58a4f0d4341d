"""A building cut open at one height: what of its surfaces is met there, as lines on the floor.

It shows the walls of a building that is known by its meshes alone, and which rooms they close.
"""

import numpy as np
import numpy.typing as npt
import shapely

from search_spaces.zones import Region

_LEAST_M = 1e-6
"""Shorter lines are where a corner touches the plane."""

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
    if not len(lines_m):
        return shapely.Polygon()
    walls = shapely.set_precision(shapely.union_all(shapely.linestrings(lines_m)), _GRID_M)
    rooms = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.unary_union(walls))))
    return shapely.union_all([room for room in rooms if not room.intersects(open_to)])
