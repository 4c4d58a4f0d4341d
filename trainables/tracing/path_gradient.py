"""Path gradients: the slope of a soft minimum of received power in the access points, by automatic differentiation.

Rays that are shot and caught cannot say what a small move of an access point does: their number per cell is not
differentiable, and Sionna's radio map gives wrong geometry gradients. Paths can: between two points, a path with
given mirrors is arithmetic. So the paths to a few receiver points are found once, without derivatives (shoot
candidates, keep those that the image method confirms), and then retraced as arithmetic: the images of the source in
the mirrors' planes, the vertices where straight lines cross them, Fresnel's coefficients and the antenna's gain in
between. Dr.Jit differentiates that with respect to *poses* (position and direction of each access point, corners of
each plate); how genes make poses is plain numpy and differentiated by central differences. As a plate re-aims when its
access point moves, its corners are part of the chain: the slope is the total derivative.

What it is not: paths that appear or vanish as things move are steps, and a derivative does not see steps. The slope is
right between them. On one thread the same arguments give the same slopes; on more, threads race for which of two
colliding candidates is dropped, and slopes agree to about 1e-5. Diffuse reflection and diffraction are left out,
whether or not the radio map traces them.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

import drjit as dr
import numpy as np
import numpy.typing as npt
import sionna.rt as rt
from sionna.rt.constants import InteractionType
from sionna.rt.path_solvers import SBCandidateGenerator
from sionna.rt.path_solvers.field_calculator import FieldCalculator
from sionna.rt.path_solvers.image_method import ImageMethod
from sionna.rt.path_solvers.paths_buffer import PathsBuffer
from sionna.rt.utils import rotation_matrix

from search_spaces.design import Placement
from search_spaces.placement import PlacementSpace
from trainables.objectives.base import ObjectiveSettings, dbm_to_w
from trainables.tracing.antennas import AntennaGroup, array_factor, paths_by_group
from trainables.tracing.movable_scene import MovableScene
from trainables.tracing.radio import RadioConfig

Array = npt.NDArray[np.float64]

GENE_STEP = 1e-4
"""Step of the differences that say how genes make poses [m or 1]; with float64 their error is about 1e-6."""

CANDIDATES_PER_POINT = 10_000
"""Room for the candidate paths of an access point, per point; a corridor at depth 8 and 1e4 rays makes 3,000."""


SBCandidateGenerator.MIN_SPEC_COUNT_SIZE = 8_000_000
"""Slots of Sionna's table of known candidates. It drops a new one that hashes to a taken slot: with its usual 1e6
slots 7 % in a corridor at depth 8, at times the plate's own, 4 dB of the soft minimum. Sionna offers no other way to
set it; it costs 64 MB per access point."""

SEED = 1
"""Of the generator that decides which candidates go through a wall and which are reflected, where both may be."""


@dataclass(frozen=True)
class SoftMinimum:
    """The soft minimum of the power at the points, and its slopes.

    Attributes:
        value_dbm: -T log(mean(exp(-rss_dbm / T))); the minimum for T -> 0, the mean for T -> infinity.
        slopes: d value_dbm / d gene for each access-point gene (x, y, dir_x, dir_y) [dB per m or per 1].
        reached: points that get more than the floor; the others count at the floor and have no slope.
        num_paths: paths behind the number.
    """

    value_dbm: float
    slopes: dict[str, float]
    reached: int
    num_paths: int


class PathGradient:
    """Soft minimum of the received power at points, and its slope in the access points' genes.

    Args:
        movable: the scene; its plates and transmitters are moved, as by ``MovableScene.move``.
        radio: frequency, antennas, and which interactions are traced.
        objective: best server or total power, and the floor.
        space: turns genes into placements.
        num_points: number of receiver points; fixed, as it is part of the kernels.
        height_m: height of points that are given by x and y alone [m].
        samples_per_ap: rays shot per access point to find candidate paths. A small plate far away is found only if
            some of them hit it: with 3,000 rays ``l_corridor``'s plate is missed at times, with 10,000 it is not.
    """

    def __init__(
        self,
        movable: MovableScene,
        radio: RadioConfig,
        objective: ObjectiveSettings,
        space: PlacementSpace,
        num_points: int,
        height_m: float,
        samples_per_ap: int = 10_000,
    ) -> None:
        self._movable = movable
        self._radio = radio
        self._objective = objective
        self._space = space
        self._num_points = num_points
        self._height_m = height_m
        self._samples_per_ap = samples_per_ap
        self._generator = SBCandidateGenerator()
        self._image_method = ImageMethod()
        self._field_calculator = FieldCalculator()
        self._field_calculator.loop_mode = "evaluated"  # Dr.Jit does not differentiate symbolic loops backwards
        # The radio map adds the power of both polarisations; so does a pair of crossed isotropic receivers.
        self._receiver_patterns = rt.PlanarArray(
            num_rows=1, num_cols=1, vertical_spacing=0.5, horizontal_spacing=0.5, pattern="iso", polarization="VH"
        ).antenna_pattern.patterns

    def __call__(self, genes: Mapping[str, float], points_m: Array, temperature_db: float) -> SoftMinimum:
        """The soft minimum at ``points_m`` (``[num_points, 2 or 3]``, m) and its slopes.

        Raises:
            ValueError: the number of points is not the one announced, the temperature is not positive, or the
                placement cannot be built.
        """
        if len(points_m) != self._num_points:
            raise ValueError(f"points_m must hold num_points = {self._num_points} points, but got {len(points_m)}")
        if temperature_db <= 0:
            raise ValueError(
                f"temperature_db must be > 0, but got {temperature_db:g}; take a small one for the minimum"
            )
        if points_m.shape[1] == 2:
            points_m = np.column_stack([points_m, np.full(self._num_points, self._height_m)])
        placement = self._space.decode(genes)
        self._movable.move(placement)
        poses = _Poses(self._movable, placement)
        targets = _points(points_m)
        paths = self._find(poses, targets)
        if paths.buffer_size == 0:
            return SoftMinimum(self._objective.floor_dbm, dict.fromkeys(self._gene_names, 0.0), 0, 0)

        poses.enable_grad()
        by_group = list(paths_by_group(paths, self._movable.groups))
        gains = [self._gain(poses, targets, group, own) for group, own in by_group]
        point = np.concatenate([own.target_indices.numpy() for _, own in by_group])
        ap = np.concatenate([own.source_indices.numpy() for _, own in by_group])
        powers_w = np.array([dbm_to_w(a.power_dbm) for a in placement.access_points])
        path_w = np.concatenate([gain.numpy() for gain in gains]).astype(np.float64) * powers_w[ap]
        rss_w = np.zeros((self._num_points, len(powers_w)))
        np.add.at(rss_w, (point, ap), path_w)
        value_dbm, slope_per_w, reached = soft_minimum(rss_w, self._objective, temperature_db)

        slope_per_gain = (slope_per_w[point, ap] * powers_w[ap]).astype(np.float32)
        ends = np.cumsum([dr.width(gain) for gain in gains])
        for gain, slope in zip(gains, np.split(slope_per_gain, ends[:-1]), strict=True):
            dr.set_grad(gain, mi.Float(slope))
            dr.enqueue(dr.ADMode.Backward, gain)
        dr.traverse(dr.ADMode.Backward)
        slope_per_pose = poses.take_grad()
        slopes = {name: float(self._pose_slope(genes, name) @ slope_per_pose) for name in self._gene_names}
        return SoftMinimum(value_dbm, slopes, reached, int(np.count_nonzero(path_w)))

    @property
    def _gene_names(self) -> list[str]:
        return [gene.name for gene in self._space.genes if gene.kind in ("position", "direction")]

    def _pose_slope(self, genes: Mapping[str, float], name: str) -> Array:
        """Slope of every pose in a gene, flat; by central differences, one-sided at the edge of what can be built."""
        ends = []
        for step in (GENE_STEP, 0.0, -GENE_STEP):
            with suppress(ValueError):
                ends.append((step, _flat(self._space.decode({**genes, name: genes[name] + step}))))
        (ahead, last), (behind, first) = ends[0], ends[-1]
        return np.asarray((last - first) / (ahead - behind))

    def _find(self, poses: "_Poses", targets: mi.Point3f) -> PathsBuffer:
        """The valid paths from the access points to the points, without derivatives."""
        scene = self._movable.scene.mi_scene
        radio = self._radio
        paths = self._generator(
            mi_scene=scene,
            src_positions=poses.positions,
            tgt_positions=targets,
            samples_per_src=self._samples_per_ap,
            max_num_paths_per_src=CANDIDATES_PER_POINT * self._num_points,
            max_depth=radio.max_depth,
            los=radio.line_of_sight,
            specular_reflection=radio.specular_reflection,
            diffuse_reflection=False,
            refraction=radio.refraction,
            diffraction=False,
            edge_diffraction=False,
            seed=SEED,
        )
        paths.schedule()
        dr.eval()
        paths.shrink()
        paths = self._image_method(
            scene=scene,
            paths=paths,
            diffraction=False,
            diffraction_lit_region=False,
            src_positions=poses.positions,
            tgt_positions=targets,
        )
        paths.discard_invalid()
        paths.schedule()
        dr.eval()
        return paths

    def _gain(self, poses: "_Poses", targets: mi.Point3f, group: AntennaGroup, paths: PathsBuffer) -> mi.Float:
        """Power gain of each path, which all leave access points of a group, differentiable in the poses."""
        departure = _retrace(paths, poses.positions, targets)
        scene = self._movable.scene
        orientations = poses.orientations()
        paths = self._field_calculator(
            wavelength=scene.wavelength,
            paths=paths,
            samples_per_src=self._samples_per_ap,
            diffraction=False,
            src_positions=poses.positions,
            tgt_positions=targets,
            src_orientations=orientations,
            tgt_orientations=dr.zeros(mi.Point3f, self._num_points),
            src_antenna_patterns=group.array.antenna_pattern.patterns,
            tgt_antenna_patterns=self._receiver_patterns,
        )
        # As in the radio map: elements and polarisations are fed alike and add up as fields, paths add up as power.
        path_orientations = dr.gather(mi.Point3f, orientations, paths.source_indices)
        weight = array_factor(group.antenna, rotation_matrix(path_orientations).T @ departure)
        weight /= np.sqrt(len(paths.a[0]))
        gain: mi.Float = sum(dr.squared_norm(sum(per_pattern)) for per_pattern in paths.a) * dr.square(weight)
        return gain


def soft_minimum(rss_w: Array, objective: ObjectiveSettings, temperature_db: float) -> tuple[float, Array, int]:
    """Soft minimum over points of the power from access points ``[num_points, num_ap]``, W.

    Returns:
        The value [dBm], its slope in each power (``[num_points, num_ap]``, dB/W), and how many points get more than
        the floor.
    """
    if objective.combine == "best_server":
        counts = np.arange(rss_w.shape[1]) == rss_w.argmax(axis=1)[:, None]
    else:
        counts = np.ones(rss_w.shape, dtype=bool)
    served_w = (rss_w * counts).sum(axis=1)
    floor_w = dbm_to_w(objective.floor_dbm)
    reached = served_w > floor_w
    served_w = np.maximum(served_w, floor_w)
    loss = -(10 * np.log10(served_w) + 30) / temperature_db
    terms = np.exp(loss - loss.max())
    value_dbm = -temperature_db * (loss.max() + np.log(terms.mean()))
    share = np.where(reached, terms / terms.sum(), 0.0)
    return float(value_dbm), (share * 10 / np.log(10) / served_w)[:, None] * counts, int(reached.sum())


class _Poses:
    """What moves, as differentiable arrays: AP positions and directions, and the corners of the plates."""

    def __init__(self, movable: MovableScene, placement: Placement) -> None:
        self.positions = _points(np.array([ap.position_m for ap in placement.access_points]))
        self.directions = _points(np.array([ap.direction for ap in placement.access_points]))
        self._params = movable.scene.mi_scene_params
        self._plates = [f"{name}.vertex_positions" for name in movable.plate_ids[: len(placement.reflectors)]]

    def orientations(self) -> mi.Point3f:
        """Angles (azimuth, downtilt, 0) [rad] that turn a device's +x into the directions."""
        x, y, z = self.directions
        return mi.Point3f(dr.atan2(y, x), -dr.asin(z), dr.zeros(mi.Float, dr.width(z)))

    def enable_grad(self) -> None:
        dr.enable_grad(self.positions, self.directions)
        for key in self._plates:
            dr.enable_grad(self._params[key])

    def take_grad(self) -> Array:
        """Slope in every pose, flat as by ``_flat``; what was differentiable is plain data again."""
        grads = [np.array(dr.grad(p)).T.ravel() for p in (self.positions, self.directions)]
        grads += [dr.grad(self._params[key]).numpy() for key in self._plates]
        dr.disable_grad(self.positions, self.directions)
        for key in self._plates:
            dr.disable_grad(self._params[key])
        # Straight down an azimuth means nothing, and its slope is not a number.
        return np.nan_to_num(np.concatenate(grads).astype(np.float64))


