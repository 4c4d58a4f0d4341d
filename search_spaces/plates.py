"""Plates: their genes, and the pose that the genes describe; one that hangs already has no genes.

A plate has the genes ``refl_u, refl_v, focal_x, focal_y``: where on its walls, and the point that it aims at; where the
search chooses its size, ``refl_w, refl_h`` too. Of several walls, ``refl_u`` runs along one after the other, each with
its share of their length. The focal height is fixed by the configuration.

A plate mirrors the access point that is nearest to it. At equal rays (CMA-ES, 150 placements of ``l_corridor``, four
seeds; median P5 with nearest -52.8 dBm) the one whose mirrored field at the focal point is strongest did no better by
more than the seeds differ, -52.0, and a gene that chooses did worse, -54.1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Self

import numpy as np

from search_spaces.design import AccessPoint, ReflectorPose, Vector
from search_spaces.genes import Gene, Genes
from search_spaces.ground import Ground
from search_spaces.reflector import (
    PlateFault,
    PlateMount,
    Size,
    WallRectangle,
    backed_by,
    corners,
    mirrored_m,
)


@dataclass(frozen=True)
class PlateSpace:
    """The places where a plate may hang, and the points it may aim at."""

    mounts: tuple[PlateMount, ...]
    """One for each wall, of the largest size."""
    focal_bounds: tuple[float, float, float, float]
    """x_min, y_min, x_max, y_max [m]; of no extent where the point is fixed."""
    focal_height_m: float
    number: str = ""
    """Of the plate, in its genes' names; empty where there is one only."""
    smallest_m: Size | None = None
    """Where the search chooses the size."""
    field: str = "reflector"
    """What the configuration calls it."""
    name: str = "reflector"
    """What people call it."""
    fixed: ReflectorPose | None = None
    """Where it hangs, if it does so already."""
    ground: Ground | None = None
    """What the focal height is above; None: above z = 0."""

    @classmethod
    def hung(cls, center_m: Vector, normal: Vector, size_m: Size, field: str, name: str) -> Self:
        """A plate that hangs already, with the edges level.

        Args:
            center_m: where, m.
            normal: which way it faces, of any length, not vertical.
            size_m: width and height [m].
            field: what the configuration calls it.
            name: what people call it.
        """
        normal = normal / np.linalg.norm(normal)
        wall, (x, y, z) = backed_by(center_m, normal, size_m), center_m
        pose = ReflectorPose(
            center_m, normal, size_m, 0.5, 0.5, center_m, corners(center_m, normal, size_m), fixed=True
        )
        return cls((PlateMount(wall, size_m),), (x, y, x, y), z, field=field, name=name, fixed=pose)

    @property
    def place(self) -> str:
        """What in the configuration tells where it may hang."""
        return f"{self.field}.{'wall' if self.fixed is None else 'fixed'}"

    @property
    def walls(self) -> tuple[WallRectangle, ...]:
        """The rectangles that it may hang on; of one that hangs already, the upright one right behind it."""
        return tuple(mount.wall for mount in self.mounts)

    @property
    def genes(self) -> tuple[Gene, ...]:
        """The place on the walls, the focal point unless it is fixed, and the size if it is searched."""
        if self.fixed is not None:
            return ()
        x_min, y_min, x_max, y_max = self.focal_bounds
        u, v, x, y, w, h = self._names
        genes = [Gene(u, 0.0, 1.0, "wall"), Gene(v, 0.0, 1.0, "wall")]
        if not self.aims_at_a_point:
            genes += [Gene(x, x_min, x_max, "focal"), Gene(y, y_min, y_max, "focal")]
        if self.smallest_m is not None:
            bounds = zip((w, h), self.smallest_m, self.mounts[0].size_m, strict=True)
            genes += [Gene(name, low, high, "wall") for name, low, high in bounds]
        return tuple(genes)

    def decode(self, genes: Genes, access_points: Sequence[AccessPoint]) -> ReflectorPose:
        """The pose that the genes describe; the aim of one that hangs already is what it mirrors the nearest AP to.

        Raises:
            KeyError: a gene is missing.
            ValueError: the plate would have to face into its wall; check ``violation`` first.
        """
        if self.fixed is not None:
            plate, aps_m = self.fixed, [ap.position_m for ap in access_points]
            return replace(plate, focal_point_m=mirrored_m(plate.center_m, plate.normal, aps_m))
        mount, aim = self._aim(genes, access_points)
        pose = mount.pose(*aim)
        return pose if len(self.mounts) == 1 else replace(pose, u=float(genes[self._names[0]]))

    def violation(self, genes: Genes, access_points: Sequence[AccessPoint]) -> float:
        """What keeps the plate from being mounted (``PlateMount.violation``); 0 if nothing does."""
        if self.fixed is not None:
            return 0.0
        mount, aim = self._aim(genes, access_points)
        return mount.violation(*aim)

    def fault(self, genes: Genes, access_points: Sequence[AccessPoint]) -> PlateFault | None:
        """The first thing that keeps it from being mounted; None where ``violation`` is 0."""
        if self.fixed is not None:
            return None
        mount, aim = self._aim(genes, access_points)
        return mount.fault(*aim)

    def wall_at(self, u: float) -> WallRectangle:
        """The rectangle on which a plate with this ``u`` hangs."""
        return self._mount_at(u)[0].wall

    def place_of(self, center_m: Vector, normal: Vector) -> tuple[float, float]:
        """The (u, v) of a plate that was not made of genes: on the nearest of the walls that it does not face into."""
        found = []
        for number, mount in enumerate(self.mounts):
            wall, (width_m, height_m) = mount.wall, mount.size_m
            from_corner_m = center_m - np.asarray(wall.top_left_m)
            free_m = (max(wall.width_m - width_m, 1e-9), max(wall.height_m - height_m, 1e-9))
            along, down = float(from_corner_m @ wall.right), float(-from_corner_m[2])
            share, v = (
                float(np.clip((at - size / 2) / free, 0.0, 1.0))
                for at, size, free in zip((along, down), mount.size_m, free_m, strict=True)
            )
            away_m = float(np.linalg.norm(center_m - mount.wall_point(share, v)))
            start, end = self._ends[number : number + 2].tolist()
            found.append((normal @ wall.normal <= 0, away_m, start + share * (end - start), v))
        _, _, u, v = min(found)
        return u, v

    def occupied_m(self, pose: ReflectorPose) -> Vector:
        """Corners of what a plate takes up between itself and its wall, ``[n, 3]``, m."""
        wall = self.wall_at(pose.u)
        corners_m = np.concatenate([pose.vertices_m, pose.sheets_m.reshape(-1, 3)])
        off_m = (corners_m - wall.top_left_m) @ wall.normal
        return np.concatenate([corners_m, corners_m - np.outer(off_m, wall.normal)])

    @property
    def _names(self) -> tuple[str, str, str, str, str, str]:
        refl, focal = f"refl{self.number}", f"focal{self.number}"
        return f"{refl}_u", f"{refl}_v", f"{focal}_x", f"{focal}_y", f"{refl}_w", f"{refl}_h"

    @property
    def aims_at_a_point(self) -> bool:
        """Whether the focal point is fixed."""
        return self.focal_bounds[:2] == self.focal_bounds[2:]

    @cached_property
    def _ends(self) -> Vector:
        """Shares of ``u`` at which the walls begin and the last one ends, ``[num_walls + 1]``."""
        lengths_m = np.cumsum([0.0, *(mount.wall.width_m for mount in self.mounts)])
        return np.asarray(lengths_m / lengths_m[-1])

    def _mount_at(self, u: float) -> tuple[PlateMount, float]:
        """The mount at ``u``, and the share of that one's own wall."""
        if len(self.mounts) == 1:
            return self.mounts[0], u
        number = min(max(int(np.searchsorted(self._ends, u, "right")) - 1, 0), len(self.mounts) - 1)
        start, end = self._ends[number : number + 2].tolist()
        return self.mounts[number], min(max((u - start) / (end - start), 0.0), 1.0)

    def _aim(
        self, genes: Genes, access_points: Sequence[AccessPoint]
    ) -> tuple[PlateMount, tuple[float, float, Vector, Vector]]:
        """Its mount, (u, v) there, the nearest access point, which it mirrors whatever its name, and its focus."""
        names = self._names
        mount, u = self._mount_at(genes[names[0]])
        v = genes[names[1]]
        if self.smallest_m is not None:
            mount = replace(mount, size_m=(genes[names[4]], genes[names[5]]))
        x, y = self.focal_bounds[:2] if self.aims_at_a_point else (genes[names[2]], genes[names[3]])
        focal_m = np.array([x, y, self.focal_height_m + (self.ground.height_m(x, y) if self.ground else 0.0)])
        point = mount.wall_point(u, v)
        positions = (ap.position_m for ap in access_points)
        nearest = min(positions, key=lambda p: (float(np.linalg.norm(p - point)), *p))  # ties: by place, not by name
        return mount, (u, v, nearest, focal_m)


def overlaps_m(plates: Sequence[PlateSpace], poses: Sequence[ReflectorPose]) -> Iterator[float]:
    """By how much two plates are in each other's way [m], for each pair: the least way that frees them, 0 if they are.

    Two that hang already are in nobody's.
    Along, up and off the wall of the first one, what each takes up between itself and its wall is a box.
    """
    mounted = [(plate, pose, plate.occupied_m(pose)) for plate, pose in zip(plates, poses, strict=True)]
    for (plate, pose, corners_m), (other_plate, _, other_m) in combinations(mounted, 2):
        if plate.fixed is not None and other_plate.fixed is not None:
            continue
        wall = plate.wall_at(pose.u)
        frame = np.stack([wall.right, [0.0, 0.0, 1.0], wall.normal], axis=1)
        one, other = corners_m @ frame, other_m @ frame
        shared_m = np.minimum(one.max(axis=0), other.max(axis=0)) - np.maximum(one.min(axis=0), other.min(axis=0))
        least_m = float(shared_m.min())
        yield least_m if least_m > 1e-9 else 0.0
