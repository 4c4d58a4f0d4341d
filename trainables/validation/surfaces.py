"""Where power is read: crossed panels beside a horizontal plane, and beside paths that end at points of the cells."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator
from trainables.strongest_paths import strongest_paths
from trainables.validation.halls import Array, at, cells_m, db, hall, rms, traced_w
from trainables.validation.row import Row

RAYS = 3_000_000

PANEL_HEIGHT_M = 0.2

CELLS = 12


def rows() -> Iterator[Row]:
    """In a room of concrete."""
    crosses = _room("crosses")
    placement = Placement((at(4.0, 5.0, 2.5, direction=(0.8, 0.5, -0.33)),))
    crosses_w = traced_w(crosses, placement, RAYS)
    errors_db = db(crosses_w) - db(traced_w(_room("plane"), placement, RAYS))
    source = "the same cells by Sionna's plane"
    yield Row("crosses and plane: mean of the cells", 0.0, float(errors_db.mean()), "dB", 0.2, source)
    yield Row("crosses and plane: difference of a cell (rms)", 0.0, rms(errors_db), "dB", 0.5, source)
    some = np.linspace(0, len(crosses_w) - 1, CELLS).astype(int)
    errors_db = db(crosses_w[some]) - db(_by_paths_w(crosses, placement, some))
    source = "PathSolver at 8 points a cell"
    yield Row("crosses and paths: mean of the cells", 0.0, float(errors_db.mean()), "dB", 0.2, source)
    yield Row("crosses and paths: difference of a cell (rms)", 0.0, rms(errors_db), "dB", 0.6, source)


def panel_points_m(centers_m: Array, cell_size_m: float, panel_height_m: float) -> Array:
    """Eight points on the panels of each cell, ``[num_cells * 8, 3]``, m: their mean is the panels', by Gauss."""
    along_m, up_m = cell_size_m / 2 / np.sqrt(3), panel_height_m / 2 / np.sqrt(3)
    offsets_m = [
        (dx * along_m, dy * along_m, dz * up_m) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)) for dz in (1, -1)
    ]
    return np.asarray((centers_m[:, None] + np.array(offsets_m)).reshape(-1, 3))


def _room(surface: str) -> PlacementEvaluator:
    concrete = {"material": "concrete", "thickness_m": 0.2}
    walls: list[Any] = [{"name": "all", "path_m": [[0, 0], [16, 0], [16, 12], [0, 12]], "closed": True, **concrete}]
    return hall(
        {"floor": concrete, "ceiling": concrete, "walls": walls},
        radio={"max_depth": 3, "specular_reflection": True, "tx_pattern": "tr38901"},
        receivers={"surface": surface, "panel_height_m": PANEL_HEIGHT_M, "cell_size_m": 1.0},
    )


def _by_paths_w(evaluator: PlacementEvaluator, placement: Placement, cells: Array) -> Array:
    points_m = panel_points_m(cells_m(evaluator)[cells], evaluator.site.grid.cell_size_m, PANEL_HEIGHT_M)
    paths = strongest_paths(evaluator.new_scene(1, 0), evaluator.problem.radio, placement, points_m, 1_000_000)
    powers_w = np.bincount([p.target for p in paths], [p.power_w for p in paths], len(points_m))
    return np.asarray(powers_w.reshape(len(cells), -1).mean(axis=1))
