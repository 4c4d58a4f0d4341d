"""A plate's wall by what it is a part of: the largest upright rectangle on a face of an object, named or pointed at.

A face is all of an object's triangles that are upright and in one plane. It counts if users and access points are
before it and the object itself is not; of several, the one is taken whose rectangle is the largest, times the shares of
their areas before it. Where the face is no
rectangle (a gable, a front with windows), the rectangle has its sides where corners of the face are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import shapely

from search_spaces.ground import Ground
from search_spaces.reflector import WallRectangle
from search_spaces.reflector_config import ObjectWall
from search_spaces.zones import MAX_COORDINATE_M, Region, contains
from trainables.buildings.mesh_objects import Triangles
from trainables.buildings.section import filled, section

Array = npt.NDArray[np.float64]

_UPRIGHT = 0.02
"""Most that a wall's unit normal has of z."""

_ONE_PLANE = 0.01
"""Most that unit normals differ in a plane, and that its corners are off it [m]."""

_REACH_M = 0.5
"""A point farther from a wall is not on it."""

_BEFORE_M = 0.15
"""Where somebody stands who looks at a face."""

_FAR_M = 4 * MAX_COORDINATE_M

_MOST_EDGES = 40
"""Heights, and places along a face, at which a rectangle may end; a front with windows has some dozens."""


@dataclass(frozen=True, eq=False)
class _Face:
    """Triangles of a plane, seen from the side that ``normal`` points to; their shape is along it and up."""

    normal: Array
    off_m: float
    shape: Region

    @property
    def right(self) -> Array:
        """Unit vector (x, y) along the face, seen from before it."""
        return np.array([-self.normal[1], self.normal[0]])

    def at(self, along_m: float, before_m: float = 0.0) -> Array:
        """The point (x, y) so far along the face and before it."""
        return np.asarray(along_m * self.right + (self.off_m + before_m) * self.normal)


def find_wall(
    objects: Mapping[str, Triangles], wanted: ObjectWall, seen: Sequence[Region], field: str, ground: Ground | None
) -> WallRectangle:
    """The rectangle on which a plate may hang.

    Args:
        objects: of the scene, by name.
        wanted: which of them, or where.
        seen: regions of which each must lie before the wall, at least in part.
        field: that errors name.
        ground: what heights are above; None: above z = 0.

    Raises:
        ValueError: there is no such object, or no such wall of it.
    """
    what = f"object {wanted.object!r}" if wanted.object is not None else f"the point {list(wanted.at or ())}"
    found: list[tuple[float, WallRectangle]] = []
    for face, own in _chosen(objects, wanted, field):
        seen_by = float(np.prod([_share_before(face, region) for region in seen]))
        if seen_by > 0 and _is_outside(face, own) and (wall := _rectangle(face, wanted, ground)) is not None:
            found.append((seen_by * wall.width_m * wall.height_m, wall))
    if not found:
        heights = "" if wanted.heights_m is None else f" between heights_m {list(wanted.heights_m)}"
        raise ValueError(
            f"{field} must be an upright face that users and access points are before, but {what} has none{heights}; "
            "name another one, or give top_left_m and bottom_right_m"
        )
    return max(found, key=lambda wall: wall[0])[1]


def _chosen(objects: Mapping[str, Triangles], wanted: ObjectWall, field: str) -> Iterator[tuple[_Face, Triangles]]:
    """The faces that are meant, both sides of each, with the triangles of their object."""
    if wanted.object is not None and wanted.object not in objects:
        close = get_close_matches(wanted.object, objects, n=3) or sorted(objects)[:10]
        raise ValueError(
            f"{field}.object must be one of the scene's, but got {wanted.object!r}; "
            f"{'did you mean' if close else 'the scene has none of'} {', '.join(close)}?"
        )
    meant = objects if wanted.object is None else {wanted.object: objects[wanted.object]}
    if wanted.at is None:
        for triangles in meant.values():
            yield from ((face, triangles) for face in _faces(triangles))
        return
    at_m = np.array(wanted.at)
    near = [found for found in meant.values() if _is_near(found, at_m)]
    faces = [(face, triangles) for triangles in near for face in _faces(triangles)]
    away_m = [_away_m(face, at_m) for face, _ in faces]
    if not faces or min(away_m) > _REACH_M:
        raise ValueError(
            f"{field}.at must be on a wall, but none is within {_REACH_M:g} m of {list(wanted.at)}; move it"
        )
    yield from (face for face, away in zip(faces, away_m, strict=True) if away <= min(away_m) + _ONE_PLANE)


def _is_near(triangles: Triangles, at_m: Array) -> bool:
    corners_m = triangles.reshape(-1, 3)
    return bool(np.all((corners_m.min(axis=0) <= at_m + _REACH_M) & (corners_m.max(axis=0) >= at_m - _REACH_M)))


