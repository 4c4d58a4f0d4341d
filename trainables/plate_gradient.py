"""Plate gradients: the slope of a soft minimum of received power in the plates' genes, by physical optics.

To rays a plate is a window: as it turns, paths appear and vanish, which no derivative sees, and differences of radio
maps drown in the noise of the few rays that meet it. By physical optics what a plate brings is smooth in its pose
(``physical_optics/fresnel_window.py``). So its share is taken out of a traced map, and put back as it would be with the
plate a little further on; central differences of that say what a move is worth, and no ray is traced for them.

What it is not: the share is what comes straight from an access point and goes straight on to a cell, where no wall is
in between. What bounces elsewhere, before the plate or after it, is taken to stay as it is.
"""

from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from search_spaces.design import Placement
from search_spaces.zones import MAX_COORDINATE_M
from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import Powers
from trainables.physical_optics.box import Box
from trainables.physical_optics.plate import Array, Plate
from trainables.physical_optics.power import power_by_plate_w
from trainables.plate_optics import PLATE_THICKNESS_M, slab
from trainables.tracing.path_gradient import GENE_STEP, soft_minimum
from trainables.tracing.receivers import POINTS_PER_CELL, panel_points_m

_OPEN_AIR = Box(np.full(3, -2 * MAX_COORDINATE_M), np.full(3, 2 * MAX_COORDINATE_M), ((None, None),) * 3)

_OFF_PLATE_M = 0.003
"""Where a line of sight begins, so that the plate itself, of single-precision corners, is not in its way."""


class PlateGradient:
    """Slope of the soft minimum of received power at cells in the plates' genes.

    Args:
        evaluator: the scene, whose plates are moved, and the problem.
    """

    def __init__(self, evaluator: PlacementEvaluator) -> None:
        self._problem = problem = evaluator.problem
        self._site = evaluator.site
        self._scene = evaluator.scene
        self._objective = problem.objective
        self._reflects = problem.radio.specular_reflection and problem.radio.max_depth > 0
        self._radio = problem.radio.model_copy(update={"max_depth": 1})
        frequency_hz = problem.radio.frequency_hz
        self._surfaces = [slab(plate.material, PLATE_THICKNESS_M, frequency_hz) for plate in problem.plates]
        self._points_m = panel_points_m(self._site.grid, problem.receivers.panel_height_m)

    def __call__(
        self, genes: Mapping[str, float], rss_w: Powers, cells: npt.NDArray[np.intp], temperature_db: float
    ) -> dict[str, float]:
        """The slopes, d (soft minimum - cost) / d gene for each of the plates' genes [dB per m or per 1].

        Args:
            genes: a placement that can be built.
            rss_w: its traced map, ``[num_ap, num_cells]``, W.
            cells: those that count.
            temperature_db: softness of the minimum, dB, > 0.

        Raises:
            ValueError: the placement cannot be built.
        """
        names = [gene.name for plate in self._site.space.plates for gene in plate.genes]
        placement = self._site.space.decode(genes)
        if not self._reflects:
            return dict.fromkeys(names, 0.0)
        in_sight = self._in_sight(placement, cells)
        rest_w = np.maximum(rss_w[:, cells] - self._shares_w(placement, cells, in_sight), 0.0)

        def value_dbm(moved: Placement) -> float:
            cells_w = rest_w + self._shares_w(moved, cells, in_sight)
            return soft_minimum(cells_w.T, self._objective, temperature_db)[0] - self._cost_db(moved)

        slopes = {}
        for name in names:
            ends = []
            for step in (GENE_STEP, 0.0, -GENE_STEP):  # one-sided at the edge of what can be built
                with suppress(ValueError):
                    ends.append((step, self._site.space.decode({**genes, name: genes[name] + step})))
            (ahead, last), (behind, first) = ends[0], ends[-1]
            slopes[name] = (value_dbm(last) - value_dbm(first)) / (ahead - behind)
        return slopes

    def _cost_db(self, placement: Placement) -> float:
        """What the plates cost, where that is in dB: no other unit has an exchange rate to the soft minimum."""
        return self._problem.plate_cost(placement) if self._objective.difference_unit == "dB" else 0.0

    def _shares_w(self, placement: Placement, cells: npt.NDArray[np.intp], in_sight: npt.NDArray[np.bool_]) -> Powers:
        """What comes straight by way of one plate, all of them together, ``[num_ap, len(cells)]``, W."""
        aps, points_m = placement.access_points, self._points_m[cells].reshape(-1, 3)
        shares_w = np.zeros(in_sight.shape[1:])
        for pose, surface, open_ways in zip(placement.reflectors, self._surfaces, in_sight, strict=True):
            for sheet in map(Plate.of, pose.sheets_m):
                by_sheet_w = [power_by_plate_w(ap, self._radio, sheet, surface, points_m, _OPEN_AIR) for ap in aps]
                shares_w += open_ways * np.reshape(by_sheet_w, (len(aps), len(cells), POINTS_PER_CELL)).mean(axis=2)
        return shares_w

    def _in_sight(self, placement: Placement, cells: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Between which access points and cells nothing is in a plate's way, ``[num_plates, num_ap, len(cells)]``."""
        self._scene.move(placement)
        aps_m: Array = np.array([ap.position_m for ap in placement.access_points])
        ends_m = np.concatenate([aps_m, self._points_m[cells].mean(axis=1)])
        ways = []
        for pose in placement.reflectors:
            plate = Plate.of(pose.vertices_m)
            seen = self._scene.sees(plate.center_m + _OFF_PLATE_M * plate.normal, ends_m)
            ways.append(seen[: len(aps_m), None] & seen[None, len(aps_m) :])
        return np.array(ways)
