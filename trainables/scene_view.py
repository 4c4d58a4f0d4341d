"""A picture of the building with a placement in it, by Sionna's renderer.

The building is cut open low above the floor, so that one looks into every room, and is drawn in pale colours. What
is placed is not cut: access points and plates stand where they are, on a thin pole that shows which spot of the
floor they are above; paths run between them and the users. Where a wall hides any of that it shines through, faintly.
So there are two pictures, as in Sionna's own renderer: the building, lit by a bright sky and traced, and the placement,
which glows by itself; their depths say which is in front.

The picture has a scene of its own: the evaluator's is neither moved nor given receivers.
"""

from dataclasses import dataclass
from typing import Any

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

import numpy as np
import numpy.typing as npt
from sionna.rt.renderer import visual_scene_from_wireless_scene
from sionna.rt.utils import scoped_set_log_level

from search_spaces.design import Placement, Vector
from search_spaces.placement import PlacementSpace
from search_spaces.reflector import bisector
from trainables.evaluator import PlacementEvaluator
from trainables.strongest_paths import RayPath, strongest_paths
from trainables.tracing.movable_scene import MovableScene

Array = npt.NDArray[np.float64]

# Okabe and Ito's colours, which the colour-blind tell apart.
AP_COLOR, USER_COLOR, PATH_COLOR, REFLECTOR_COLOR = "#CC79A7", "#009E73", "#0072B2", "#D55E00"
_POLE_COLOR, _EDGE_COLOR = "#606060", "#000000"

_CUT = 0.4
"""Where the building is cut, as a share of its height: walls are recognised, and hide little of the floor."""

_PALE = 0.6
"""How far the materials' colours are drawn towards a light grey, so that the placement stands out."""

_SKY = 1.25
"""Radiance of the sky; a white floor in the open would be this bright."""

_HIDDEN = 0.3
"""How much of what is behind a wall shines through."""

_ELEVATION, _FIELD_OF_VIEW = np.radians(47.0), np.radians(28.0)

_SIDES = {
    "south-west": np.radians(-115.0),
    "south-east": np.radians(-65.0),
    "north-west": np.radians(115.0),
    "north-east": np.radians(65.0),
}
"""Azimuths of the camera as seen from the building; the first is taken unless another shows more of plates' faces."""


@dataclass(frozen=True)
class LegendEntry:
    """The meaning of a colour (``#rrggbb``) of the picture, and whether it is that of lines or of bodies."""

    label: str
    color: str
    is_line: bool


@dataclass(frozen=True, eq=False)
class SceneView:
    """A picture of a placement.

    Attributes:
        image: ``[height, width, 3]``, sRGB, 0 to 1.
        legend: what is to be seen in it.
        seen_from: where the camera is, for instance ``south-west``.
    """

    image: Array
    legend: tuple[LegendEntry, ...]
    seen_from: str


@dataclass(frozen=True)
class _Camera:
    """A camera that looks along ``-backward``, and the width [m] of what it sees around the building's middle."""

    position_m: Vector
    backward: Vector
    width_m: float


def render_view(
    evaluator: PlacementEvaluator,
    placement: Placement,
    targets_m: Array,
    num_paths: int = 30,
    resolution: tuple[int, int] = (1200, 800),
    samples_per_pixel: int = 36,
) -> SceneView:
    """Draw a placement in its building.

    Args:
        evaluator: knows the building; it is not touched.
        placement: what is drawn.
        targets_m: ``[n, 3]``, m; where users are, to whom paths lead.
        num_paths: how many paths; see ``strongest_paths``. 0 draws none.
        resolution: width and height [pixels].
        samples_per_pixel: more take longer and leave less grain.
    """
    movable = evaluator.new_scene(len(placement.access_points), len(placement.reflectors))
    paths = strongest_paths(movable, evaluator.problem.radio, placement, targets_m, num_paths) if num_paths else []
    if not num_paths:
        movable.move(placement)
    side = _side(evaluator.site.space)
    camera = _camera(_corners_m(movable), _SIDES[side], resolution)
    for material in movable.scene.radio_materials.values():
        material.color = tuple((1 - _PALE) * np.asarray(material.color) + _PALE * 0.7)

    variant = f"{evaluator.backend.name}_ad_rgb"
    with mi.util.scoped_set_variant(variant, variant), scoped_set_log_level(mi.LogLevel.Error):
        sensor = _sensor(camera, resolution)
        building, building_depth_m = _building(movable, sensor, samples_per_pixel)
        glowing, glowing_depth_m = _glowing(_shapes(movable, camera, placement, targets_m, paths), sensor)
    shown = np.where(glowing_depth_m < building_depth_m, 1.0, _HIDDEN)[..., None] * glowing
    linear = shown + (1 - shown[..., 3:]) * (building + (1 - building[..., 3:]))  # on white
    return SceneView(_srgb(linear[..., :3]), _legend(placement, targets_m, paths), side)


