"""Outdoors heights are above the ground and nobody is inside a building; by default nothing changes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pydantic import ValidationError

from tests.blocks import land, roof, walls
from tests.meshes import ply, write_scene
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem

HOUSE = ((-10.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-10.0, 5.0))
SLOPE = 0.1
SPEED_OF_LIGHT = 299_792_458.0
AROUND = [[[-20.0, -20.0], [20.0, -20.0], [20.0, 20.0], [-20.0, 20.0]]]


def mesh(triangles: Any) -> bytes:
    return ply(triangles.reshape(-1, 3).tolist(), np.arange(3 * len(triangles)).reshape(-1, 3).tolist())


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house on a slope."""
    folder = tmp_path_factory.mktemp("slope")
    house = np.concatenate([walls(HOUSE, -5.0, 12.0), roof(shapely.Polygon(HOUSE), 12.0)])
    more = '<shape type="ply" id="house"><string name="filename" value="meshes/house.ply"/></shape>'
    path = write_scene(folder, mesh(land(SLOPE)), "land.ply", more)
    (folder / "meshes/house.ply").write_bytes(mesh(house))
    return path


def problem(path: Path, **changes: Any) -> PlacementProblem:
    return PlacementProblem.model_validate(
        {
            "scene": {"kind": "xml", "path": str(path), "height_above": "ground"},
            "receivers": {"zones": AROUND, "cell_size_m": 1, "height_m": 1.5},
            "access_points": {"areas": AROUND, "count": 2, "height_m": 4, "each": [{}, {"height_m": 20}]},
            "reflector": None,
        }
        | changes
    )


def test_receivers_stand_on_the_slope_and_not_in_the_house(scene: Path) -> None:
    grid = problem(scene).site().grid
    assert grid.left_out == "of 1600 cells 150 lie inside buildings, and are left out"
    assert np.allclose(grid.points_m[:, 2], SLOPE * grid.points_m[:, 0] + 1.5, atol=1e-4)


def test_access_points_hang_above_the_slope_and_beside_or_over_the_house(scene: Path) -> None:
    space, rng = problem(scene).site().space, np.random.default_rng(1)
    low, high = (np.array([ap.position_m for ap in space.decode(space.sample(rng)).access_points]) for _ in range(2))
    drawn = np.array([[ap.position_m for ap in space.decode(space.sample(rng)).access_points] for _ in range(60)])
    assert low.shape == high.shape == (2, 3)
    assert np.allclose(drawn[..., 2], SLOPE * drawn[..., 0] + [4, 20], atol=1e-4)
    house = shapely.Polygon(HOUSE)
    assert not shapely.contains_xy(house, *drawn[:, 0, :2].T).any()
    assert shapely.contains_xy(house, *drawn[:, 1, :2].T).any(), "20 m are above the roof"
    genes = space.sample(rng) | {"x1": 0.0, "y1": 0.0}
    assert space.violation(genes) == pytest.approx(5, abs=0.05)
    assert space.violation(space.repaired(genes, rng)) == 0


def test_spots_focal_points_and_walls_are_above_the_ground_too(scene: Path) -> None:
    spots = {"kind": "points", "points_m": [[15, 10], [15, -10, 7.0]]}
    plate = {"wall": {"object": "house", "heights_m": [2, 4]}, "size_m": [1, 1]}
    east = [[[8.0, -4.0], [20.0, -4.0], [20.0, 4.0], [8.0, 4.0]]]
    site = problem(
        scene,
        access_points={"count": 1, "height_m": 4, "mount": spots},
        receivers={"zones": east},
        reflector=plate,
    ).site()
    (plate_space,) = site.space.plates
    assert sorted(site.space.access_points.mounted[0].places.spots_m[:, 2]) == pytest.approx([5.5, 7.0])
    assert plate_space.walls[0].bottom_right_m[2] == pytest.approx(2 + SLOPE * 5, abs=0.02)
    assert np.allclose(plate_space.walls[0].normal, (1, 0, 0))
    placement = site.space.decode(site.space.sample(np.random.default_rng(0)))
    x, _, z = placement.reflectors[0].focal_point_m
    assert z == pytest.approx(1.5 + SLOPE * x, abs=1e-4)


