"""The land that a scene of meshes stands on, and the solids that stand on it.

The ground at a point is the lowest surface there of the objects that are the ground: those that are named or else the
one that covers most land. A solid is what an object has inside when all is cut open at a height above the ground
(``section.filled``), and under a roof: walls and roofs may be objects of their own, as those of cities are, and neither
need be closed or have a floor. Where single objects leave it open, as walls one by one do, all together decide.

A room whose walls are sheets is a solid to this: heights above the ground are for scenes outdoors.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

from search_spaces.ground import Ground
from search_spaces.zones import Region
from trainables.buildings.mesh_objects import Triangles, mesh_objects
from trainables.buildings.section import filled, section

Array = npt.NDArray[np.float64]

Bounds = tuple[float, float, float, float]
"""x_min, y_min, x_max, y_max [m]."""

_FINEST_M = 0.5
"""Between samples of the ground."""

_MOST_SAMPLES = 400
"""Along either side of a raster."""

_LEVEL_M = 1e-4
"""Ground that rises by less is level."""

_FURTHER_UP_M = range(1, 6)
"""Heights at which an object is cut that is met at the height asked for and encloses nothing there."""

_GAP_M = 0.05
"""Narrower gaps between houses are no place for anybody."""

_WALL_M = 0.01
"""On a wall's face is not inside."""


class Terrain:
    """Ground and solids of a scene.

    Args:
        objects: triangles by the object's name.
        ground: names of those that are the ground; None: the one that covers most land.

    Raises:
        ValueError: a name is none of the scene's. The field is ``ground``.
    """

    def __init__(self, objects: Mapping[str, Triangles], ground: Sequence[str] | None = None) -> None:
        names = [max(objects, key=lambda name: _land_m2(objects[name]))] if ground is None else list(ground)
        if unknown := [name for name in names if name not in objects]:
            raise ValueError(
                f"ground must name objects of the scene, but got {unknown[0]!r}; choose from "
                + ", ".join(sorted(objects)[:20])
            )
        self.names = tuple(names)
        self._ground = _Above(np.concatenate([objects[name] for name in names]))
        self._objects = [triangles for name, triangles in objects.items() if name not in names]

    def heights_m(self, points_m: Array) -> Array:
        """The z of the ground at points ``[n, 2]`` [m]; ``[n]``, NaN where there is none."""
        return self._ground.lowest_m(points_m)

    @lru_cache(maxsize=8)  # noqa: B019  (there are as few as scenes)
    def raster(self, bounds: Bounds) -> Ground:
        """The ground in a rectangle."""
        low_m, high_m = np.array(bounds[:2]), np.array(bounds[2:])
        step_m = max(_FINEST_M, float((high_m - low_m).max()) / (_MOST_SAMPLES - 1))
        num_x, num_y = np.ceil((high_m - low_m) / step_m - 1e-9).astype(int) + 1
        x, y = (low + step_m * np.arange(count) for low, count in zip(low_m, (num_x, num_y), strict=True))
        points_m = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        heights_m = self.heights_m(points_m).reshape(num_y, num_x)
        if np.ptp(heights_m) < _LEVEL_M:
            heights_m = heights_m[:1, :1]
        return Ground((float(low_m[0]), float(low_m[1])), step_m, heights_m)

    @lru_cache(maxsize=32)  # noqa: B019
    def solids(self, height_m: float, bounds: Bounds) -> Region:
        """What is inside buildings at a height above the ground [m]: of all that reach into a rectangle."""
        return self._solids(height_m, bounds)

    @lru_cache(maxsize=4096)  # noqa: B019
    def is_inside(self, x: float, y: float, height_m: float) -> bool:
        """Whether a point at a height above the ground [m] is inside a building."""
        return bool(self._solids(height_m, (x, y, x, y)).contains(shapely.Point(x, y)))

    def height_m(self, x: float, y: float) -> float:
        """The z of the ground at one point [m]; 0 where there is none."""
        return float(np.nan_to_num(self.heights_m(np.array([[x, y]]))[0]))

    def _solids(self, height_m: float, bounds: Bounds) -> Region:
        near = [raised for found in self._near(bounds) if len(raised := self._raised(found))]
        met = [triangles for triangles in near if len(section(triangles, height_m))]
        if not met:
            return shapely.Polygon()
        inside = shapely.union_all([_inside(triangles, height_m) for triangles in met])
        inside |= filled(section(np.concatenate(met), height_m), inside)
        inside = inside.buffer(_GAP_M, join_style="mitre").buffer(-_GAP_M - _WALL_M, join_style="mitre")
        parts = [part for part in shapely.get_parts(inside) if part.area > 0]
        points_m = np.array([part.representative_point().coords[0] for part in parts]).reshape(-1, 2)
        roofed = _Above(np.concatenate(near)).highest_m(points_m) > height_m
        return shapely.union_all([part for part, under in zip(parts, roofed, strict=True) if under])

    def _near(self, bounds: Bounds) -> list[Triangles]:
        """The objects that may reach into a rectangle."""
        low_m, high_m = np.array(bounds[:2]), np.array(bounds[2:])
        low_ends, high_ends = self._ends_m
        near = np.all((low_ends <= high_m) & (high_ends >= low_m), axis=1)
        return [found for found, is_near in zip(self._objects, near, strict=True) if is_near]

    @cached_property
    def _ends_m(self) -> tuple[Array, Array]:
        """Lowest and highest x and y of each object, ``[num_objects, 2]`` each."""
        low, high = ([end(found[..., :2], axis=(0, 1)) for found in self._objects] for end in (np.min, np.max))
        return np.reshape(low, (-1, 2)), np.reshape(high, (-1, 2))

    def _raised(self, triangles: Triangles) -> Triangles:
        """Triangles with z counted from the ground below, without those that have none below a corner."""
        ground_m = self.heights_m(triangles[..., :2].reshape(-1, 2)).reshape(-1, 3)
        raised = triangles.copy()
        raised[..., 2] -= ground_m
        return np.asarray(raised[np.isfinite(ground_m).all(axis=1)])


