"""Genes become the placement that they describe, and what cannot be built is told by how much."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from shapely.geometry import Polygon, box
from shapely.ops import unary_union

from search_spaces.access_points import AccessPointsConfig, AccessPointSpace
from search_spaces.design import Placement
from search_spaces.genes import Genes
from search_spaces.placement import PlacementSpace
from search_spaces.plates import PlateSpace
from search_spaces.reflector import PlateMount, Point3, WallRectangle

WALL = WallRectangle(top_left_m=(20, 4, 3), bottom_right_m=(20, 0, 0))
PLATE = PlateSpace((PlateMount(WALL, (1.0, 1.0)),), focal_bounds=(16, 4, 20, 20), focal_height_m=1.5)


def space(count: int, plate: PlateSpace | None = None, separation_m: float = 1.0) -> PlacementSpace:
    """Access points in a corridor with a column in it."""
    config = AccessPointsConfig(count=count, min_separation_m=separation_m)
    where = AccessPointSpace(config, area=box(0, 0, 12, 4), keep_out=box(5, 1, 7, 3))
    return PlacementSpace(where, () if plate is None else (plate,))


CORRIDORS = [space(1), space(2), space(2, PLATE), space(5, PLATE)]


def within_bounds(space: PlacementSpace) -> st.SearchStrategy[dict[str, float]]:
    return st.fixed_dictionaries({gene.name: st.floats(gene.low, gene.high) for gene in space.genes})


def assert_same(one: Placement, other: Placement) -> None:
    for a, b in zip(one.access_points, other.access_points, strict=True):
        np.testing.assert_allclose([*a.position_m, *a.direction], [*b.position_m, *b.direction], atol=1e-9)
    for p, q in zip(one.reflectors, other.reflectors, strict=True):
        np.testing.assert_allclose(p.vertices_m, q.vertices_m, atol=1e-9)


@pytest.mark.parametrize(
    ("corridor", "mode", "names"),
    [
        (space(1), "1ap", "x1 y1 dir1_x dir1_y"),
        (space(2), "2ap", "x1 y1 x2 y2 dir1_x dir1_y dir2_x dir2_y"),
        (
            space(2, PLATE),
            "2ap_reflector",
            "x1 y1 x2 y2 dir1_x dir1_y dir2_x dir2_y refl_u refl_v focal_x focal_y",
        ),
    ],
)
def test_genes_have_their_documented_names_and_order(corridor: PlacementSpace, mode: str, names: str) -> None:
    assert corridor.mode == mode
    assert [gene.name for gene in corridor.genes] == names.split()


def test_genes_have_the_bounds_of_what_they_move() -> None:
    bounds = {gene.name: (gene.low, gene.high) for gene in space(2, PLATE).genes}
    assert bounds["x2"] == (0, 12)
    assert bounds["y1"] == (0, 4)
    assert bounds["dir2_y"] == (-1, 1)
    assert bounds["refl_u"] == bounds["refl_v"] == (0, 1)
    assert bounds["focal_x"] == (16, 20)
    assert bounds["focal_y"] == (4, 20)


def test_five_access_points_and_a_plate_work_like_two() -> None:
    corridor = space(5, PLATE)
    genes = corridor.sample(np.random.default_rng(0))
    placement = corridor.decode(genes)
    assert len(genes) == 5 * 4 + 4
    assert len(placement.access_points) == 5
    assert len(placement.reflectors) == 1


@pytest.mark.parametrize("corridor", CORRIDORS, ids=lambda s: s.mode)
@given(data=st.data())
@settings(max_examples=20)
def test_every_gene_is_found_again_in_what_is_built(corridor: PlacementSpace, data: st.DataObject) -> None:
    """Against arithmetic of the test's own, gene by gene: none is swapped with another, and none is lost."""
    genes = data.draw(within_bounds(corridor))
    placement = corridor.decode(genes)
    assert len(placement.access_points) == corridor.access_points.config.count
    for i, ap in enumerate(placement.access_points, start=1):
        assert ap.position_m.tolist() == [genes[f"x{i}"], genes[f"y{i}"], 2.5]
        towards = [genes[f"dir{i}_x"], genes[f"dir{i}_y"], -0.5]
        assert ap.direction.tolist() == pytest.approx([axis / math.hypot(*towards) for axis in towards])
        assert ap.power_dbm == 20
    assert len(placement.reflectors) == len(corridor.plates)
    for plate in placement.reflectors:
        assert (plate.u, plate.v, plate.size_m) == (genes["refl_u"], genes["refl_v"], (1.0, 1.0))
        assert plate.focal_point_m.tolist() == [genes["focal_x"], genes["focal_y"], 1.5]
        x_m, y_m, z_m = plate.center_m
        assert z_m == pytest.approx(2.5 - 2 * genes["refl_v"])  # from the top of its wall down
        assert y_m == pytest.approx(3.5 - 3 * genes["refl_u"], abs=0.21)  # left to right; a tilt may move it inwards
        assert 19 < x_m < 20