def test_power_is_that_of_receivers_on_the_slope(tmp_path: Path) -> None:
    bare = write_scene(tmp_path, mesh(land(0.4)))
    isotropic = {"frequency_hz": 5e9, "tx_pattern": "iso", "max_depth": 0}
    areas = {"areas": AROUND, "count": 1, "height_m": 4}
    evaluator = PlacementEvaluator(
        problem(bare, radio=isotropic, access_points=areas, receivers={"zones": AROUND, "cell_size_m": 2})
    )
    placement = evaluator.site.space.decode({"x1": 16.0, "y1": 3.0, "dir1_x": 1.0, "dir1_y": 0.0})
    assert placement.access_points[0].position_m == pytest.approx([16, 3, 16 * 0.4 + 4], abs=1e-4)
    x, y = evaluator.site.grid.centers_m.T
    distances_m = np.sqrt((x - 16) ** 2 + (y - 3) ** 2 + (0.4 * (x - 16) + 1.5 - 4) ** 2)
    expected_w = 0.1 * (SPEED_OF_LIGHT / 5e9 / (4 * np.pi * distances_m)) ** 2
    rss_w = evaluator.trace(placement, 300_000).rss_w[0]
    far = distances_m > 6  # nearer, the power differs within a cell
    assert 10 * np.log10(rss_w[far].sum() / expected_w[far].sum()) == pytest.approx(0, abs=0.1)
    assert np.std(10 * np.log10(rss_w[far] / expected_w[far])) < 1


def test_above_zero_everything_is_as_ever(scene: Path) -> None:
    above_zero = problem(scene, scene={"kind": "xml", "path": str(scene)})
    assert above_zero.scene.terrain() is None
    grid = above_zero.site().grid
    assert grid.num_cells == 1600
    assert set(grid.points_m[:, 2]) == {1.5}
    assert {ap.places.heights_m for ap in above_zero.site().space.access_points.mounted} == {(4, 4), (20, 20)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"receivers": {"zones": [[[-8, -2], [0, -2], [0, 2]]]}},
            r"receivers\.zones must reach out of buildings, but of 64 cells 64 lie inside buildings, .*; move them",
        ),
        (
            {"receivers": {"zones": AROUND, "surface": "plane"}},
            r"receivers\.surface must be crosses where the ground is uneven, but got 'plane' on ground that rises",
        ),
        (
            {"receivers": {"zones": AROUND, "height_m": 0.3}},
            r"receivers\.panel_height_m must keep the panels above the ground, at most 0\.6 m, but got 0\.8",
        ),
        (
            {"access_points": {"areas": [[[-8, -2], [0, -2], [0, 2]]]}},
            r"access_points\.areas must reach out of buildings, but lie inside them at 2\.5 m above the ground",
        ),
        (
            {"access_points": {"count": 0, "fixed": [{"position_m": [0, 0, 3], "direction": [1, 0, 0]}]}},
            r"access_points\.fixed\.0\.position_m must not be inside a building, but got \[0\.0, 0\.0, 3\.0\]; move it",
        ),
        (
            {"access_points": {"mount": {"kind": "points", "points_m": [[15, 0], [0, 0]]}}},
            r"access_points\.mount\.points_m\.1 must not be inside a building, but got \[0\.0, 0\.0\]; move it",
        ),
    ],
)
def test_who_is_inside_a_building_is_told(scene: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        problem(scene, **changes)


def test_a_horizontal_map_lies_above_even_ground(scene: Path, tmp_path: Path) -> None:
    flat = write_scene(tmp_path, mesh(land(height_m=30.0)))
    even = problem(flat, receivers={"zones": AROUND, "surface": "plane"})
    assert even.site().grid.center_m == pytest.approx((0, 0, 31.5))


def test_an_unknown_ground_is_told(scene: Path) -> None:
    with pytest.raises(
        ValidationError, match=r"scene\.ground must name objects of the scene, but got 'sea'; choose from house, p"
    ):
        problem(scene, scene={"kind": "xml", "path": str(scene), "height_above": "ground", "ground": ["sea"]})
