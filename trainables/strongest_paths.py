"""The paths that carry most of the power to some users: what a picture of a placement draws.

A radio map knows how much power arrives, not by which way. Sionna's path solver finds the ways between points; here
they are ranked by the power that they bring, and only the strongest are kept. Each user has a say: first comes
everybody's strongest path, then everybody's second, so that those near an access point do not fill the picture while
the worst-served, whom the search is about, have no line at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

import numpy as np
import numpy.typing as npt
import sionna.rt as rt

from search_spaces.design import AccessPoint, Placement, Vector
from trainables.objectives.base import dbm_to_w
from trainables.tracing.movable_scene import MovableScene
from trainables.tracing.path_gradient import CANDIDATES_PER_POINT, SEED
from trainables.tracing.radio import RadioConfig

Array = npt.NDArray[np.float64]

SAMPLES_PER_AP = 100_000
"""Rays shot per access point to find candidate paths; ten times what is enough to hit a small plate far away."""


@dataclass(frozen=True, eq=False)
class RayPath:
    """A way from an access point to a target.

    Attributes:
        access_point: index of the access point in the placement.
        target: index of the target.
        vertices_m: ``[n, 3]``, m; the access point, where it is reflected or passes a wall, the target.
        by_reflector: whether it meets a plate.
        power_w: what it brings, W.
    """

    access_point: int
    target: int
    vertices_m: Array
    by_reflector: bool
    power_w: float


def strongest_paths(
    movable: MovableScene, radio: RadioConfig, placement: Placement, targets_m: Array, num_paths: int
) -> list[RayPath]:
    """The strongest paths from the placement's access points to ``targets_m`` (``[n, 3]``, m).

    At most ``num_paths``: everybody's strongest, then everybody's second and so on; in each of these rounds the
    stronger come first. Fewer, if no more reach the targets.

    Args:
        movable: a scene of its own with room for the placement; it is left with the placement and a receiver at
            each target.
        radio: which interactions are traced.
        placement: access points and plates.
        targets_m: where the users are.
        num_paths: how many paths.
    """
    scene = movable.scene
    movable.move(placement)
    scene.rx_array = rt.PlanarArray(  # it receives both polarisations, as the radio map does
        num_rows=1, num_cols=1, vertical_spacing=0.5, horizontal_spacing=0.5, pattern="iso", polarization="VH"
    )
    for number, target_m in enumerate(targets_m.tolist()):
        scene.add(rt.Receiver(f"target-{number}", position=mi.Point3f(*target_m)))
    solver, by_group = rt.PathSolver(), []
    for group in movable.groups:
        with movable.transmitting(group):
            paths = solver(
                scene,
                max_depth=radio.max_depth,
                max_num_paths_per_src=CANDIDATES_PER_POINT * max(1, len(targets_m)),
                samples_per_src=SAMPLES_PER_AP,
                los=radio.line_of_sight,
                specular_reflection=radio.specular_reflection,
                refraction=radio.refraction,
                diffuse_reflection=radio.diffuse_reflection,
                diffraction=radio.diffraction,
                edge_diffraction=radio.diffraction,
                seed=SEED,
            )
            by_group.append(_GroupPaths.of(paths, [(ap, placement.access_points[ap]) for ap in group.members]))
    plates = [scene.objects[plate_id].object_id for plate_id in movable.plate_ids]
    chosen = _in_rounds(np.concatenate([paths.power_w.reshape(len(targets_m), -1) for paths in by_group], axis=1))
    starts = np.cumsum([0, *(paths.power_w[0].size for paths in by_group)])
    found = []
    for target, column in chosen[:num_paths]:
        number = int(np.searchsorted(starts, column, side="right")) - 1
        found.append(by_group[number].path(target, column - int(starts[number]), targets_m[target], plates))
    return found


@dataclass(frozen=True, eq=False)
class _GroupPaths:
    """All paths from some access points to the targets.

    Attributes:
        access_points: who transmits, and their indices in the placement.
        power_w: ``[num_targets, num_ap, num_paths]``, W; 0 where there is none.
        met: which of its hops each path has, ``[max_depth, num_targets, num_ap, num_paths]``.
        objects: with which object they are, alike.
        vertices_m: where they are, ``[max_depth, num_targets, num_ap, num_paths, 3]``, m.
    """

    access_points: Sequence[tuple[int, AccessPoint]]
    power_w: Array
    met: npt.NDArray[np.bool_]
    objects: npt.NDArray[np.uint32]
    vertices_m: Array

    @classmethod
    def of(cls, paths: rt.Paths, access_points: Sequence[tuple[int, AccessPoint]]) -> "_GroupPaths":
        """As in the radio map, the elements of an access point share its power and add up as fields."""
        real, imaginary = (part.numpy().astype(np.float64) for part in paths.a)  # [target, 2, ap, element, path]
        field = (real + 1j * imaginary).sum(axis=3) / np.sqrt(max(1, real.shape[3]))
        sent_w = np.array([dbm_to_w(ap.power_dbm) for _, ap in access_points])
        return cls(
            access_points,
            (np.abs(field) ** 2).sum(axis=1) * sent_w[:, None],
            paths.interactions.numpy() != rt.constants.InteractionType.NONE,
            paths.objects.numpy(),
            paths.vertices.numpy().astype(np.float64),
        )

    def path(self, target: int, column: int, target_m: Vector, plates: list[int]) -> RayPath:
        """One of them: ``column`` counts the paths of all access points; ``plates`` are objects."""
        ap, number = divmod(column, self.power_w.shape[2])
        index, access_point = self.access_points[ap]
        hops = self.met[:, target, ap, number]
        corners_m = np.vstack([access_point.position_m, self.vertices_m[hops, target, ap, number], target_m])
        by_reflector = bool(np.isin(self.objects[hops, target, ap, number], plates).any())
        return RayPath(index, target, corners_m, by_reflector, float(self.power_w[target, ap, number]))


def _in_rounds(power_w: Array) -> list[tuple[int, int]]:
    """Indices of what has power in ``[num_targets, num_paths]``: everybody's strongest first, then their next."""
    order = np.argsort(-power_w, axis=1)
    rounds = np.argsort(order, axis=1)
    target, column = np.nonzero(power_w > 0)
    ranked = np.lexsort([-power_w[target, column], rounds[target, column]])
    return list(zip(target[ranked].tolist(), column[ranked].tolist(), strict=True))
