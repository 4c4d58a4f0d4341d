"""What edges diffract: beside ``validation/corners.py``, which holds it against theory and Sionna's plane."""

from typing import Any

import drjit as dr
import numpy as np
import numpy.typing as npt
import pytest

from search_spaces.design import AccessPoint, Placement
from search_spaces.placement import PlacementSpace
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.tracing.diffraction import EdgeDiffraction


def corridor(surface: str = "crosses", **radio: Any) -> PlacementEvaluator:
    problem = {
        "receivers": {"surface": surface, "cell_size_m": 1.0},
        "radio": {
            "diffraction": True,
            "max_depth": 1,
            "specular_reflection": False,
            "line_of_sight": False,
            **radio,
        },
    }
    return PlacementEvaluator(PlacementProblem.model_validate(problem))


@pytest.fixture(scope="module")
def dark() -> PlacementEvaluator:
    """A corridor in which there is nothing but diffraction."""
    return corridor()


def some_placements(space: PlacementSpace, count: int) -> list[Placement]:
    rng = np.random.default_rng(7)
    return [space.decode(space.sample(rng)) for _ in range(count)]


def diffracted_w(evaluator: PlacementEvaluator, placement: Placement) -> npt.NDArray[np.float64]:
    """In a scene of its own."""
    movable = evaluator.new_scene(len(placement.access_points), 1)
    movable.move(placement)
    return EdgeDiffraction(movable, evaluator.site.grid).power_w(placement)


def test_it_lights_every_cell_of_a_map_on_either_surface_whatever_the_rays(dark: PlacementEvaluator) -> None:
    placement = some_placements(dark.site.space, 1)[0]
    expected_w = diffracted_w(dark, placement)
    assert (expected_w > 0).all()
    for evaluator in (dark, corridor("plane")):
        for rays in (1_000, 10_000):
            np.testing.assert_allclose(evaluator.trace(placement, rays).rss_w, expected_w, rtol=1e-5)


def test_it_is_added_to_what_arrives_otherwise(dark: PlacementEvaluator) -> None:
    placement = Placement(
        tuple(AccessPoint(np.array([x, 3.0, 2.5]), np.array([1.0, 0.0, 0.0]), 20.0) for x in (10.0, 11.0))
    )
    direct_w = corridor(line_of_sight=True, diffraction=False).trace(placement, 50_000).rss_w
    both_w = corridor(line_of_sight=True).trace(placement, 50_000).rss_w
    assert direct_w.any()
    np.testing.assert_allclose(both_w, direct_w + diffracted_w(dark, placement), rtol=1e-4)


def test_an_array_is_steered_as_in_the_map_of_an_element() -> None:
    """Four columns, seen head-on, have four times the power of one; the corner is seen head-on by this AP."""
    cell_w = []
    for columns in (1, 4):
        evaluator = corridor(tx_pattern="iso", array_columns=columns)
        aps = [AccessPoint(np.array([8.0, 2.0, 1.5]), np.array([x, y, 0.0]), 20.0) for x, y in ((8, 2), (-8, -2))]
        aps = [AccessPoint(ap.position_m, ap.direction / np.linalg.norm(ap.direction), 20.0) for ap in aps]
        cell_w.append(diffracted_w(evaluator, Placement(tuple(aps)))[0])
    deep = evaluator.site.grid.centers_m[:, 1] > 15  # where the upright corner at (16, 4) matters most
    assert np.median(cell_w[1][deep] / cell_w[0][deep]) == pytest.approx(4.0, rel=0.1)


def test_plates_have_no_part_in_it(dark: PlacementEvaluator) -> None:
    for placement in some_placements(dark.site.space, 2):
        with_plate_w, without_w = (diffracted_w(dark, p) for p in (placement, placement.without_reflectors()))
        np.testing.assert_array_equal(with_plate_w, without_w)


def test_no_kernel_is_compiled_for_a_placement(dark: PlacementEvaluator) -> None:
    first, second, *others = some_placements(dark.site.space, 4)
    dark.trace(first, 10_000)
    dark.trace(second, 10_000)
    with dr.scoped_set_flag(dr.JitFlag.KernelHistory):
        dr.kernel_history_clear()
        for placement in others:
            dark.trace(placement, 10_000)
        launched = [kernel for kernel in dr.kernel_history() if "cache_hit" in kernel]
    assert launched
    assert all(kernel["cache_hit"] for kernel in launched)


def test_who_sees_no_edge_diffracts_nothing(dark: PlacementEvaluator) -> None:
    far = [AccessPoint(np.array([1e5, y, 2.0]), np.array([1.0, 0.0, 0.0]), 20.0) for y in (1e5, 2e5)]
    power_w = diffracted_w(dark, Placement(tuple(far)))
    assert power_w.shape == (2, dark.site.grid.num_cells)
    assert not power_w.any()