def _inside(triangles: Triangles, height_m: float) -> Region:
    """The inside of an object; where its walls end above the ground, as on a slope, that further up."""
    for up_m in (0, *_FURTHER_UP_M):
        inside = filled(section(triangles, height_m + up_m))
        if not inside.is_empty:
            break
    return inside


@lru_cache(maxsize=2)
def _terrain(path: Path, ground: tuple[str, ...] | None, _written_ns: int) -> Terrain:
    return Terrain(mesh_objects(path), ground)


def load_terrain(path: Path, ground: tuple[str, ...] | None) -> Terrain:
    """The terrain of an XML scene; it is read once.

    Raises:
        ValueError: the scene cannot be read, or has no such object.
    """
    return _terrain(path, ground, path.stat().st_mtime_ns)


def _land_m2(triangles: Triangles) -> float:
    """What triangles cover, seen from above, as often as they do [m2]."""
    (ux, uy), (vx, vy) = ((triangles[:, corner, :2] - triangles[:, 0, :2]).T for corner in (1, 2))
    return float(np.abs(ux * vy - uy * vx).sum() / 2)


class _Above:
    """Triangles, seen from above."""

    def __init__(self, triangles: Triangles) -> None:
        a, b, c = (triangles[:, corner] for corner in range(3))
        normals = np.cross(b - a, c - a)
        level = np.abs(normals[:, 2]) > 1e-9
        self._normals, self._corners = normals[level], a[level]
        self._tree = shapely.STRtree([shapely.Polygon(corners) for corners in triangles[level][..., :2]])

    def lowest_m(self, points_m: Array) -> Array:
        """The lowest z above or below points ``[n, 2]``; ``[n]``, NaN where there is nothing."""
        return self._extreme_m(points_m, np.fmin, np.inf)

    def highest_m(self, points_m: Array) -> Array:
        """The highest alike."""
        return self._extreme_m(points_m, np.fmax, -np.inf)

    def _extreme_m(self, points_m: Array, choose: np.ufunc, nothing: float) -> Array:
        point, triangle = self._tree.query(shapely.points(points_m), predicate="intersects")
        normal, corner = self._normals[triangle], self._corners[triangle]
        off_m = ((points_m[point] - corner[:, :2]) * normal[:, :2]).sum(axis=1)
        found = np.full(len(points_m), nothing)
        choose.at(found, point, corner[:, 2] - off_m / normal[:, 2])
        return np.where(np.isfinite(found), found, np.nan)
