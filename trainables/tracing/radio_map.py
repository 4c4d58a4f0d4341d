"""Trace rays and read the received power in every receiver cell."""

import mitsuba as mi
import numpy as np
import numpy.typing as npt
import sionna.rt as rt
from sionna.rt.scene_utils import extend_scene_with_mesh

from search_spaces.design import Placement
from trainables.tracing.movable_scene import MovableScene, mesh
from trainables.tracing.radio import RadioConfig
from trainables.tracing.receivers import TRIANGLES_PER_CELL, ReceiverGrid, ReceiversConfig, crossed_panels


class RadioMapper:
    """One scene, one receiver grid, one solver: moves placements in and traces their power.

    Args:
        movable: the scene.
        radio: which interactions are traced.
        receivers: crosses or plane, and the panels' height.
        grid: the cells.
    """

    def __init__(
        self,
        movable: MovableScene,
        radio: RadioConfig,
        receivers: ReceiversConfig,
        grid: ReceiverGrid,
    ) -> None:
        self._movable = movable
        self._grid = grid
        self._solver = rt.RadioMapSolver()
        self._interactions = {
            "max_depth": radio.max_depth,
            "los": radio.line_of_sight,
            "specular_reflection": radio.specular_reflection,
            "refraction": radio.refraction,
            "diffuse_reflection": radio.diffuse_reflection,
            "diffraction": radio.diffraction,
            "edge_diffraction": radio.diffraction,  # walls are sheets: a door's jamb is a free edge
        }
        self._surface: dict[str, object] = {}
        self._params: mi.SceneParameters | None = None
        if receivers.surface == "crosses":
            panels = mesh("receiver-panels", *crossed_panels(grid, receivers.panel_height_m))
            measured = extend_scene_with_mesh(movable.scene.mi_scene, panels)
            self._surface = {"measurement_surface": panels, "modified_scene": measured}
            self._params = mi.traverse(measured)
        else:
            self._surface = {
                "center": mi.Point3f(*grid.center_m),
                "orientation": mi.Point3f(0, 0, 0),
                "size": mi.Point2f(*grid.size_m),
                "cell_size": mi.Point2f(grid.cell_size_m, grid.cell_size_m),
            }

    def move(self, placement: Placement) -> None:
        """Put a placement into the scene."""
        self._movable.move(placement, self._params)

    def trace(self, rays_per_ap: int) -> npt.NDArray[np.float64]:
        """Received power of the placement moved in last.

        Rays start on a Fibonacci lattice of ``rays_per_ap`` directions: the same number gives the same map,
        another number another lattice.

        Returns:
            rss_w: ``[num_ap, num_cells]``, W; 0 where no ray arrived.
        """
        radio_map = self._solver(self._movable.scene, samples_per_tx=rays_per_ap, **self._surface, **self._interactions)
        rss_w: npt.NDArray[np.float64] = radio_map.rss.numpy().astype(np.float64)
        if rss_w.ndim == 3:  # a plane: [num_ap, num_y, num_x]
            return rss_w[:, self._grid.mask]
        per_cell = rss_w.reshape(len(rss_w), self._grid.num_cells, TRIANGLES_PER_CELL)
        return np.asarray(per_cell.mean(axis=2))
