"""The receiver grid: which cells count, and the mesh that catches the rays for them.

The grid is fixed by the configuration, never by the scene's bounding box: a protruding plate would change
the box, and with it the cells, the number and the compiled kernels.

Indoors most rays travel almost horizontally and seldom hit a horizontal plane, whose cells then get few,
heavily weighted rays; a low quantile of so noisy a map is far too low. Two vertical panels at right angles in
each cell see those rays face on. Averaged, they estimate the same mean path gain at the same cost:

    g_cell = 1/4 sum_k g_k,    g_k = 1/A_k integral over triangle k of |h(s)|^2 dS

over the four triangles of a cell, of equal area A_k [m2]; h(s) is the channel's gain at the point s. Sionna estimates
each g_k from the rays r that cross the triangle:

    g_k ~ (lambda / 4 pi)^2 / A_k  sum_r |a_r|^2 omega_r / |cos theta_r|

with the solid angle omega_r that a ray stands for (4 pi over the number of rays), its field a_r without the loss over
distance, which the ray's widening tube accounts for, and its angle theta_r to the triangle's normal. Received power of
a cell: transmit power times g_cell [W].
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from shapely.geometry import Polygon

from search_spaces.ground import Ground
from search_spaces.model import Model
from search_spaces.zones import MAX_COORDINATE_M, Region, Zones, contains

TRIANGLES_PER_CELL = 4
"""Two crossed panels of two triangles each, all of the same area."""

POINTS_PER_CELL = 4
"""Two Gauss points along each panel and up, as a rule of 4."""


class ReceiversConfig(Model):
    """Where users are and how their signal is measured."""

    zones: Zones | None = Field(None, min_length=1, description="polygons of the users; null: the floor plan's")
    height_m: float = Field(
        1.5,
        gt=0,
        le=MAX_COORDINATE_M,
        description="height of the users' devices, above z = 0 or the ground, as scene.height_above says [m]",
    )
    cell_size_m: float = Field(0.5, gt=0, le=100, description="side of a receiver cell [m]")
    surface: Literal["crosses", "plane"] = Field(
        "crosses",
        description="crosses: two vertical panels a cell (accurate indoors); "
        "plane: a horizontal map (for pictures and comparison)",
    )
    panel_height_m: float = Field(
        0.8, gt=0, le=MAX_COORDINATE_M, description="height of the crossed panels, centred on height_m [m]"
    )


@dataclass(frozen=True)
class ReceiverGrid:
    """Square cells over the bounding box of the user zones; those whose centre is in a zone count.

    Args:
        region: the user zones.
        cell_size_m: side of a cell.
        height_m: of the receivers, above the ground if there is one, else above z = 0.
        ground: what they stand on; a cell without ground below its centre is left out.
        solids: the inside of buildings at the receivers' height; cells with their centre there are left out.
    """

    region: Region
    cell_size_m: float
    height_m: float
    ground: Ground | None = None
    solids: Region = field(default_factory=Polygon)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """``(num_y, num_x)`` of the whole box."""
        x_min, y_min, x_max, y_max = self.region.bounds
        num_x, num_y = (
            max(1, int(np.ceil((high - low) / self.cell_size_m - 1e-9)))
            for low, high in ((x_min, x_max), (y_min, y_max))
        )
        return num_y, num_x

    @property
    def size_m(self) -> tuple[float, float]:
        """Extent of the box in x and y [m]; a whole number of cells."""
        return self.shape[1] * self.cell_size_m, self.shape[0] * self.cell_size_m

    @property
    def center_m(self) -> tuple[float, float, float]:
        """Centre of the box [m], at the mean height of the cells."""
        x_min, y_min, _, _ = self.region.bounds
        z = self.height_m if self.ground is None else float(self.points_m[:, 2].mean())
        return x_min + self.size_m[0] / 2, y_min + self.size_m[1] / 2, z

    @cached_property
    def _box_centers_m(self) -> npt.NDArray[np.float64]:
        x_min, y_min, _, _ = self.region.bounds
        num_y, num_x = self.shape
        x = x_min + (np.arange(num_x) + 0.5) * self.cell_size_m
        y = y_min + (np.arange(num_y) + 0.5) * self.cell_size_m
        return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)

    @cached_property
    def mask(self) -> npt.NDArray[np.bool_]:
        """Mask of the cells of the box that count, ``[num_y, num_x]``."""
        return (self._in_zones & ~self._in_solids & ~self._groundless).reshape(self.shape)

    @cached_property
    def _in_zones(self) -> npt.NDArray[np.bool_]:
        return contains(self.region, self._box_centers_m)

    @cached_property
    def _in_solids(self) -> npt.NDArray[np.bool_]:
        return contains(self.solids, self._box_centers_m)

    @cached_property
    def _groundless(self) -> npt.NDArray[np.bool_]:
        centers_m = self._box_centers_m
        return np.zeros(len(centers_m), dtype=bool) if self.ground is None else np.isnan(self.ground.at(centers_m))

    @property
    def left_out(self) -> str | None:
        """Which cells of the zones do not count, for people; None if all do."""
        total, inside = (int(np.sum(self._in_zones & part)) for part in (np.True_, self._in_solids))
        groundless = int(np.sum(self._in_zones & self._groundless & ~self._in_solids))
        found = [f"{inside} lie inside buildings"] if inside else []
        found += [f"{groundless} have no ground below"] if groundless else []
        return f"of {total} cells {' and '.join(found)}, and are left out" if found else None

    @cached_property
    def centers_m(self) -> npt.NDArray[np.float64]:
        """Centres of the cells that count, ``[num_cells, 2]``, row by row from the south-west."""
        return self._box_centers_m[self.mask.ravel()]

    @cached_property
    def points_m(self) -> npt.NDArray[np.float64]:
        """Where the receivers of the cells that count are, ``[num_cells, 3]``, in their order."""
        ground_m = np.zeros(self.num_cells) if self.ground is None else self.ground.at(self.centers_m)
        return np.column_stack([self.centers_m, ground_m + self.height_m])

    @property
    def num_cells(self) -> int:
        """Number of cells that count."""
        return len(self.centers_m)

    def to_image(self, per_cell: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Spread values of the cells (``[..., num_cells]``) over the box, NaN outside the zones."""
        image = np.full((*per_cell.shape[:-1], *self.shape), np.nan)
        image[..., self.mask] = per_cell
        return image