def _legend(placement: Placement, targets_m: Array, paths: list[RayPath]) -> tuple[LegendEntry, ...]:
    by_reflector = [path for path in paths if path.by_reflector]
    entries = {
        LegendEntry("access point and where it points", AP_COLOR, False): len(placement.access_points),
        LegendEntry("reflector", REFLECTOR_COLOR, False): len(placement.reflectors),
        LegendEntry("user", USER_COLOR, False): len(targets_m),
        LegendEntry("path by way of the reflector", REFLECTOR_COLOR, True): len(by_reflector),
        LegendEntry("other path" if by_reflector else "path", PATH_COLOR, True): len(paths) - len(by_reflector),
    }
    return tuple(entry for entry, drawn in entries.items() if drawn)


def _side(space: PlacementSpace) -> str:
    """Where to look from: the side that a plate turns to which serves users from the middle of the APs' area.

    It is the same for all placements of a problem, so that their pictures compare.
    """
    facing = np.zeros(3)
    middle = space.access_points.region.centroid
    ap_m = np.array([middle.x, middle.y, np.mean([ap.places.heights_m for ap in space.access_points.mounted])])
    for plate in [plate for plate in space.plates if plate.fixed is None][:1]:
        x_min, y_min, x_max, y_max = plate.focal_bounds
        focal_m = np.array([(x_min + x_max) / 2, (y_min + y_max) / 2, plate.focal_height_m])
        facing = bisector(plate.mounts[0].wall_point(0.5, 0.5), ap_m, focal_m)
    into_view = {side: facing[0] * np.cos(a) + facing[1] * np.sin(a) for side, a in _SIDES.items()}
    most = max(into_view.values())
    return next(side for side, share in into_view.items() if share > most - 1e-9)


def _corners_m(movable: MovableScene) -> Array:
    """All vertices of the building, without the plates, ``[n, 3]`` [m]."""
    building = [o.mi_mesh for name, o in movable.scene.objects.items() if name not in movable.plate_ids]
    return np.concatenate([m.vertex_positions_buffer().numpy().reshape(-1, 3) for m in building]).astype(np.float64)


def _camera(points_m: Array, azimuth: float, resolution: tuple[int, int], margin: float = 0.03) -> _Camera:
    """The nearest camera of a given direction that has all points in its picture, and the points in its middle.

    In its axes (right, up, backward) a point (r, u, b) is in the picture of a camera at (cr, cu, cb) if
    ``|r - cr| <= t (cb - b)``, t being the tangent of half the width's angle, and likewise for u.
    """
    backward = np.array(
        [np.cos(_ELEVATION) * np.cos(azimuth), np.cos(_ELEVATION) * np.sin(azimuth), np.sin(_ELEVATION)]
    )
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    up = np.cross(backward, right)
    tangent = np.tan(_FIELD_OF_VIEW / 2)
    along_b = points_m @ backward
    center_m = np.zeros(3)
    distances = []
    for axis, t in ((right, tangent), (up, tangent * resolution[1] / resolution[0])):
        t *= 1 - 2 * margin
        low, high = (points_m @ axis - t * along_b).min(), (points_m @ axis + t * along_b).max()
        center_m += (low + high) / 2 * axis
        distances.append((high - low) / (2 * t))
    position_m = center_m + max(distances) * backward
    return _Camera(position_m, backward, 2 * tangent * (max(distances) - float(along_b.mean())))


def _sensor(camera: _Camera, resolution: tuple[int, int]) -> mi.Sensor:
    target_m = camera.position_m - camera.backward
    sensor: mi.Sensor = mi.load_dict(
        {
            "type": "perspective",
            "fov": float(np.degrees(_FIELD_OF_VIEW)),
            "fov_axis": "x",
            "near_clip": 0.1,
            "far_clip": 1e5,
            "to_world": mi.ScalarTransform4f().look_at(camera.position_m.tolist(), target_m.tolist(), [0, 0, 1]),
            "sampler": {"type": "multijitter"},
            "film": {
                "type": "hdrfilm",
                "width": resolution[0],
                "height": resolution[1],
                "pixel_format": "rgba",
                "rfilter": {"type": "box"},
            },
        }
    )
    return sensor


def _building(movable: MovableScene, sensor: mi.Sensor, samples_per_pixel: int) -> tuple[Array, Array]:
    """The building, cut open: linear colours with premultiplied alpha ``[h, w, 4]``, and depth ``[h, w]`` [m]."""
    low_m, high_m = movable.bounds_m
    middle_m = (low_m + high_m) / 2
    cut_m = low_m[2] + _CUT * (high_m[2] - low_m[2])
    size_m = float(np.max(high_m - low_m))
    content = visual_scene_from_wireless_scene(
        movable.scene, sensor, lighting_scale=_SKY, exclude_mesh_ids=set(movable.plate_ids)
    )
    # Sionna's own cut is centred on the origin, and misses a building that is far from it.
    plane = mi.ScalarTransform4f().translate([float(middle_m[0]), float(middle_m[1]), float(cut_m)]).scale(size_m)
    content["integrator"] = {
        "type": "sliced_path",
        "max_depth": 2,  # the sky's own light: walls lit by walls cost twice the time, and show no more
        "hide_emitters": True,
        "cut": {"type": "rectangle", "to_world": plane},
    }
    scene = mi.load_dict(content)
    image = mi.render(scene, spp=samples_per_pixel).numpy()
    return image, _depth_m(mi.render(scene, integrator=scene.integrator().as_depth_integrator(), spp=4).numpy())


