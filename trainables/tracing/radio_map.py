"""Trace rays and read the received power in every receiver cell."""

import mitsuba as mi
import numpy as np
import numpy.typing as npt
import sionna.rt as rt
from sionna.rt.scene_utils import extend_scene_with_mesh

from search_spaces.design import Placement
from trainables.tracing.diffraction import EdgeDiffraction
from trainables.tracing.movable_scene import MovableScene, mesh
from trainables.tracing.radio import RadioConfig
from trainables.tracing.receivers import TRIANGLES_PER_CELL, ReceiverGrid, ReceiversConfig, crossed_panels
from trainables.tracing.turned_rays import seed_of, turned_rays


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
        }
        self._diffraction = EdgeDiffraction(movable, grid) if radio.diffraction and radio.max_depth else None
        self._diffracted_w: npt.NDArray[np.float64] | None = None
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
        self._diffracted_w = self._diffraction.power_w(placement) if self._diffraction else None

    def trace(self, rays_per_ap: int, sample: int = 0) -> npt.NDArray[np.float64]:
        """Received power of the placement moved in last.

        Args:
            rays_per_ap: directions of the Fibonacci lattice that rays start on.
            sample: which lattice of so many, and which random numbers; the same gives the same map. 0 is Sionna's
                own, whose orientation is always the same; any other is turned at random, independent of all others.

        Returns:
            rss_w: ``[num_ap, num_cells]``, W; 0 where no ray arrived.
        """
        rss_w = np.empty((self._movable.num_ap, self._grid.num_cells))
        for group in self._movable.groups:
            with self._movable.transmitting(group), turned_rays(sample):
                rss_w[list(group.members)] = self._trace_group(rays_per_ap, sample)
        return rss_w if self._diffracted_w is None else rss_w + self._diffracted_w

    def _trace_group(self, rays_per_ap: int, sample: int) -> npt.NDArray[np.float64]:
        """The map of the transmitters that the scene has now."""
        radio_map = self._solver(
            self._movable.scene,
            samples_per_tx=rays_per_ap,
            seed=seed_of(sample),
            **self._surface,
            **self._interactions,
        )
        rss_w: npt.NDArray[np.float64] = radio_map.rss.numpy().astype(np.float64)
        if rss_w.ndim == 3:  # a plane: [num_ap, num_y, num_x]
            return np.asarray(rss_w[:, self._grid.mask])
        return np.asarray(rss_w.reshape(len(rss_w), self._grid.num_cells, TRIANGLES_PER_CELL).mean(axis=2))