@given(within_bounds(space(2)))
@settings(max_examples=50)
def test_directions_are_unit_vectors_of_fixed_slope(genes: Genes) -> None:
    for i, ap in enumerate(space(2).decode(genes).access_points, start=1):
        assert np.linalg.norm(ap.direction) == pytest.approx(1)
        np.testing.assert_allclose(
            ap.direction / ap.direction[2] * -0.5, [genes[f"dir{i}_x"], genes[f"dir{i}_y"], -0.5], atol=1e-9
        )
        assert ap.position_m[2] == 2.5


@given(within_bounds(space(2, PLATE)), st.booleans())
@settings(max_examples=60)
def test_renaming_the_access_points_leaves_the_plate_where_it_is(genes: Genes, mirrored: bool) -> None:
    corridor = space(2, PLATE)
    genes = dict(genes)
    if mirrored:  # both equally far from the plate
        genes |= {"refl_u": 0.5, "x2": genes["x1"], "y2": 4 - genes["y1"]}
    other = {"1": "2", "2": "1"}
    renamed = {"".join(other.get(letter, letter) for letter in name): value for name, value in genes.items()}
    one, two = corridor.decode(genes), corridor.decode(renamed)
    np.testing.assert_array_equal(one.reflectors[0].vertices_m, two.reflectors[0].vertices_m)
    assert_same(replace(one, access_points=one.access_points[::-1]), two)
    assert corridor.violation(genes) == pytest.approx(corridor.violation(renamed))


@given(within_bounds(space(3, PLATE)))
@settings(max_examples=60)
def test_the_plate_mirrors_the_nearest_access_point(genes: Genes) -> None:
    placement = space(3, PLATE).decode(genes)
    plate = placement.reflectors[0]
    by_distance = sorted(np.linalg.norm(ap.position_m - plate.center_m) for ap in placement.access_points)
    assume(by_distance[1] - by_distance[0] > 1)  # as the plate is aimed, its centre moves a little

    def miss(position_m: np.ndarray) -> float:
        ray, out = plate.center_m - position_m, plate.focal_point_m - plate.center_m
        reflected = ray - 2 * (ray @ plate.normal) * plate.normal
        return float(np.linalg.norm(reflected / np.linalg.norm(reflected) - out / np.linalg.norm(out)))

    nearest = min(placement.access_points, key=lambda ap: np.linalg.norm(ap.position_m - plate.center_m))
    assert miss(nearest.position_m) < 1e-9


@pytest.mark.parametrize("corridor", CORRIDORS, ids=lambda s: s.mode)
@pytest.mark.parametrize("seed", range(5))
def test_a_sample_is_feasible_within_bounds_and_known_by_its_seed(corridor: PlacementSpace, seed: int) -> None:
    genes = corridor.sample(np.random.default_rng(seed))
    assert corridor.violation(genes) == 0
    assert all(gene.low <= genes[gene.name] <= gene.high for gene in corridor.genes)
    assert genes == corridor.sample(np.random.default_rng(seed))
    assert genes != corridor.sample(np.random.default_rng(seed + 1))


def mounted(top_left_m: Point3, bottom_right_m: Point3, size_m: float = 1.0, **changes: Any) -> PlateSpace:
    wall = WallRectangle(top_left_m=top_left_m, bottom_right_m=bottom_right_m)
    return replace(PLATE, mounts=(PlateMount(wall, (size_m, 3 * size_m)),), **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"config": AccessPointsConfig(min_separation_m=50)},
            "access_points.min_separation_m must leave room for 2 access points.*none of 200.*50 m apart; lower it",
        ),
        (
            {"config": AccessPointsConfig(count=60)},
            "access_points.min_separation_m must leave room for 60 access points.*; lower it or count",
        ),
        (
            {
                "config": AccessPointsConfig(height_m=10),
                "plate": mounted((20, 2.5, 3), (20, 1.5, 0), focal_height_m=10.0),
            },
            r"reflector.size_m must let .* wall of 1 m, but one of \[1.0, 3.0\] m sticks out.*; make it narrower",
        ),
        (
            {"plate": mounted((20, 0, 3), (20, 4, 0))},  # seen from the other side, left is right
            "reflector.wall must face .* both lie behind it.*; swap the corners' x and y, or move it",
        ),
        (
            {"area": box(0, 0, 7, 4), "plate": mounted((8, 4, 3), (8, 0, 0), focal_bounds=(19.0, 1.9, 20.0, 2.1))},
            r"reflector.focal_area must lie in front of .*\[19.0, 1.9, 20.0, 2.1\], behind it; move it",
        ),
        (
            {
                "area": box(0, 1.9, 6, 2.1),
                "plate": mounted((14, 0, 3), (14, 4, 0), focal_bounds=(15.0, 15.0, 16.0, 20.0)),
            },
            r"access_points.areas must lie in front of .*\[0.0, 1.9, 6.0, 2.1\], behind it; move them",
        ),
        (
            {
                "config": AccessPointsConfig(height_m=9000),
                "plate": mounted((20, 4, 3), (20, 0, 0), focal_height_m=9000.0),
            },
            "access_points.height_m and reflector.focal_height_m must .* from 9000 and 9000 m.*; bring them nearer",
        ),
    ],
    ids=["apart", "many", "plate", "wall", "focal-point", "behind-the-wall", "heights"],
)
def test_a_space_without_feasible_placements_says_what_to_change(changes: dict[str, Any], said: str) -> None:
    plate = changes.get("plate", PLATE)
    where = {field: change for field, change in changes.items() if field != "plate"}
    hopeless = PlacementSpace(replace(space(2).access_points, **where), (plate,))
    with pytest.raises(ValueError, match=f"^{said}"):
        hopeless.sample(np.random.default_rng(0), attempts=200)


