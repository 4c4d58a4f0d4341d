"""How high the ground is: a raster of heights, all that the space of placements knows of the land.

Between its samples heights are bilinear, beyond them those of the nearest edge. Where a sample has no ground below it
the others around a point count alone.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search_spaces.zones import Region

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ground:
    """Heights of the ground, z of the world.

    Args:
        south_west_m: x and y of the first sample.
        step_m: from one sample to the next, in x and in y.
        heights_m: ``[num_y, num_x]``, m; NaN where there is no ground.
    """

    south_west_m: tuple[float, float]
    step_m: float
    heights_m: Array

    def at(self, points_m: Array) -> Array:
        """Heights [m] at points ``[n, 2]``; ``[n]``, NaN where there is no ground."""
        most = np.array(self.heights_m.shape[::-1]) - 1
        steps = np.clip((points_m - self.south_west_m) / self.step_m, 0, most)
        first = np.minimum(steps.astype(int), np.maximum(most - 1, 0))
        share = steps - first
        total, weights = np.zeros(len(points_m)), np.zeros(len(points_m))
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            column, row = np.minimum(first + np.array([dx, dy]), most).T
            heights_m = self.heights_m[row, column]
            weight = np.abs(1 - dx - share[:, 0]) * np.abs(1 - dy - share[:, 1]) * np.isfinite(heights_m)
            total += weight * np.nan_to_num(heights_m)
            weights += weight
        return np.where(weights > 0, total / np.where(weights > 0, weights, 1.0), np.nan)

    def height_m(self, x: float, y: float) -> float:
        """Height [m] at one point; 0 where there is no ground."""
        return float(np.nan_to_num(self.at(np.array([[x, y]]))[0]))

    def range_m(self, region: Region) -> tuple[float, float]:
        """The lowest and the highest sample [m] in the rectangle around a region, and at its corners."""
        x_min, y_min, x_max, y_max = region.bounds
        x, y = (
            low + self.step_m * np.arange(count)
            for low, count in zip(self.south_west_m, self.heights_m.shape[::-1], strict=True)
        )
        inside = self.heights_m[np.ix_((y >= y_min) & (y <= y_max), (x >= x_min) & (x <= x_max))]
        corners_m = np.array([[x_min, y_min], [x_max, y_min], [x_min, y_max], [x_max, y_max]])
        found = np.concatenate([inside.ravel(), self.at(corners_m)])
        found = found[np.isfinite(found)]
        return (float(found.min()), float(found.max())) if len(found) else (0.0, 0.0)
