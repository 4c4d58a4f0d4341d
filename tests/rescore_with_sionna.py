"""Score a winner on ``l_corridor`` again with Sionna alone: ``python rescore_with_sionna.py best.json [RAYS]``.

Uses nothing of this project but the file, and what is described in words. The building is an L-shaped corridor of
concrete, inner outline (0,0) (20,0) (20,20) (16,20) (16,4) (0,4) m, height 3 m, sheets of 0.2 m concrete. A plate that
diffracts bends each ray that it reflects: along either side, the direction's component becomes normal about the
mirror's, with a standard deviation of lambda / (4 pi d), d being the distance to the nearer end of that side.
Prints the P5 RSS in dBm with the plate and without it.
"""

import json
import sys
from pathlib import Path

import drjit as dr
import mitsuba as mi
import numpy as np
import sionna.rt as rt

best = json.loads(Path(sys.argv[1]).read_text())
rays = int(sys.argv[2]) if len(sys.argv) > 2 else 2_345_678
radio, cover = best["radio"], best["coverage"]


def surface(name: str, quads: list, material: rt.RadioMaterialBase | None = None):
    """A mesh of quadrilaterals."""
    vertices = np.array(quads, dtype=np.float32).reshape(-1, 3)
    faces = np.array([[4 * i + k for k in t] for i in range(len(quads)) for t in ((0, 1, 2), (0, 2, 3))])
    props = mi.Properties()
    props["face_normals"] = True
    mesh = mi.Mesh(name, len(vertices), len(faces), props=props)
    params = mi.traverse(mesh)
    params["vertex_positions"] = mi.Float(vertices.ravel())
    params["faces"] = mi.UInt(faces.astype(np.uint32).ravel())
    params.update()
    return mesh if material is None else rt.SceneObject(mi_mesh=mesh, name=name, radio_material=material)


def rectangle(x0: float, y0: float, x1: float, y1: float, z: float) -> list:
    return [[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]]


class BendingMetal(rt.ITURadioMaterial):
    """Metal of a rectangle ``[4, 3]``, m."""

    def __init__(self, name: str, corners_m: list):
        self.middle, self.sides = np.mean(corners_m, axis=0), np.diff(corners_m[:3], axis=0)
        super().__init__(name, "metal", thickness=0.001)

    def sample(self, ctx, si, sample1, sample2, active=True):
        bs, jones = super().sample(ctx, si, sample1, sample2, active)
        wavelength_m = 299_792_458 / radio["frequency_hz"]
        out, old = np.cross(*self.sides) / np.prod(np.linalg.norm(self.sides, axis=1)), mi.Vector3f(bs.wo)
        tangential, square = mi.Vector3f(0), mi.Float(0)
        for side, uniform in zip(self.sides, (sample2.x, sample2.y), strict=True):
            axis, half_m = mi.Vector3f(*(side / np.linalg.norm(side)).tolist()), float(np.linalg.norm(side) / 2)
            to_edge_m = half_m - dr.abs(dr.dot(si.p - mi.Point3f(*self.middle.tolist()), axis))
            normal = 2**0.5 * dr.erfinv(dr.clip(2 * uniform - 1, -0.999999, 0.999999))
            part = dr.dot(old, axis) + normal * wavelength_m / (4 * np.pi * dr.maximum(to_edge_m, 0.001))
            tangential, square = tangential + part * axis, square + part * part
        across = mi.Vector3f(*out.tolist())
        new = tangential + dr.sign(dr.dot(old, across)) * dr.sqrt(dr.maximum(1 - square, 0)) * across
        bs.wo = dr.select(bs.sampled_component == rt.constants.InteractionType.SPECULAR, dr.normalize(new), old)
        return bs, jones


def p5_dbm(with_plate: bool) -> float:
    scene = rt.load_scene()
    scene.frequency = radio["frequency_hz"]
    scene.tx_array = rt.PlanarArray(
        num_rows=1, num_cols=1, pattern=radio["tx_pattern"], polarization=radio["polarization"]
    )
    concrete = rt.ITURadioMaterial("concrete-walls", "concrete", thickness=0.2)
    outline = [(0, 0), (20, 0), (20, 20), (16, 20), (16, 4), (0, 4)]
    walls = [[[*a, 0], [*b, 0], [*b, 3], [*a, 3]] for a, b in zip(outline, outline[1:] + outline[:1], strict=True)]
    slabs = [r for z in (0, 3) for r in (rectangle(0, 0, 20, 4, z), rectangle(16, 4, 20, 20, z))]
    parts = [surface("building", walls + slabs, concrete)]
    if with_plate:
        flat = [
            (plate, sheet_m) for plate in best["reflectors"] for sheet_m in plate.get("facets_m", [plate["vertices_m"]])
        ]
        for i, (plate, corners_m) in enumerate(flat):
            name = f"plate-metal-{i}"
            bends = plate.get("model") == "diffracting"  # runs that do not say had mirrors
            metal = BendingMetal(name, corners_m) if bends else rt.ITURadioMaterial(name, "metal", thickness=0.001)
            parts.append(surface(f"plate-{i}", [corners_m], metal))
    scene.edit(add=parts)
    for i, ap in enumerate(best["access_points"]):
        position = np.array(ap["position_m"])
        tx = rt.Transmitter(f"ap{i}", position=mi.Point3f(*position.tolist()), power_dbm=ap["power_dbm"])
        scene.add(tx)
        tx.look_at(mi.Point3f(*(position + ap["direction"]).tolist()))

    (cx, cy, cz), (sx, sy), (step, _) = cover["center_m"], cover["size_m"], cover["cell_size_m"]
    h, r = radio["panel_height_m"] / 2, step / 2
    panels = []
    for y in np.arange(cy - sy / 2 + r, cy + sy / 2, step):
        for x in np.arange(cx - sx / 2 + r, cx + sx / 2, step):
            for dx, dy in ((r, 0), (0, r)):
                low, high = [x - dx, y - dy], [x + dx, y + dy]
                panels.append([[*low, cz - h], [*high, cz - h], [*high, cz + h], [*low, cz + h]])
    radio_map = rt.RadioMapSolver()(
        scene,
        measurement_surface=surface("panels", panels),
        samples_per_tx=rays,
        max_depth=radio["max_depth"],
        specular_reflection=radio["specular_reflection"],
        diffuse_reflection=radio["diffuse_reflection"],
        refraction=radio["refraction"],
        diffraction=radio["diffraction"],
    )
    rss_w = radio_map.rss.numpy().reshape(len(best["access_points"]), -1, 4).mean(axis=2).max(axis=0)
    return float(10 * np.log10(np.quantile(rss_w, radio["quantile"])) + 30)


print(json.dumps({"with_plate": p5_dbm(True), "without_plate": p5_dbm(False)}))