def _flat(placement: Placement) -> Array:
    """All poses of a placement in a row."""
    aps = placement.access_points
    poses = [
        *(ap.position_m for ap in aps),
        *(ap.direction for ap in aps),
        *(p.sheets_m for p in placement.reflectors),
    ]
    return np.concatenate([p.ravel() for p in poses])


def _points(points: Array) -> mi.Point3f:
    """``[n, 3]`` as data that no kernel bakes in."""
    columns = np.ascontiguousarray(points.T, dtype=np.float32)
    result = mi.Point3f(*(mi.Float(c) for c in columns))
    dr.make_opaque(result)
    return result


def _retrace(paths: PathsBuffer, positions: mi.Point3f, targets: mi.Point3f) -> mi.Vector3f:
    """Replace the paths' vertices by ones that depend on sources and mirrors; return the directions of departure.

    The image method without rays: which mirrors a path meets, and that it is free, is known by now. Sionna's own
    image method takes a mirror's plane through a point that stays where it is, so that a plate that moves would not
    show.
    """
    source = dr.gather(mi.Point3f, positions, paths.source_indices)
    target = dr.gather(mi.Point3f, targets, paths.target_indices)
    hops = []
    image = mi.Point3f(source)
    for depth in range(1, paths.max_depth + 1):
        kind = paths.get_interaction_type(mi.UInt(depth), mi.Bool(True))
        met = kind != InteractionType.NONE
        normal, corner, *_ = paths.get_primitive_props(mi.UInt(depth), True, True, met)
        mirrored = image - 2 * dr.dot(image - corner, normal) * normal
        image = dr.select(kind == InteractionType.SPECULAR, mirrored, image)
        hops.append((met, normal, corner, image))
    vertex = target
    for depth in range(paths.max_depth, 0, -1):
        met, normal, corner, image = hops[depth - 1]
        ray = image - vertex
        share = dr.dot(corner - vertex, normal) / dr.dot(ray, normal)
        vertex = dr.select(met, vertex + share * ray, vertex)
        paths.set_vertex(mi.UInt(depth), vertex, met)
    return dr.normalize(mi.Vector3f(vertex - source))
