"""A Sionna scene whose access points and plates move without a kernel being compiled.

Setting an object's or a device's position with Python floats bakes the numbers into kernels: 3 to 7
compilations a candidate, and a kernel cache on disk that never stops growing. Here the plate's vertices are
written into its mesh as data and device poses are opaque arrays; once warm, a candidate compiles nothing.
"""

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import drjit as dr
import numpy as np
import numpy.typing as npt
import sionna.rt as rt

from search_spaces.design import Placement, Vector
from search_spaces.reflector_config import ReflectorConfig
from trainables.buildings.floor_plan import FloorPlan, Sheet, sheets
from trainables.tracing.antennas import AntennaGroup, AntennaGroups
from trainables.tracing.diffracting_plate import DiffractingPlate
from trainables.tracing.radio import RadioConfig

_PARKED_M = np.array([[0.0, 0.0, 0.0], [1e-3, 0.0, 0.0], [1e-3, 1e-3, 0.0], [0.0, 1e-3, 0.0]])
"""A plate out of the way, relative to a point far below the scene: there, yet met by no ray that matters."""


class MovableScene:
    """The building, ``num_ap`` transmitters and ``num_reflectors`` plates, all in one Sionna scene.

    Args:
        source: a floor plan, or the path of a Mitsuba XML scene.
        radio: frequency, and the antenna of access points that have none of their own.
        num_ap: number of transmitters; fixed, as it is part of the kernels.
        plates: what each plate is made of, and of how many facets.

    Raises:
        ValueError: a material is not defined at the frequency, or the XML scene is not one of Sionna's.
    """

    def __init__(
        self,
        source: FloorPlan | str,
        radio: RadioConfig,
        num_ap: int,
        plates: Sequence[ReflectorConfig] = (),
    ) -> None:
        self.scene = rt.load_scene() if isinstance(source, FloorPlan) else rt.load_scene(source)
        self.scene.frequency = radio.frequency_hz
        self._usual_antenna = radio.antenna
        self._antennas = AntennaGroups()
        self.scene.tx_array = self._antennas.array(self._usual_antenna)
        objects = _building(sheets(source), radio) if isinstance(source, FloorPlan) else []
        z_min = self.scene.mi_scene.bbox().min.z if self.scene.objects else 0.0
        parked_m = _PARKED_M + np.array([0.0, 0.0, float(z_min) - 1000.0])
        self._parked_m = [np.tile(parked_m, (plate.num_facets, 1, 1)) for plate in plates]
        self.plate_ids = [f"reflector-{k}" for k in range(len(plates))]
        self._diffracting: dict[str, DiffractingPlate] = {}
        for plate_id, plate, sheets_m in zip(self.plate_ids, plates, self._parked_m, strict=True):
            make = DiffractingPlate if plate.model == "diffracting" else rt.ITURadioMaterial
            metal = make(f"itu-{plate_id}", plate.material, thickness=0.001, color=_color(plate.material))
            if isinstance(metal, DiffractingPlate):
                self._diffracting[plate_id] = metal
            objects.append(_scene_object(plate_id, sheets_m.reshape(-1, 3), _quads(len(sheets_m)), metal))
        if objects:
            self.scene.edit(add=objects)
        self.num_ap = num_ap
        self._transmitters = [rt.Transmitter(f"ap{i + 1}", position=mi.Point3f(0, 0, 0)) for i in range(num_ap)]
        self.scene.add(self._transmitters)
        self.placement: Placement | None = None
        """What was moved in last, by whoever traces this scene."""
        self.groups: tuple[AntennaGroup, ...] = ()
        """Its access points by their antennas: one launch each."""

    @property
    def bounds_m(self) -> tuple[Vector, Vector]:
        """Lowest and highest corner of the building, without the plates [m]."""
        boxes = [o.mi_mesh.bbox() for name, o in self.scene.objects.items() if name not in self.plate_ids]
        low = np.min([np.array(b.min) for b in boxes], axis=0)
        high = np.max([np.array(b.max) for b in boxes], axis=0)
        return low.ravel(), high.ravel()

    def building_materials(self) -> list[rt.RadioMaterial]:
        """The materials of all but the plates, once each, to be changed before anything is traced."""
        objects = (o for name, o in self.scene.objects.items() if name not in self.plate_ids)
        return list({o.radio_material.name: o.radio_material for o in objects}.values())

    def add_bodies(
        self,
        name: str,
        vertices_m: npt.NDArray[np.float64],
        faces: npt.NDArray[np.uint32],
        properties: Callable[[float], tuple[float, float]],
        thickness_m: float,
    ) -> None:
        """Add what is no part of the building, before anything is traced.

        Args:
            name: of the object.
            vertices_m: ``[n, 3]``, m.
            faces: ``[m, 3]``.
            properties: relative permittivity and conductivity [S/m] at a frequency [Hz].
            thickness_m: of the slab that each face stands for.
        """
        permittivity, conductivity = properties(float(self.scene.frequency[0]))
        material = rt.RadioMaterial(
            f"material-{name}",
            thickness=thickness_m,
            relative_permittivity=permittivity,
            conductivity=conductivity,
            color=_color(name),
        )
        self.scene.edit(add=[_scene_object(name, vertices_m, faces, material, True)])

    def move(self, placement: Placement, params: mi.SceneParameters | None = None) -> None:
        """Put the transmitters and plates where the placement says; plates that it lacks are parked.

        Args:
            params: parameters of a Mitsuba scene that shares these meshes and is to be kept current
                instead (the one that the measurement panels were added to).
        """
        self.placement = placement
        params = self.scene.mi_scene_params if params is None else params
        for number, plate_id in enumerate(self.plate_ids):
            poses = placement.reflectors
            sheets_m = poses[number].sheets_m if number < len(poses) else self._parked_m[number]
            params[f"{plate_id}.vertex_positions"] = mi.Float(sheets_m.astype(np.float32).ravel())
            if plate_id in self._diffracting:  # a mirror needs no telling
                self._diffracting[plate_id].place(sheets_m)
        if self.plate_ids:
            params.update()
            self.scene.scene_geometry_updated()
        for ap, tx in zip(placement.access_points, self._transmitters, strict=True):
            tx.position = _opaque(ap.position_m)
            tx.orientation = _opaque(_orientation(ap.direction))
            tx.power_dbm = dr.opaque(mi.Float, ap.power_dbm)
        self.groups = self._antennas.of([ap.antenna or self._usual_antenna for ap in placement.access_points])

    @contextmanager
    def transmitting(self, group: AntennaGroup) -> Iterator[None]:
        """Let the scene have a group's transmitters alone, in their order, and its array, while this is open."""
        self.scene.tx_array = group.array
        silent = [tx for number, tx in enumerate(self._transmitters) if number not in group.members]
        self.scene.remove([tx.name for tx in silent])
        try:
            yield
        finally:
            if silent:  # all anew: they are traced in the order in which they were added
                self.scene.remove([tx.name for tx in self._transmitters])
                self.scene.add(self._transmitters)

    def sees(self, from_m: Vector, to_m: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """To which of the points ``[n, 3]``, m, the straight line from ``[3]``, m, is free, ``[n]``."""
        ends = mi.Point3f(*(mi.Float(axis) for axis in np.ascontiguousarray(to_m.T, dtype=np.float32)))
        way = mi.Vector3f(ends - _opaque(from_m))
        length = dr.norm(way)
        rays = mi.Ray3f(mi.Ray3f(_opaque(from_m), way / length), length)
        return np.asarray(~self.scene.mi_scene.ray_test(rays).numpy().astype(bool))


def _orientation(direction: Vector) -> Vector:
    """Angles (azimuth, downtilt, 0) [rad] that turn a device's +x towards ``direction``."""
    x, y, z = direction
    return np.array([np.arctan2(y, x), -np.arcsin(np.clip(z, -1.0, 1.0)), 0.0])


def _opaque(vector: Vector) -> mi.Point3f:
    return mi.Point3f(*(dr.opaque(mi.Float, float(x)) for x in vector))


def mesh(name: str, vertices_m: npt.NDArray[np.float64], faces: npt.NDArray[np.uint32]) -> mi.Mesh:
    """A Mitsuba mesh with flat faces from ``[n, 3]`` vertices [m] and ``[m, 3]`` indices."""
    properties = mi.Properties()
    properties["face_normals"] = True
    built = mi.Mesh(name, len(vertices_m), len(faces), props=properties)
    params = mi.traverse(built)
    params["vertex_positions"] = mi.Float(vertices_m.astype(np.float32).ravel())
    params["faces"] = mi.UInt(faces.astype(np.uint32).ravel())
    params.update()
    return built


def _scene_object(
    name: str,
    vertices_m: npt.NDArray[np.float64],
    faces: npt.NDArray[np.uint32],
    material: rt.RadioMaterialBase,
    merge_corners: bool = False,
) -> rt.SceneObject:
    """A mesh with a radio material.

    ``merge_corners`` lets Sionna find the wedges that diffract; it reorders vertices, so a mesh that is moved by
    writing its vertices must do without.
    """
    return rt.SceneObject(
        mi_mesh=mesh(name, vertices_m, faces),
        name=name,
        radio_material=material,
        remove_duplicate_vertices=merge_corners,
    )


def _building(parts: list[Sheet], radio: RadioConfig) -> list[rt.SceneObject]:
    materials = {
        part.slab: rt.ITURadioMaterial(
            f"itu-{part.slab.material}-{part.slab.thickness_m:g}",
            part.slab.material,
            thickness=part.slab.thickness_m,
            scattering_coefficient=radio.scattering_coefficient if radio.diffuse_reflection else 0.0,
            color=_color(part.slab.material),
        )
        for part in parts
    }
    return [_scene_object(p.name, p.vertices_m, p.faces, materials[p.slab], True) for p in parts]


def _quads(count: int) -> npt.NDArray[np.uint32]:
    """Two triangles for each four vertices, ``[2 * count, 3]``."""
    first = 4 * np.arange(count, dtype=np.uint32)[:, None, None]
    return (first + np.array([[0, 1, 2], [0, 2, 3]], dtype=np.uint32)).reshape(-1, 3)


def _color(itu_type: str) -> tuple[float, float, float]:
    """The colour of a material in pictures; Sionna has none for vacuum."""
    red, green, blue = rt.ITURadioMaterial.ITU_MATERIAL_COLORS.get(itu_type, (0.5, 0.5, 0.5))
    return red, green, blue