def crossed_panels(grid: ReceiverGrid, panel_height_m: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint32]]:
    """Mesh of the crossed panels: vertices ``[num_cells * 8, 3]`` [m], faces ``[num_cells * 4, 3]``.

    The four triangles of a cell follow each other, cell by cell.
    """
    half, low, high = grid.cell_size_m / 2, -panel_height_m / 2, panel_height_m / 2
    cross = np.array(
        [
            panel
            for dx, dy in ((half, 0.0), (0.0, half))
            for panel in ([-dx, -dy, low], [dx, dy, low], [dx, dy, high], [-dx, -dy, high])
        ]
    )
    vertices_m = (grid.points_m[:, None, :] + cross).reshape(-1, 3)
    faces = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], dtype=np.uint32)
    first = 8 * np.arange(grid.num_cells, dtype=np.uint32)[:, None, None]
    return vertices_m, (first + faces).reshape(-1, 3)


def panel_points_m(grid: ReceiverGrid, panel_height_m: float) -> npt.NDArray[np.float64]:
    """Points of each cell's panels, whose mean stands for theirs, ``[num_cells, 4, 3]``, m."""
    half_m = np.array([grid.cell_size_m, grid.cell_size_m, panel_height_m]) / 2
    points = np.array([[1, 0, 1], [-1, 0, -1], [0, 1, -1], [0, -1, 1]]) / np.sqrt(3)
    return np.asarray(grid.points_m[:, None] + points * half_m)
