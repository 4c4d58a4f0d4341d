"""Free space, a conducting floor, and a room of concrete: what formulas and images say of every cell."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from search_spaces.design import Placement
from trainables.physical_optics.box import Box, Wall
from trainables.physical_optics.power import power_by_walls_w
from trainables.physical_optics.reflection import Slab
from trainables.validation.halls import Array, at, cells_m, db, friis_w, hall, rms, traced_w
from trainables.validation.row import Row

NEAR_M = 3.0
"""Nearer cells are left out: the field is not even over them."""


def rows() -> Iterator[Row]:
    """Mean and scatter over the cells, on crosses and on the plane."""
    yield from _cells("Friis, crosses", *_friis("crosses"), 0.1, 0.4, "Friis 1946")
    yield from _cells("Friis, plane", *_friis("plane"), 0.1, 0.7, "Friis 1946")
    note = "powers add up, as the map holds means over the fading within a cell"
    yield from _cells("two rays over a conducting floor", *_two_rays(), 0.1, 0.4, "Friis of the floor's image", note)
    yield from _cells("concrete room, up to 4 bounces", *_room(), 0.2, 0.6, "images; Fresnel by ITU-R P.2040-4, 37-44")


def _cells(
    name: str, expected_w: Array, got_w: Array, mean_db: float, rms_db: float, source: str, note: str = ""
) -> Iterator[Row]:
    errors_db = db(got_w) - db(expected_w)
    mean_dbm = float(db(expected_w).mean()) + 30
    yield Row(f"{name}: mean of the cells", mean_dbm, mean_dbm + float(errors_db.mean()), "dBm", mean_db, source, note)
    yield Row(f"{name}: error of a cell (rms)", 0.0, rms(errors_db), "dB", rms_db, source, "noise of the rays")


def _friis(surface: str) -> tuple[Array, Array]:
    evaluator, ap = hall(receivers={"surface": surface, "panel_height_m": 0.2}), at(4.0, 6.0, 2.5)
    distances_m = np.linalg.norm(cells_m(evaluator) - ap.position_m, axis=1)
    far = distances_m > NEAR_M
    return friis_w(distances_m[far]), traced_w(evaluator, Placement((ap,)), 2_000_000)[far]


def _two_rays() -> tuple[Array, Array]:
    ap = at(4.0, 6.0, 2.5)
    evaluator = hall(
        {"floor": {"material": "metal", "thickness_m": 0.1}},
        radio={"max_depth": 1, "specular_reflection": True},
        receivers={"panel_height_m": 0.2},
    )
    ways_m = [
        np.linalg.norm(cells_m(evaluator) - end_m, axis=1) for end_m in (ap.position_m, ap.position_m * [1, 1, -1])
    ]
    far = ways_m[0] > NEAR_M
    expected_w = friis_w(ways_m[0]) + friis_w(ways_m[1])
    return expected_w[far], traced_w(evaluator, Placement((ap,)), 2_000_000)[far]


def _room() -> tuple[Array, Array]:
    """A tilted sector antenna in a box; what it radiates where is worked out apart as well."""
    concrete = {"material": "concrete", "thickness_m": 0.2}
    walls: list[Any] = [{"name": "all", "path_m": [[0, 0], [16, 0], [16, 12], [0, 12]], "closed": True, **concrete}]
    evaluator = hall(
        {"floor": concrete, "ceiling": concrete, "walls": walls},
        radio={"max_depth": 4, "specular_reflection": True, "tx_pattern": "tr38901"},
        receivers={"panel_height_m": 0.2, "cell_size_m": 1.0},
    )
    ap = at(4.0, 5.0, 2.5, direction=(0.8, 0.5, -0.33))
    # ITU-R P.2040-4, table 3, at 5.18 GHz.
    wall = Wall(Slab(5.24, 0.0462 * 5.18**0.7822, 0.2))
    room = Box(np.zeros(3), np.array([16.0, 12.0, 4.0]), ((wall, wall),) * 3)
    expected_w = power_by_walls_w(ap, evaluator.problem.radio, cells_m(evaluator), room)
    far = np.linalg.norm(cells_m(evaluator) - ap.position_m, axis=1) > NEAR_M
    return expected_w[far], traced_w(evaluator, Placement((ap,)), 2_000_000)[far]
