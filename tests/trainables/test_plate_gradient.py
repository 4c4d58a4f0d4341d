"""The plate's slope: that of its power by tiles, of what a cell gets besides, and nothing from behind a wall."""

from typing import Any

import numpy as np
import pytest

from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import Powers
from trainables.physical_optics.plate import Array, Plate
from trainables.physical_optics.tile_sum import tile_sum
from trainables.validation.halls import HALL, SENT_W, WAVELENGTH_M, cells_m, hall

TEMPERATURE_DB = 3.0
PANEL_HEIGHT_M = 0.4
GENES = {
    "x1": 7.0,
    "y1": 8.5,
    "dir1_x": 0.0,
    "dir1_y": 0.0,
    "refl_u": 0.4,
    "refl_v": 0.5,
    "focal_x": 8.0,
    "focal_y": 4.0,
}
PLATE_GENES = ("refl_u", "refl_v", "focal_x", "focal_y")
MIDDLE = np.array([8.25, 4.25])
"""The centre of the cell next to the focal point."""

SCREEN = {"name": "screen", "path_m": [[12, 0.1], [12, 6.5]], "material": "metal", "thickness_m": 0.01}
"""Between the plate and the south of the hall."""


def plate_hall(plan: dict[str, Any] | None = None, **reflector: Any) -> PlacementEvaluator:
    radio = {"specular_reflection": True, "line_of_sight": False, "max_depth": 3}
    return hall(
        plan, radio=radio, receivers={"panel_height_m": PANEL_HEIGHT_M}, reflector={"size_m": [0.3, 0.3], **reflector}
    )


@pytest.fixture(scope="module")
def evaluator() -> PlacementEvaluator:
    return plate_hall()


def slopes_of(evaluator: PlacementEvaluator, genes: dict[str, float], rss_w: Powers, cells: Any) -> dict[str, float]:
    from trainables.plate_gradient import PlateGradient

    slopes = PlateGradient(evaluator)(genes, rss_w, np.array(cells), TEMPERATURE_DB)
    assert tuple(slopes) == PLATE_GENES
    return slopes


def nearest(evaluator: PlacementEvaluator, points_m: Array) -> list[int]:
    distances_m = np.linalg.norm(evaluator.site.grid.centers_m - points_m[:, None], axis=-1)
    return [int(cell) for cell in distances_m.argmin(axis=1)]


def by_tiles_w(evaluator: PlacementEvaluator, genes: dict[str, float], cells: list[int]) -> Array:
    """Mean power on the panels of some cells by way of the plate, ``[len(cells)]``, W."""
    from trainables.validation.surfaces import panel_points_m

    placement, cell_size_m = evaluator.site.space.decode(genes), evaluator.site.grid.cell_size_m
    plate, source_m = Plate.of(placement.reflectors[0].vertices_m), placement.access_points[0].position_m
    points_m = panel_points_m(cells_m(evaluator)[cells], cell_size_m, PANEL_HEIGHT_M)
    gains = tile_sum(plate, source_m, points_m, WAVELENGTH_M)
    return np.asarray(SENT_W * gains.reshape(-1, 8).mean(axis=1))


def a_map(evaluator: PlacementEvaluator, cells: list[int], cells_w: Array) -> Powers:
    """Dark but for some cells, ``[1, num_cells]``, W."""
    rss_w = np.zeros((1, evaluator.site.grid.num_cells))
    rss_w[0, cells] = cells_w
    return rss_w


