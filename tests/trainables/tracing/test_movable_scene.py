"""The scene in which things move: plates of every material that a wall can be of, several, and of facets."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from search_spaces.design import ReflectorPose
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem


@pytest.mark.parametrize("material", ["metal", "vacuum"])
def test_a_plate_of_metal_reflects_and_one_of_nothing_is_not_there(material: str) -> None:
    """Also of vacuum, for which Sionna has no colour."""
    problem = PlacementProblem(reflector={"material": material}, fidelity={"rungs": [4_000]})
    evaluator = PlacementEvaluator(problem)
    genes = {"x1": 8.4, "y1": 2.3, "x2": 6.4, "y2": 1.4, "dir1_x": 1.0, "dir1_y": 0.0, "dir2_x": 1.0, "dir2_y": 0.0}
    genes |= {"refl_u": 0.5, "refl_v": 0.5, "focal_x": 19.0, "focal_y": 14.0}
    placement = evaluator.site.space.decode(genes)
    power_w, without_w = (evaluator.trace(of, 4_000).rss_w.sum() for of in (placement, placement.without_reflectors()))
    assert (power_w > 1.001 * without_w) == (material == "metal")


WEST = {"top_left_m": [0, 0, 3], "bottom_right_m": [0, 4, 0]}
SOUTH = {"top_left_m": [20, 0, 3], "bottom_right_m": [16, 0, 0]}
AIMED = {"x1": 8.4, "y1": 2.3, "x2": 6.4, "y2": 1.4, "dir1_x": 1.0, "dir1_y": 0.0, "dir2_x": 1.0, "dir2_y": 0.0}
EAST = {"refl_u": 0.5, "refl_v": 0.5, "focal_x": 19.0, "focal_y": 14.0}


def power_w(genes: dict[str, float], *plates: dict[str, Any]) -> npt.NDArray[np.float64]:
    """Of the corridor with these plates, ``[num_ap, num_cells]``, W."""
    problem = PlacementProblem.model_validate({"reflectors": plates, "fidelity": {"rungs": [40_000]}})
    evaluator = PlacementEvaluator(problem)
    return evaluator.trace(evaluator.site.space.decode(AIMED | genes), 40_000).rss_w


def traced_w(evaluator: PlacementEvaluator, *plates: ReflectorPose) -> npt.NDArray[np.float64]:
    placement = evaluator.site.space.decode(AIMED | EAST)
    return evaluator.trace(replace(placement, reflectors=plates), 40_000).rss_w


def test_a_mirror_in_pieces_is_the_mirror_and_one_of_facets_focuses() -> None:
    """Facets of one plane are the flat plate; those that all aim at one point bring more there than it does."""
    plate = {"tiles": [4, 4], "size_m": [2, 2], "model": "mirror"}
    evaluator = PlacementEvaluator(PlacementProblem.model_validate({"reflector": plate}))
    (facets,) = evaluator.site.space.decode(AIMED | EAST).reflectors
    u, v = np.meshgrid(np.arange(4), np.arange(4))
    origin, across, up = facets.vertices_m[0], *(facets.vertices_m[[1, 3]] - facets.vertices_m[0])
    corners = np.stack([u.ravel(), v.ravel()], axis=1)[:, None] + [[0, 0], [1, 0], [1, 1], [0, 1]]
    pieces = replace(facets, facets_m=origin + (corners / 4) @ np.stack([across, up]))
    flat = PlacementEvaluator(PlacementProblem.model_validate({"reflector": plate | {"tiles": [1, 1]}}))
    flat_w = traced_w(flat, replace(facets, facets_m=None))
    same = np.isclose(traced_w(evaluator, pieces), flat_w, rtol=1e-3, atol=1e-6 * flat_w.max())
    assert same.mean() > 0.98, "but for rays that meet an edge between two pieces"
    near = np.linalg.norm(evaluator.site.grid.centers_m - facets.focal_point_m[:2], axis=1) < 0.6
    assert traced_w(evaluator, facets)[0, near].sum() > 2 * flat_w[0, near].sum()


def test_plates_of_several_models_and_facets_are_traced_without_a_kernel_for_each_placement() -> None:
    plates = [
        {"tiles": [3, 2], "fan_m": [1, 0]},
        {"model": "mirror", "wall": WEST},
        {"material": "wood", "wall": SOUTH},
    ]
    problem = PlacementProblem.model_validate({"reflectors": plates, "fidelity": {"rungs": [4_000]}})
    evaluator = PlacementEvaluator(problem)
    import drjit as dr

    space, rng = evaluator.site.space, np.random.default_rng(2)
    placements = [space.decode(space.sample(rng)) for _ in range(3)]
    evaluator.trace(placements[0], 4_000)
    with dr.scoped_set_flag(dr.JitFlag.KernelHistory, True):
        dr.kernel_history_clear()
        maps_w = [evaluator.trace(placement, 4_000).rss_w for placement in placements[1:]]
        kernels = [kernel for kernel in dr.kernel_history() if kernel["type"] == dr.KernelType.JIT]
    assert kernels
    assert all(kernel["cache_hit"] for kernel in kernels)
    assert not np.array_equal(*maps_w)


def test_each_of_two_plates_does_what_it_does_alone() -> None:
    """One of nothing beside a plate leaves it as it is, whichever comes first."""
    alone_w = power_w(EAST, {})
    nothing = {"material": "vacuum", "wall": SOUTH, "model": "mirror"}
    here = {name.replace("l_", "l1_"): value for name, value in EAST.items()}
    there = {"refl2_u": 0.5, "refl2_v": 0.5, "focal2_x": 18.0, "focal2_y": 12.0}
    swapped = {name.translate(str.maketrans("12", "21")): value for name, value in (here | there).items()}
    with_nothing = power_w(here | there, {}, nothing), power_w(swapped, nothing, {})
    for both_w in with_nothing:
        assert both_w.sum() == pytest.approx(alone_w.sum(), rel=0.01)
    assert power_w(here | there, {}, nothing | {"material": "metal"}).sum() > 1.001 * alone_w.sum()


def test_a_plate_that_is_there_does_what_a_placed_one_does_and_stays_when_that_is_taken_away(
    corridor: PlacementEvaluator,
) -> None:
    space = corridor.site.space
    placement = space.decode(space.sample(np.random.default_rng(5)))
    (pose,) = placement.reflectors
    old = {"fixed": {"center_m": pose.center_m.tolist(), "normal": pose.normal.tolist()}}
    problem = PlacementProblem.model_validate({"reflectors": [{"wall": WEST, "model": "mirror"}, old]})
    evaluator = PlacementEvaluator(problem)
    there = evaluator.site.space.plates[0].decode({}, placement.access_points)
    np.testing.assert_allclose(there.vertices_m, pose.vertices_m, atol=1e-9)
    beside = evaluator.site.space.decode(evaluator.site.space.sample(np.random.default_rng(6))).reflectors[1]
    both = replace(placement, reflectors=(there, beside))
    with_w = corridor.trace(placement, 4_000).rss_w
    np.testing.assert_allclose(evaluator.trace(both.without_reflectors(), 4_000).rss_w, with_w, rtol=1e-4)
    assert not np.allclose(evaluator.trace(both, 4_000).rss_w, with_w, rtol=1e-2)