def _away_m(face: _Face, at_m: Array) -> float:
    """How far a point is from a face."""
    off_m = float(at_m[:2] @ face.normal - face.off_m)
    beside_m = face.shape.distance(shapely.Point(float(at_m[:2] @ face.right), float(at_m[2])))
    return float(np.hypot(off_m, beside_m))


def _faces(triangles: Triangles) -> Iterator[_Face]:
    """Both sides of each upright plane of an object."""
    crossed = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    areas = np.linalg.norm(crossed, axis=1)
    upright = (areas > 0) & (np.abs(crossed[:, 2]) < _UPRIGHT * areas)
    left, normals = triangles[upright], crossed[upright, :2]
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    while len(left):
        normal = normals[0]
        off_m = left[..., :2] @ normal
        same = (np.abs(np.abs(normals @ normal) - 1) < _ONE_PLANE**2 / 2) & (
            np.abs(off_m - off_m[0].mean()).max(axis=1) < _ONE_PLANE
        )
        same[0] = True
        for side in (normal, -normal):
            flat = np.stack([left[same][..., :2] @ np.array([-side[1], side[0]]), left[same][..., 2]], axis=-1)
            shape = shapely.union_all([shapely.Polygon(corners) for corners in flat])
            yield _Face(side, float((left[same][..., :2] @ side).mean()), shape)
        left, normals = left[~same], normals[~same]


def _share_before(face: _Face, seen: Region) -> float:
    """How much of a region lies before a face."""
    corners = [face.at(along_m, before_m) for along_m in (-_FAR_M, _FAR_M) for before_m in (_BEFORE_M, _FAR_M)]
    before = shapely.MultiPoint(corners).convex_hull
    return float(seen.intersection(before).area / seen.area)


def _is_outside(face: _Face, own: Triangles) -> bool:
    """Whether the object is not right before its own face."""
    middle = face.shape.representative_point()
    inside = filled(section(own, middle.y))
    return not contains(inside, face.at(middle.x, _BEFORE_M)[None])[0]


def _rectangle(face: _Face, wanted: ObjectWall, ground: Ground | None) -> WallRectangle | None:
    """The largest rectangle on a face between the heights that are wanted; None if there is none."""
    left_m, low_m, right_m, high_m = face.shape.bounds
    ground_m = 0.0
    if ground is not None:  # the highest along the face, so that nothing hangs in it
        before = np.array([face.at(along_m, _BEFORE_M) for along_m in np.linspace(left_m, right_m, 9)])
        ground_m = float(np.nan_to_num(ground.at(before)).max())
        low_m = max(low_m, ground_m)
    if wanted.heights_m is not None:
        low_m, high_m = (max(low_m, ground_m + wanted.heights_m[0]), min(high_m, ground_m + wanted.heights_m[1]))
    if low_m >= high_m:
        return None
    found = largest_rectangle(face.shape.intersection(shapely.box(left_m, low_m, right_m, high_m)))
    if found is None:
        return None
    left_m, low_m, right_m, high_m = found
    left, right = (tuple(face.at(along_m).tolist()) for along_m in (left_m, right_m))
    return WallRectangle(top_left_m=(left[0], left[1], high_m), bottom_right_m=(right[0], right[1], low_m))


def largest_rectangle(shape: Region) -> tuple[float, float, float, float] | None:
    """The largest level rectangle in a shape, with its sides at corners of it: its bounds; None if there is none."""
    points = shapely.get_coordinates(shape)
    if len(points) == 0:
        return None
    x, y = (_edges(points[:, axis]) for axis in (0, 1))
    if len(x) < 2 or len(y) < 2:
        return None
    boxes = shapely.box(x[:-1], y[:-1, None], x[1:], y[1:, None])  # [rows, columns]
    grown = shape.buffer(1e-3, join_style="mitre")
    shapely.prepare(grown)
    full = np.asarray(shapely.contains(grown, boxes))
    best: tuple[float, tuple[float, float, float, float]] | None = None
    for low in range(len(y) - 1):
        for high in range(low + 1, len(y)):
            columns = np.append(full[low:high].all(axis=0), False)
            start = 0
            for column in np.flatnonzero(~columns).tolist():
                area = (x[column] - x[start]) * (y[high] - y[low]) if column > start else 0.0
                if area > 0 and (best is None or area > best[0]):
                    best = area, (float(x[start]), float(y[low]), float(x[column]), float(y[high]))
                start = column + 1
    return best[1] if best else None


def _edges(values: Array) -> Array:
    """Different values, to the millimetre, in their order; of too many every so many."""
    found = np.unique(values)
    found = found[np.concatenate([[True], np.diff(found) > 1e-3])]
    kept = np.linspace(0, len(found) - 1, min(len(found), _MOST_EDGES)).astype(int)
    return np.asarray(found[kept])
