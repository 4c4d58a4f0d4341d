"""A room as a box of images: every path between two points by its walls.

A path that bounces in a box is straight in the lattice of the box's mirror images: order (i, j, k) says how many boxes
further along x, y and z it ends, and |i| + |j| + |k| is its number of bounces. So the paths up to a number of bounces
are counted, not searched. What happens at the bounces is followed in the order in which the straight line meets the
walls, as a matrix on the electric field.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search_spaces.design import Vector
from trainables.physical_optics.plate import Array
from trainables.physical_optics.reflection import Complex, Surface, reflection_matrix


@dataclass(frozen=True, eq=False)
class Wall:
    """One wall of a box: what reflects, and where it has an opening, through which rays leave for good.

    Attributes:
        surface: what reflects.
        opening_m: two corners of the opening, ``[2, 3]``, low before high, m; None: the wall is whole.
    """

    surface: Surface
    opening_m: Array | None = None


@dataclass(frozen=True, eq=False)
class BoxPaths:
    """The paths from a source to targets, sorted by the number of their bounces.

    Attributes:
        bounces: ``[num_images]``.
        ends_m: the targets' images, straight towards which a path departs, ``[num_images, num_targets, 3]``, m.
        arrivals: unit vectors along which paths arrive at the targets themselves, ``[num_images, num_targets, 3]``.
        transport: from the electric field at the departure to that at the arrival, spreading and phase of the way left
            out, ``[num_images, num_targets, 3, 3]``; 0 where the path leaves through an opening. Its transpose is
            that of the way back.
    """

    bounces: npt.NDArray[np.int64]
    ends_m: Array
    arrivals: Array
    transport: Complex


@dataclass(frozen=True, eq=False)
class Box:
    """A rectangular room along the axes.

    Attributes:
        low_m: its lowest corner, ``[3]``, m.
        high_m: its highest corner, ``[3]``, m.
        walls: the walls at low and high x, y and z; None: there is none.
    """

    low_m: Vector
    high_m: Vector
    walls: tuple[tuple[Wall | None, Wall | None], ...]

    def paths(self, source_m: Vector, targets_m: Array, max_bounces: int, wavelength_m: float) -> BoxPaths:
        """Every path of at most ``max_bounces`` from a source ``[3]`` to targets ``[num_targets, 3]``, m.

        Raises:
            ValueError: a point is not inside the box.
        """
        for name, points_m in (("source_m", source_m), ("targets_m", targets_m)):
            outside = ~np.all((points_m > self.low_m) & (points_m < self.high_m), axis=-1)
            if outside.any():
                raise ValueError(
                    f"{name}: must be inside the box from {np.asarray(self.low_m).tolist()} to "
                    f"{np.asarray(self.high_m).tolist()}, but got {np.atleast_2d(points_m)[outside][0].tolist()}; "
                    "move the point or widen the box"
                )
        size_m = self.high_m - self.low_m
        orders = self._orders(max_bounces)
        inside_m = targets_m - self.low_m
        ends_m = self.low_m + np.where(orders[:, None] % 2, size_m - inside_m, inside_m) + orders[:, None] * size_m
        rays_m = ends_m - source_m
        directions = rays_m / np.linalg.norm(rays_m, axis=-1, keepdims=True)
        transport = np.zeros((*rays_m.shape, 3), dtype=np.complex128)
        transport[:] = np.eye(3)
        bounces = np.abs(orders).sum(axis=1)
        shares, axes, sides = self._crossings(orders, max_bounces, source_m, rays_m)
        sequence = np.argsort(shares, axis=-1)
        for number in range(max_bounces):
            first = int(np.searchsorted(bounces, number, side="right"))  # of the images that bounce once more
            turn = sequence[first:, :, number]
            share = np.take_along_axis(shares[first:], turn[..., None], axis=-1)
            way_m = np.mod(source_m + share * rays_m[first:] - self.low_m, 2 * size_m)
            bounce_m = self.low_m + np.minimum(way_m, 2 * size_m - way_m)  # folded back into the box
            axis, side = np.take_along_axis(axes[first:], turn, axis=1), np.take_along_axis(sides[first:], turn, axis=1)
            for (a, s), wall in self._walls():
                met = np.nonzero((axis == a) & (side == s))
                if not len(met[0]):
                    continue
                image = met[0] + first, met[1]
                matrix = reflection_matrix(directions[image], np.eye(3)[a], wall.surface, wavelength_m)
                if wall.opening_m is not None:
                    across = np.arange(3) != a
                    low_m, high_m = np.asarray(wall.opening_m)[:, across]
                    point_m = bounce_m[met][:, across]
                    matrix[np.all((point_m > low_m) & (point_m < high_m), axis=-1)] = 0.0
                transport[image] = matrix @ transport[image]
                directions[(*image, a)] *= -1
        return BoxPaths(bounces, ends_m, directions, transport)

    def _walls(self) -> Iterator[tuple[tuple[int, int], Wall]]:
        """The walls that there are, each with its axis and side (0: low, 1: high)."""
        for axis, pair in enumerate(self.walls):
            for side, wall in enumerate(pair):
                if wall is not None:
                    yield (axis, side), wall

    def _orders(self, max_bounces: int) -> npt.NDArray[np.int64]:
        """The orders (i, j, k) of the images by walls that there are, ``[num_images, 3]``, fewest bounces first."""
        steps = np.arange(-max_bounces, max_bounces + 1)
        orders = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
        orders = orders[np.abs(orders).sum(axis=1) <= max_bounces]
        there = {key for key, _ in self._walls()}
        for axis in range(3):
            # Upwards the first bounce is on the high wall, downwards on the low one, and then they take turns.
            for side, towards in ((0, -1), (1, 1)):
                if (axis, side) not in there:
                    along = towards * orders[:, axis]
                    orders = orders[(along <= 0) & (along >= -1)]
        return np.asarray(orders[np.argsort(np.abs(orders).sum(axis=1), kind="stable")])

    def _crossings(
        self, orders: npt.NDArray[np.int64], max_bounces: int, source_m: Vector, rays_m: Array
    ) -> tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Where the straight lines meet images of walls: share of the line, axis and side.

        The share is ``[num_images, num_targets, max_bounces]``, infinite past an image's last bounce; axis and side
        (0: low, 1: high) are ``[num_images, max_bounces]``.
        """
        size_m = self.high_m - self.low_m
        shares = np.full((*rays_m.shape[:2], max_bounces), np.inf)
        axes, sides = (np.full((len(orders), max_bounces), -1) for _ in range(2))
        for image, order in enumerate(orders):
            slot = 0
            for axis, count in enumerate(order):
                planes = np.arange(1, count + 1) if count > 0 else np.arange(0, count, -1)
                for plane in planes:
                    plane_m = self.low_m[axis] + plane * size_m[axis]
                    shares[image, :, slot] = (plane_m - source_m[axis]) / rays_m[image, :, axis]
                    axes[image, slot], sides[image, slot] = axis, plane % 2
                    slot += 1
        return shares, axes, sides