@given(st.floats(0, 100), st.floats(0, 100))
@settings(max_examples=50)
def test_violation_outside_the_area_is_the_distance_to_it(near_m: float, far_m: float) -> None:
    near, far = (space(1).violation({"x1": 12 + d, "y1": 2, "dir1_x": 0, "dir1_y": 0}) for d in sorted((near_m, far_m)))
    assert near == pytest.approx(min(near_m, far_m))
    assert far >= near


def test_violation_in_a_keep_out_zone_is_the_depth_in_it() -> None:
    violations = [space(1).violation({"x1": x, "y1": 2, "dir1_x": 0, "dir1_y": 0}) for x in (4.9, 5.0, 5.2, 6.0)]
    assert violations == pytest.approx([0, 0, 0.2, 1.0])


def test_violation_of_close_access_points_is_what_they_lack() -> None:
    genes = {"x1": 1, "y1": 2, "y2": 2, "dir1_x": 0, "dir1_y": 0, "dir2_x": 0, "dir2_y": 0}
    violations = [space(2).violation(genes | {"x2": x}) for x in (2.1, 2.0, 1.7, 1.0)]
    assert violations == pytest.approx([0, 0, 0.3, 1.0])


def test_violation_of_a_plate_that_would_face_into_its_wall_is_positive() -> None:
    behind = replace(PLATE, focal_bounds=(30, 1, 31, 2))
    corridor = PlacementSpace(AccessPointSpace(AccessPointsConfig(count=1), box(18, 9, 19, 12), Polygon()), (behind,))
    genes = {"x1": 19, "y1": 12, "dir1_x": 0, "dir1_y": 0, "refl_u": 0.5, "refl_v": 0.5, "focal_x": 30, "focal_y": 2}
    assert corridor.violation(genes) > 0
    with pytest.raises(ValueError, match="face into its wall"):
        corridor.decode(genes)


def test_an_area_covered_by_keep_out_zones_is_refused() -> None:
    room = box(0, 0, 12, 4)
    covered = AccessPointSpace(AccessPointsConfig(), room, keep_out=room.buffer(1))
    with pytest.raises(ValueError, match=r"access_points\.keep_out must leave some .*; shrink it"):
        covered.check()


@pytest.mark.parametrize("keep_out", [Polygon(), box(5, 1, 7, 3)])
def test_a_speck_is_no_area_whatever_is_kept_out(keep_out: Polygon) -> None:
    speck = AccessPointSpace(AccessPointsConfig(), box(1, 1, 1.00001, 1.00001), keep_out)
    with pytest.raises(
        ValueError, match=r"^access_points\.areas must cover at least 1e-06 m2, but cover 1e-10; enlarge"
    ):
        speck.check()


def test_small_areas_far_apart_are_areas_too() -> None:
    corners = box(0, 0, 0.01, 0.01).union(box(99.99, 99.99, 100, 100))
    AccessPointSpace(AccessPointsConfig(), corners, keep_out=Polygon()).check()


def test_an_empty_list_of_areas_is_refused() -> None:
    with pytest.raises(ValidationError, match="must hold at least one polygon"):
        AccessPointsConfig(areas=())


def test_a_missing_gene_is_an_error() -> None:
    with pytest.raises(KeyError, match="dir1_y"):
        space(1).decode({"x1": 1, "y1": 1, "dir1_x": 0})


