"""What the building's edges diffract into the cells, worked out apart from the rays.

Sionna's radio map catches diffracted rays as it catches all others. On crosses it loses most of them (of version 2.2.0:
a ray that leaves an edge at more than 45 degrees from the corner's bisector starts inside the wall), and on a plane few
of them arrive: at 3e5 rays half of the cells of a shadow see none. Yet these paths, access point -> edge -> cell, are
so few that they can be found one by one, as between devices, and then there is no noise in them at all. Like the map's
they are of first order, meet nothing else, and add up as powers. The same placement gives the same powers: of Sionna's
two generators of paths the one is taken in which threads do not race for which side of an edge is found.

Plates are left out: what a plate diffracts is in its model, and Sionna's diffraction at free plates is wrong (the term
at the reflection boundary has the wrong sign).
"""

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

import drjit as dr
import numpy as np
import numpy.typing as npt
import sionna.rt as rt
from sionna.rt.path_solvers.field_calculator import FieldCalculator
from sionna.rt.path_solvers.image_method import ImageMethod
from sionna.rt.path_solvers.paths_buffer import PathsBuffer
from sionna.rt.path_solvers.sb_deterministic import SBDeterministicCandidateGenerator
from sionna.rt.utils import rotation_matrix

from search_spaces.design import Placement
from trainables.objectives.base import dbm_to_w
from trainables.tracing.antennas import AntennaGroup, array_factor, paths_by_group
from trainables.tracing.movable_scene import MovableScene
from trainables.tracing.path_gradient import SEED
from trainables.tracing.receivers import ReceiverGrid

SAMPLES_PER_AP = 100_000
"""Rays shot per access point to find the edges that it sees: an edge is found by a ray that meets a face of it."""

MOST_EDGES = 10_000
"""Room for the edges that an access point sees; a building has some dozens."""

PATHS_AT_ONCE = 1_000_000
"""Edges times cells that are worked out together; some 200 MB."""


class EdgeDiffraction:
    """The diffracted power of one scene in one grid of cells.

    Args:
        movable: the scene; its plates are left out.
        grid: the cells.
    """

    def __init__(self, movable: MovableScene, grid: ReceiverGrid) -> None:
        self._movable = movable
        shapes = {shape.id(): shape for shape in movable.scene.mi_scene.shapes()}
        self._walls = mi.load_dict({"type": "scene"} | {k: s for k, s in shapes.items() if k not in movable.plate_ids})
        self._generator, self._image_method = SBDeterministicCandidateGenerator(), ImageMethod()
        self._field_calculator = FieldCalculator()
        # The radio map adds the power of both polarisations; so does a pair of crossed isotropic receivers.
        self._receiver_patterns = rt.PlanarArray(
            num_rows=1, num_cols=1, vertical_spacing=0.5, horizontal_spacing=0.5, pattern="iso", polarization="VH"
        ).antenna_pattern.patterns
        points_m = grid.points_m.astype(np.float32)
        self._cells = mi.Point3f(*(mi.Float(np.ascontiguousarray(column)) for column in points_m.T))
        self._num_cells = grid.num_cells

    def power_w(self, placement: Placement) -> npt.NDArray[np.float64]:
        """Diffracted power at the cells' centres, of the placement moved in last: ``[num_ap, num_cells]``, W."""
        positions, orientations, *_ = self._movable.scene.sources(True, False)
        dr.make_opaque(positions, orientations)
        edges = self._edges(positions)
        gains = np.zeros((len(placement.access_points), self._num_cells))
        for group, seen in paths_by_group(edges, self._movable.groups):
            at_once = max(1, PATHS_AT_ONCE // seen.buffer_size)
            for first in range(0, self._num_cells, at_once):
                cells = np.arange(first, min(first + at_once, self._num_cells), dtype=np.uint32)
                self._add_gains(gains, group, seen, cells, positions, orientations)
        return np.array([[dbm_to_w(ap.power_dbm)] for ap in placement.access_points]) * gains

    def _edges(self, positions: mi.Point3f) -> PathsBuffer:
        """The edges that each access point sees, each as a path by it and back."""
        paths = self._generator(
            mi_scene=self._walls,
            src_positions=positions,
            tgt_positions=positions,
            samples_per_src=SAMPLES_PER_AP,
            max_num_paths_per_src=MOST_EDGES,
            max_depth=1,
            los=False,
            specular_reflection=False,
            diffuse_reflection=False,
            refraction=False,
            diffraction=True,
            edge_diffraction=True,  # walls are sheets: a door's jamb is a free edge
            seed=SEED,
        )
        paths.schedule()
        dr.eval()
        paths.shrink()
        return paths.gather(dr.compress(paths.source_indices == paths.target_indices))

    def _add_gains(
        self,
        gains: npt.NDArray[np.float64],
        group: AntennaGroup,
        edges: PathsBuffer,
        cells: npt.NDArray[np.uint32],
        positions: mi.Point3f,
        orientations: mi.Point3f,
    ) -> None:
        """Add the power gain by each of the edges to each of the cells to ``[num_ap, num_cells]``."""
        scene = self._movable.scene
        paths = edges.repeat(len(cells))
        paths._tgt_indices = dr.tile(mi.UInt(cells), edges.buffer_size)
        paths = self._image_method(
            scene=self._walls,
            paths=paths,
            diffraction=True,
            diffraction_lit_region=True,
            src_positions=positions,
            tgt_positions=self._cells,
        )
        paths.discard_invalid()
        if paths.buffer_size == 0:
            return
        paths = self._field_calculator(
            wavelength=scene.wavelength,
            paths=paths,
            samples_per_src=SAMPLES_PER_AP,
            diffraction=True,
            src_positions=positions,
            tgt_positions=self._cells,
            src_orientations=orientations,
            tgt_orientations=dr.zeros(mi.Point3f, self._num_cells),
            src_antenna_patterns=group.array.antenna_pattern.patterns,
            tgt_antenna_patterns=self._receiver_patterns,
        )
        # As in the radio map: elements and polarisations are fed alike and add up as fields, paths add up as power.
        to_local = rotation_matrix(dr.gather(mi.Point3f, orientations, paths.source_indices)).T
        weight = array_factor(group.antenna, to_local @ paths.k_tx) / np.sqrt(len(paths.a[0]))
        gain = sum(dr.squared_norm(sum(per_pattern)) for per_pattern in paths.a) * dr.square(weight)
        np.add.at(gains, (paths.source_indices.numpy(), paths.target_indices.numpy()), gain.numpy())
