"""A rectangular plate in its own axes.

Side by side with a point it sees: the point's distance, the cosines under which plate and point see each other.
Only the front of the plate reflects; what it keeps from the space behind it is no part of this.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search_spaces.design import Vector

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plate:
    """A flat rectangle.

    Attributes:
        center_m: its centre, ``[3]``, m.
        axes: unit vectors along its sides, ``[2, 3]``.
        sides_m: its extents along them, ``[2]``, m.
        normal: unit vector from its front, axes[0] x axes[1], ``[3]``.
    """

    center_m: Vector
    axes: Array
    sides_m: Array
    normal: Vector

    @classmethod
    def of(cls, vertices_m: Array) -> "Plate":
        """The plate with the corners ``[4, 3]``, m, counter-clockwise as seen from its front.

        Raises:
            ValueError: they are no rectangle's.
        """
        first, second, third, last = np.asarray(vertices_m, dtype=np.float64)
        edges = np.stack([second - first, last - first])
        sides_m = np.linalg.norm(edges, axis=1)
        tolerance_m = 1e-5 * sides_m.max()  # of corners that were single-precision numbers once
        askew_m = max(
            abs(float(edges[0] @ edges[1])) / max(sides_m.max(), 1e-300), *np.abs(first + third - second - last)
        )
        if sides_m.min() <= 0 or askew_m > tolerance_m:
            raise ValueError(
                f"vertices_m: must be the corners of a rectangle in turn, but got {np.asarray(vertices_m).tolist()}; "
                "give those of a plate"
            )
        axes = edges / sides_m[:, None]
        return cls((first + third) / 2, axes, sides_m, np.cross(axes[0], axes[1]))

    def in_front(self, points_m: Array) -> npt.NDArray[np.bool_]:
        """Which of the points ``[..., 3]``, m, the front sees."""
        return np.asarray((points_m - self.center_m) @ self.normal > 0)

    def distances_m(self, points_m: Array) -> Array:
        """From the points ``[..., 3]``, m, to the nearest point of the plate, ``[...]``, m."""
        offsets_m = points_m - self.center_m
        in_plane_m = offsets_m @ self.axes.T
        nearest_m = np.clip(in_plane_m, -self.sides_m / 2, self.sides_m / 2) @ self.axes
        return np.asarray(np.linalg.norm(offsets_m - nearest_m, axis=-1))

    def obliquity(self, to_transmitter: Array, to_receiver: Array) -> Array:
        """Kirchhoff's factor (cos t1 + cos t2) / 2 of unit vectors ``[..., 3]`` from the plate; 0 behind it."""
        cosines = to_transmitter @ self.normal, to_receiver @ self.normal
        return np.where((cosines[0] > 0) & (cosines[1] > 0), (cosines[0] + cosines[1]) / 2, 0.0)