def _glowing(shapes: dict[str, Any], sensor: mi.Sensor) -> tuple[Array, Array]:
    """What glows by itself, like ``_building``."""
    scene = mi.load_dict({"type": "scene", "sensor": sensor, **shapes})
    light = mi.load_dict({"type": "direct", "hide_emitters": False})
    image = mi.render(scene, integrator=light, spp=16).numpy()
    return image, _depth_m(mi.render(scene, integrator=mi.load_dict({"type": "depth"}), spp=16).numpy())


def _depth_m(image: Array) -> Array:
    """Distance from the camera of what covers a pixel in part; infinite where nothing does."""
    share = image[..., 3]
    depth: Array = np.where(share > 0, image[..., 0] / np.where(share > 0, share, 1.0), np.inf)
    return depth


def _shapes(
    movable: MovableScene, camera: _Camera, placement: Placement, targets_m: Array, paths: list[RayPath]
) -> dict[str, Any]:
    """What is placed, as shapes for Mitsuba; sizes are shares of the picture's width."""
    unit_m = camera.width_m / 1000
    floor_m = movable.bounds_m[0][2]
    shapes: list[dict[str, Any]] = []
    for path in paths:
        color = REFLECTOR_COLOR if path.by_reflector else PATH_COLOR
        shapes += _tubes(path.vertices_m, 0.8 * unit_m, color)
    for target_m in targets_m:
        shapes.append(_ball(target_m, 4 * unit_m, USER_COLOR))
    for ap in placement.access_points:
        shapes.append(_ball(ap.position_m, 9 * unit_m, AP_COLOR))
        shapes += _tubes(np.array([ap.position_m, ap.position_m + 40 * unit_m * ap.direction]), 2.5 * unit_m, AP_COLOR)
        shapes += _pole(ap.position_m, floor_m, unit_m)
    for plate in placement.reflectors:
        shapes += [_plate(sheet_m) for sheet_m in plate.sheets_m]
        shapes += _tubes(plate.vertices_m[[0, 1, 2, 3, 0]], 1.2 * unit_m, _EDGE_COLOR)
        shapes += _pole(plate.center_m, floor_m, unit_m)
    return {f"shape-{number}": shape for number, shape in enumerate(shapes)}


def _pole(top_m: Vector, floor_m: float, unit_m: float) -> list[dict[str, Any]]:
    return _tubes(np.array([top_m, [top_m[0], top_m[1], floor_m]]), 0.8 * unit_m, _POLE_COLOR)


def _tubes(corners_m: Array, radius_m: float, color: str) -> list[dict[str, Any]]:
    """A tube along corners ``[n, 3]`` [m]."""
    return [
        {"type": "cylinder", "p0": start, "p1": end, "radius": radius_m, "emitter": _glow(color)}
        for start, end in zip(corners_m[:-1].tolist(), corners_m[1:].tolist(), strict=True)
        if start != end
    ]


def _ball(center_m: Vector, radius_m: float, color: str) -> dict[str, Any]:
    return {"type": "sphere", "center": center_m.tolist(), "radius": radius_m, "emitter": _glow(color)}


def _plate(corners_m: Array) -> dict[str, Any]:
    """A rectangle with a facet's corners ``[4, 3]`` [m]: Mitsuba's own runs from -1 to 1 in x and y."""
    first, second, third, last = corners_m
    across, up = (second - first) / 2, (last - first) / 2
    normal = np.cross(across, up)
    to_world = np.eye(4)
    to_world[:3] = np.column_stack([across, up, normal / np.linalg.norm(normal), (first + third) / 2])
    return {
        "type": "rectangle",
        "to_world": mi.ScalarTransform4f(to_world.tolist()),
        "emitter": {"type": "twosided_area", "nested": _glow(REFLECTOR_COLOR)},
    }


def _glow(color: str) -> dict[str, Any]:
    return {"type": "area", "radiance": {"type": "rgb", "value": _linear(color).tolist()}}


def _linear(color: str) -> Array:
    """Linear red, green and blue of ``#rrggbb`` (IEC 61966-2-1)."""
    srgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _srgb(linear: Array) -> Array:
    """The inverse of ``_linear``, of values that are cut to 0 to 1."""
    linear = np.clip(linear.astype(np.float64), 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
