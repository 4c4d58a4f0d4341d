"""The number is right: what the rows of ``trainables/validation`` leave out, by identity or an independent route."""

import numpy as np
import numpy.typing as npt
import pytest

from search_spaces.design import AccessPoint, Placement
from search_spaces.placement import PlacementSpace
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.validation.halls import WAVELENGTH_M, hall


def dbm(power_w: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 10 * np.log10(power_w) + 30


def some_placements(space: PlacementSpace, count: int) -> list[Placement]:
    rng = np.random.default_rng(7)
    return [space.decode(space.sample(rng)) for _ in range(count)]


@pytest.mark.parametrize("focal", [(4.0, 2.0), (4.0, 10.0), (8.0, 6.0), (12.0, 9.0)])
@pytest.mark.parametrize("v", [0.1, 0.8])
def test_a_mirror_is_image_theory(focal: tuple[float, float], v: float) -> None:
    """It shows the AP's mirror image: lit cells are those that see it through the plate, at Friis's power."""
    evaluator = hall(
        radio={"specular_reflection": True, "line_of_sight": False, "max_depth": 1},
        reflector={"size_m": [2.0, 1.5], "model": "mirror"},
        receivers={"panel_height_m": 0.2, "cell_size_m": 0.25},
    )
    genes = {"x1": 7.0, "y1": 8.5, "dir1_x": 0.0, "dir1_y": 0.0, "refl_u": 0.4, "refl_v": v}
    placement = evaluator.site.space.decode({**genes, "focal_x": focal[0], "focal_y": focal[1]})
    plate, ap = placement.reflectors[0], placement.access_points[0]
    rss_w = evaluator.trace(placement, 3_000_000).rss_w[0]

    image_m = ap.position_m - 2 * ((ap.position_m - plate.center_m) @ plate.normal) * plate.normal
    cells_m = np.column_stack([evaluator.site.grid.centers_m, np.full(len(rss_w), 1.5)])
    rays = cells_m - image_m
    hit_m = image_m + rays * (((plate.center_m - image_m) @ plate.normal) / (rays @ plate.normal))[:, None]
    edges = plate.vertices_m[1] - plate.vertices_m[0], plate.vertices_m[3] - plate.vertices_m[0]
    across, up = (((hit_m - plate.vertices_m[0]) @ e) / (e @ e) for e in edges)
    margin = 0.12  # a cell and its panels straddle the shadow's edge
    depth_m = (cells_m - plate.center_m) @ plate.normal  # > 0: in front of the mirror
    inside = (np.abs(across - 0.5) < 0.5 - margin) & (np.abs(up - 0.5) < 0.5 - margin) & (depth_m > 0.2)
    outside = (np.abs(across - 0.5) > 0.5 + margin) | (np.abs(up - 0.5) > 0.5 + margin) | (depth_m < -0.2)

    assert inside.sum() > 10
    assert np.argmin(np.linalg.norm(cells_m[:, :2] - focal, axis=1)) in np.flatnonzero(inside)
    assert rss_w[outside].max() < 1e-9 * rss_w[inside].min()
    friis_w = 0.1 * (WAVELENGTH_M / (4 * np.pi * np.linalg.norm(rays, axis=1))) ** 2
    error_db = dbm(rss_w[inside]) - dbm(friis_w[inside])
    assert abs(np.median(error_db)) < 0.2
    assert np.quantile(np.abs(error_db), 0.9) < 1.0


def test_a_plate_moved_away_and_back_leaves_the_score(corridor: PlacementEvaluator) -> None:
    first, other = some_placements(corridor.site.space, 2)
    before = corridor.trace(first, 30_000).rss_w
    corridor.trace(other, 30_000)
    corridor.trace(first.without_reflectors(), 30_000)
    np.testing.assert_allclose(corridor.trace(first, 30_000).rss_w, before, rtol=1e-4)


def test_a_parked_plate_is_no_plate(corridor: PlacementEvaluator) -> None:
    bare = PlacementEvaluator(PlacementProblem.model_validate({"reflector": None}))
    for placement in some_placements(corridor.site.space, 3):
        alone = placement.without_reflectors()
        np.testing.assert_allclose(corridor.trace(alone, 30_000).rss_w, bare.trace(alone, 30_000).rss_w, rtol=1e-4)


def test_renaming_access_points_changes_nothing() -> None:
    """With a mirror, to the last digits; a plate that diffracts bends rays at random, each by numbers of its own."""
    corridor = PlacementEvaluator(PlacementProblem.model_validate({"reflector": {"model": "mirror"}}))
    placement = some_placements(corridor.site.space, 1)[0]
    swapped = Placement(placement.access_points[::-1], placement.reflectors)
    maps = [corridor.trace(p, 30_000) for p in (placement, swapped)]
    np.testing.assert_allclose(maps[0].rss_w, maps[1].rss_w[::-1], rtol=1e-4)
    scores = [corridor.score(m).value for m in maps]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)


def test_hiding_an_access_point_does_not_pay(corridor: PlacementEvaluator) -> None:
    """The trick that fooled others: shut one AP out of the building, and its empty cells drop out of the quantile."""
    for placement in some_placements(corridor.site.space, 4):
        first, second = placement.access_points
        outside = AccessPoint(np.array([8.0, 12.0, 2.5]), second.direction, second.power_dbm)
        shown, hidden = (
            corridor.score(corridor.trace(Placement((first, ap), placement.reflectors), 30_000))
            for ap in (second, outside)
        )
        assert hidden.value <= shown.value + 1e-3
        assert hidden.coverage <= shown.coverage


def test_a_plate_outside_the_building_changes_neither_cells_nor_score(
    corridor: PlacementEvaluator,
) -> None:
    """A protruding plate widens the scene's box; the receiver grid must not follow it."""
    placement = some_placements(corridor.site.space, 1)[0]
    plate = placement.reflectors[0]
    far = type(plate)(**{**vars(plate), "vertices_m": plate.vertices_m + np.array([30.0, 0.0, 0.0])})
    alone = corridor.trace(placement.without_reflectors(), 30_000).rss_w
    protruding = corridor.trace(Placement(placement.access_points, (far,)), 30_000).rss_w
    np.testing.assert_allclose(protruding, alone, rtol=1e-4)


@pytest.mark.parametrize("interaction", ["refraction", "diffuse_reflection", "diffraction"])
def test_every_interaction_reaches_where_mirrors_do_not(interaction: str) -> None:
    """Each kind that can be switched on brings power to cells behind walls that had none."""
    reached = []
    for radio in ({"max_depth": 1}, {"max_depth": 1, interaction: True}):
        problem = {
            "scene": {"kind": "floor_plan", "plan": "office"},
            "reflector": None,
            "receivers": {"cell_size_m": 1.0},
            "radio": radio,
        }
        evaluator = PlacementEvaluator(PlacementProblem.model_validate(problem))
        rss_w = evaluator.trace(some_placements(evaluator.site.space, 1)[0], 50_000).rss_w
        reached.append(int(np.count_nonzero(evaluator.problem.objective.combined(rss_w))))
    assert reached[1] > reached[0]