def test_records_become_plain_json() -> None:
    placement = space(2, PLATE).decode(space(2, PLATE).sample(np.random.default_rng(0)))
    ap, plate = (json.loads(json.dumps(part.to_json())) for part in (placement.access_points[0], *placement.reflectors))
    assert ap["power_dbm"] == 20
    assert math.hypot(*ap["direction"]) == pytest.approx(1)
    np.testing.assert_array_equal(plate["vertices_m"], placement.reflectors[0].vertices_m)


def test_without_reflectors_only_the_access_points_remain() -> None:
    placement = space(2, PLATE).decode(space(2, PLATE).sample(np.random.default_rng(0)))
    bare = placement.without_reflectors()
    assert bare.reflectors == ()
    assert bare.access_points == placement.access_points


SPECKS = box(0, 0, 0.1, 0.1).union(box(100, 100, 100.1, 100.1))
HARD: dict[str, dict[str, Any]] = {
    "specks": {"area": SPECKS, "keep_out": Polygon()},
    "sliver": {"area": box(0, 0, 12, 4), "keep_out": box(0.01, 0, 12, 4)},
    "spots": {
        "area": unary_union([box(6 * i, 6 * j, 6 * i + 1, 6 * j + 1) for i in range(6) for j in range(4)]),
        "config": AccessPointsConfig(count=12, min_separation_m=2.0),
        "keep_out": Polygon(),
    },
    "u-shape": {
        "area": Polygon([(0, 0), (9, 0), (9, 9), (8.9, 9), (8.9, 0.1), (0.1, 0.1), (0.1, 9), (0, 9)]),
        "keep_out": box(1, 0, 8, 0.09),
    },
}


@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("plate", [None, PLATE], ids=["bare", "plate"])
def test_small_and_narrow_areas_are_sampled(hard: str, plate: PlateSpace | None) -> None:
    where = PlacementSpace(replace(space(2).access_points, **HARD[hard]), () if plate is None else (plate,))
    for seed in range(5):
        genes = where.sample(np.random.default_rng(seed))
        assert where.violation(genes) == 0
        assert genes == where.sample(np.random.default_rng(seed))


def test_samples_are_uniform_over_polygons_however_small() -> None:
    """Two specks of one and three hundredths of a square metre, far apart: shares of a binomial distribution."""
    specks = box(0, 0, 0.1, 0.1).union(box(100, 100, 100.3, 100.1))
    where = PlacementSpace(AccessPointSpace(AccessPointsConfig(count=1), specks, Polygon()))
    drawn = [where.sample(np.random.default_rng(seed)) for seed in range(400)]
    large = np.array([genes["x1"] for genes in drawn if genes["x1"] > 50])
    assert len(large) == pytest.approx(300, abs=4 * math.sqrt(400 * 0.75 * 0.25))
    quarters = np.histogram((large - 100) / 0.3, bins=4, range=(0, 1))[0] / len(large)
    assert quarters == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / len(large)))


@pytest.mark.parametrize("hard", HARD)
@given(data=st.data())
@settings(max_examples=15)
def test_what_is_repaired_can_be_built_and_needs_no_second_repair(hard: str, data: st.DataObject) -> None:
    where = PlacementSpace(replace(space(2).access_points, **HARD[hard]), (PLATE,))
    genes = data.draw(within_bounds(where))
    mended = where.repaired(genes, np.random.default_rng(0))
    assert where.violation(mended) == 0
    assert all(gene.low <= mended[gene.name] <= gene.high for gene in where.genes)
    assert where.repaired(mended, np.random.default_rng(1)) == mended


@given(within_bounds(space(1)))
@settings(max_examples=40)
def test_a_repair_moves_an_access_point_no_further_than_it_must(genes: Genes) -> None:
    """Its violation is the way to the nearest place; a repair goes a hair further, and turns nothing."""
    corridor = space(1)
    mended = corridor.repaired(genes, np.random.default_rng(0))
    moved_m = math.dist([genes["x1"], genes["y1"]], [mended["x1"], mended["y1"]])
    assert moved_m == pytest.approx(corridor.violation(genes), abs=1e-5)
    assert {name: mended[name] for name in ("dir1_x", "dir1_y")} == {name: genes[name] for name in ("dir1_x", "dir1_y")}


def test_only_what_is_too_close_is_drawn_anew() -> None:
    genes = {"x1": 1.0, "y1": 2.0, "x2": 9.0, "y2": 2.0, "x3": 1.2, "y3": 2.0}
    genes |= {f"dir{i}_{axis}": 0.1 * i for i in (1, 2, 3) for axis in "xy"}
    mended = space(3).repaired(genes, np.random.default_rng(0))
    assert {name for name in genes if mended[name] != genes[name]} == {"x3", "y3"}