def test_it_is_the_slope_of_the_power_by_tiles(evaluator: PlacementEvaluator) -> None:
    """Where the plate is all there is: of four cells around where it aims, by differences of another reference."""
    offsets_m = np.array([[0.0, 0.0], [1.0, 0.5], [-0.5, 1.0], [0.5, -1.0]])
    cells = nearest(evaluator, MIDDLE + offsets_m)
    slopes = slopes_of(evaluator, GENES, a_map(evaluator, cells, by_tiles_w(evaluator, GENES, cells)), cells)

    def soft_minimum_dbm(name: str, step: float) -> float:
        rss_dbm = 10 * np.log10(by_tiles_w(evaluator, {**GENES, name: GENES[name] + step}, cells)) + 30
        return float(-TEMPERATURE_DB * np.log(np.mean(np.exp(-rss_dbm / TEMPERATURE_DB))))

    for name in PLATE_GENES:
        step = 0.01 if name.startswith("refl") else 0.05
        expected = (soft_minimum_dbm(name, step) - soft_minimum_dbm(name, -step)) / (2 * step)
        assert slopes[name] == pytest.approx(expected, rel=0.1, abs=0.1)
    assert max(abs(slope) for slope in slopes.values()) > 1


def test_what_a_cell_gets_besides_flattens_it(evaluator: PlacementEvaluator) -> None:
    """With three times as much besides, a quarter of the slope: of log(s + b) it is s / (s + b) times log(s)'s."""
    cell = nearest(evaluator, MIDDLE[None] + [[1.0, 0.5]])
    share_w = by_tiles_w(evaluator, GENES, cell)
    alone = slopes_of(evaluator, GENES, a_map(evaluator, cell, 0 * share_w), cell)  # few rays: all of them missed it
    beside = slopes_of(evaluator, GENES, a_map(evaluator, cell, 4 * share_w), cell)
    for name in PLATE_GENES:
        assert beside[name] == pytest.approx(alone[name] / 4, rel=0.05, abs=1e-3)


def test_a_wall_in_between_leaves_no_slope() -> None:
    walls = [*HALL["walls"], SCREEN]
    evaluator = plate_hall({"walls": walls})
    behind, free = nearest(evaluator, np.array([[8.25, 1.75], [8.25, 10.25]]))
    dark_w = a_map(evaluator, [], np.zeros(0))
    assert set(slopes_of(evaluator, GENES, dark_w, [behind]).values()) == {0.0}
    assert all(slopes_of(evaluator, GENES, dark_w, [free]).values())


def test_a_plate_that_may_not_reflect_has_no_slope() -> None:
    evaluator = hall(reflector={"size_m": [0.3, 0.3]})  # line of sight alone
    dark_w = a_map(evaluator, [], np.zeros(0))
    assert set(slopes_of(evaluator, GENES, dark_w, [0]).values()) == {0.0}


def test_another_placement_compiles_nothing(evaluator: PlacementEvaluator) -> None:
    import drjit as dr

    dark_w = a_map(evaluator, [], np.zeros(0))
    slopes_of(evaluator, GENES, dark_w, [0, 1])
    with dr.scoped_set_flag(dr.JitFlag.KernelHistory):
        dr.kernel_history_clear()
        slopes_of(evaluator, {**GENES, "x1": 6.1, "refl_u": 0.6}, dark_w, [5, 9])
        launched = [kernel for kernel in dr.kernel_history() if "cache_hit" in kernel]
    assert launched
    assert all(kernel["cache_hit"] for kernel in launched)


def test_a_larger_plate_must_bring_more_than_it_costs() -> None:
    """The slope in its width is less by what a metre of width costs: the same map, with a cost and without."""
    sizes = {"size_m": {"low": [0.2, 0.2], "high": [0.6, 0.6]}}
    genes = GENES | {"refl_w": 0.4, "refl_h": 0.3}
    found = []
    for more in ({}, {"cost_per_m2": 5.0}):
        from trainables.plate_gradient import PlateGradient

        evaluator = plate_hall(**sizes, **more)
        cells = nearest(evaluator, MIDDLE[None])
        rss_w = a_map(evaluator, cells, by_tiles_w(evaluator, genes, cells))
        found.append(PlateGradient(evaluator)(genes, rss_w, np.array(cells), TEMPERATURE_DB))
    free, priced = found
    assert priced["refl_w"] == pytest.approx(free["refl_w"] - 5.0 * 0.3, abs=1e-6)
    assert priced["refl_h"] == pytest.approx(free["refl_h"] - 5.0 * 0.4, abs=1e-6)
    assert priced["focal_x"] == free["focal_x"]
