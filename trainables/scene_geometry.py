"""The surfaces of a loaded building, asked where they are: by a section, and by rays that only look."""

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

import drjit as dr
import numpy as np
import numpy.typing as npt

from search_spaces.ground import Ground
from trainables.buildings.section import section
from trainables.tracing.movable_scene import MovableScene

Array = npt.NDArray[np.float64]


class SceneGeometry:
    """The building of a scene into which nothing has been moved yet: its plates are parked."""

    def __init__(self, movable: MovableScene) -> None:
        self._scene = movable.scene.mi_scene
        self.bounds_m = movable.bounds_m
        """Lowest and highest corner [m]."""
        self._triangles: dict[str, list[Array]] = {}
        for name, item in movable.scene.objects.items():
            if name not in movable.plate_ids:
                corners = item.mi_mesh.vertex_positions_buffer().numpy().reshape(-1, 3).astype(np.float64)
                faces = item.mi_mesh.faces_buffer().numpy().reshape(-1, 3)
                material = getattr(item.radio_material, "itu_type", None) or item.radio_material.name
                self._triangles.setdefault(material, []).append(corners[faces])

    def section(self, height_m: float, ground: Ground | None = None) -> dict[str, Array]:
        """Lines at a height by material, ``[n, 2, 2]`` (x, y), m; above a ground, if there is one."""
        lines = {
            name: section(_above(np.concatenate(parts), ground), height_m) for name, parts in self._triangles.items()
        }
        return {name: found for name, found in lines.items() if len(found)}

    def distance_m(self, origins_m: Array, direction: Array) -> Array:
        """How far the first surface is from each origin; infinite where there is none.

        Args:
            origins_m: ``[n, 3]``, m.
            direction: unit vector, ``[3]`` or ``[n, 3]``.
        """
        origins, directions = np.broadcast_arrays(origins_m, direction)
        ray = mi.Ray3f(*(mi.Point3f(*(mi.Float(np.ascontiguousarray(a[:, i], np.float32)) for i in range(3)))
                         for a in (origins, directions)))  # fmt: skip
        met = self._scene.ray_intersect_preliminary(ray)
        return np.asarray(dr.select(met.is_valid(), met.t, dr.inf).numpy(), dtype=np.float64)


def _above(triangles: Array, ground: Ground | None) -> Array:
    """Triangles ``[n, 3, 3]`` with z counted from the ground below their corners."""
    if ground is None:
        return triangles
    ground_m = ground.at(triangles[..., :2].reshape(-1, 2)).reshape(-1, 3)
    return np.asarray(np.concatenate([triangles[..., :2], triangles[..., 2:] - ground_m[..., None]], axis=2))
