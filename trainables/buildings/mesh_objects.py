"""The objects of an XML scene as triangles, by name: read from its files, without Sionna."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trainables.buildings.mesh_check import read_meshes
from trainables.buildings.mitsuba_xml import shapes

Triangles = npt.NDArray[np.float64]
"""Corners, ``[n, 3, 3]``, m."""

_SQUARE = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], dtype=np.float64)
_CUBE = np.concatenate([_SQUARE + np.array([0, 0, z]) for z in (-1, 1)])
_HALVES = np.array([[0, 1, 2], [0, 2, 3]])
_SIDES = np.array([[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])
_CUBE_FACES = _SIDES[:, _HALVES].reshape(-1, 3)


def mesh_objects(path: Path) -> dict[str, Triangles]:
    """The triangles of each object, whose name is that of its shape, without ``mesh-`` before it.

    Raises:
        ValueError: the scene, or one of its meshes, is none that can be read. The field is ``path``.
    """
    return _mesh_objects(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=2)
def _mesh_objects(path: Path, _written_ns: int) -> dict[str, Triangles]:
    all_shapes = shapes(path)
    of_files = read_meshes(shape.file for shape in all_shapes if shape.file is not None)
    found: dict[str, list[Triangles]] = {}
    for shape in all_shapes:
        made_here = (_CUBE, _CUBE_FACES) if shape.kind == "cube" else (_SQUARE, _HALVES)
        corners_m, faces = made_here if shape.file is None else next(of_files)
        corners_m = corners_m @ shape.to_world[:3, :3].T + shape.to_world[:3, 3]
        found.setdefault(shape.name, []).append(corners_m[faces])
    return {name: np.concatenate(parts) for name, parts in found.items()}
