"""A Sionna scene whose access points and plates move without a kernel being compiled.

Setting an object's or a device's position with Python floats bakes the numbers into kernels: 3 to 7
compilations a candidate, and a kernel cache on disk that never stops growing. Here the plate's vertices are
written into its mesh as data and device poses are opaque arrays; once warm, a candidate compiles nothing.
"""

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

from collections.abc import Callable

import drjit as dr
import numpy as np
import numpy.typing as npt
import sionna.rt as rt

from search_spaces.design import Placement, Vector
from search_spaces.reflector import PlateModel
from trainables.buildings.floor_plan import FloorPlan, Sheet, sheets
from trainables.tracing.diffracting_plate import DiffractingPlate
from trainables.tracing.radio import RadioConfig

_PARKED_M = np.array([[0.0, 0.0, 0.0], [1e-3, 0.0, 0.0], [1e-3, 1e-3, 0.0], [0.0, 1e-3, 0.0]])
"""A plate out of the way, relative to a point far below the scene: there, yet met by no ray that matters."""


class MovableScene:
    """The building, ``num_ap`` transmitters and ``num_reflectors`` plates, all in one Sionna scene.

    Args:
        source: a floor plan, or the path of a Mitsuba XML scene.
        radio: frequency and antennas.
        num_ap: number of transmitters; fixed, as it is part of the kernels.
        reflector_materials: ITU material of each plate.
        reflector_model: whether plates diffract or are mirrors.

    Raises:
        ValueError: a material is not defined at the frequency, or the XML scene is not one of Sionna's.
    """

    def __init__(
        self,
        source: FloorPlan | str,
        radio: RadioConfig,
        num_ap: int,
        reflector_materials: tuple[str, ...] = (),
        reflector_model: PlateModel = "diffracting",
    ) -> None:
        self.scene = rt.load_scene() if isinstance(source, FloorPlan) else rt.load_scene(source)
        self.scene.frequency = radio.frequency_hz
        self.scene.tx_array = rt.PlanarArray(
            num_rows=radio.array_rows,
            num_cols=radio.array_columns,
            vertical_spacing=radio.array_spacing,
            horizontal_spacing=radio.array_spacing,
            pattern=radio.tx_pattern,
            polarization=radio.polarization,
        )
        objects = _building(sheets(source), radio) if isinstance(source, FloorPlan) else []
        z_min = self.scene.mi_scene.bbox().min.z if self.scene.objects else 0.0
        self._parked_m = _PARKED_M + np.array([0.0, 0.0, float(z_min) - 1000.0])
        self.plate_ids = [f"reflector-{k}" for k in range(len(reflector_materials))]
        make = DiffractingPlate if reflector_model == "diffracting" else rt.ITURadioMaterial
        plates = []
        for plate_id, itu_type in zip(self.plate_ids, reflector_materials, strict=True):
            faces = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.uint32)
            plates.append(make(f"itu-{plate_id}", itu_type, thickness=0.001, color=_color(itu_type)))
            objects.append(_scene_object(plate_id, self._parked_m, faces, plates[-1]))
        self._diffracting = plates if reflector_model == "diffracting" else []
        if objects:
            self.scene.edit(add=objects)
        for i in range(num_ap):
            self.scene.add(rt.Transmitter(f"ap{i + 1}", position=mi.Point3f(0, 0, 0)))
        self.placement: Placement | None = None
        """What was moved in last, by whoever traces this scene."""

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
            vertices_m = poses[number].vertices_m if number < len(poses) else self._parked_m
            params[f"{plate_id}.vertex_positions"] = mi.Float(vertices_m.astype(np.float32).ravel())
            for material in self._diffracting[number : number + 1]:  # a mirror needs no telling
                material.place(vertices_m)
        if self.plate_ids:
            params.update()
            self.scene.scene_geometry_updated()
        for ap, tx in zip(placement.access_points, self.scene.transmitters.values(), strict=True):
            tx.position = _opaque(ap.position_m)
            tx.orientation = _opaque(_orientation(ap.direction))
            tx.power_dbm = dr.opaque(mi.Float, ap.power_dbm)


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


def _color(itu_type: str) -> tuple[float, float, float]:
    """The colour of a material in pictures; Sionna has none for vacuum."""
    red, green, blue = rt.ITURadioMaterial.ITU_MATERIAL_COLORS.get(itu_type, (0.5, 0.5, 0.5))
    return red, green, blue
