"""Several walls and several plates: where ``u`` leads, which genes there are, and who is in whose way."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from search_spaces.design import AccessPoint, ReflectorPose
from search_spaces.plates import PlateSpace, overlaps_m
from search_spaces.reflector import CLEARANCE_M, PlateMount, Size, WallRectangle, bisector

EAST = WallRectangle(top_left_m=(20, 4, 3), bottom_right_m=(20, 0, 0))
SOUTH = WallRectangle(top_left_m=(20, 0, 3), bottom_right_m=(8, 0, 0))
AP = (AccessPoint(np.array([12.0, 2.0, 2.5]), np.array([1.0, 0.0, 0.0]), 20.0),)
FOCUS = (17.0, 3.0, 18.0, 3.5)


def plate(*walls: WallRectangle, size_m: Size = (1.0, 1.0), number: str = "") -> PlateSpace:
    return PlateSpace(tuple(PlateMount(wall, size_m) for wall in walls), FOCUS, 1.5, number)


def genes(u: float, v: float = 0.5, number: str = "", **more: float) -> dict[str, float]:
    at = {f"refl{number}_u": u, f"refl{number}_v": v, f"focal{number}_x": 17.5, f"focal{number}_y": 3.2}
    return at | {f"refl{number}_{name}": value for name, value in more.items()}


@given(u=st.floats(0, 1), v=st.floats(0, 1))
@settings(max_examples=40)
def test_u_runs_along_one_wall_after_the_other_by_their_lengths(u: float, v: float) -> None:
    both = plate(EAST, SOUTH)
    assume(abs(u - 0.25) > 1e-9)
    alone, share = (plate(EAST), 4 * u) if u < 0.25 else (plate(SOUTH), (4 * u - 1) / 3)  # 4 m and 12 m
    assume(alone.violation(genes(share, v), AP) == 0)
    pose, same = both.decode(genes(u, v), AP), alone.decode(genes(share, v), AP)
    np.testing.assert_allclose(pose.vertices_m, same.vertices_m, atol=1e-6)
    assert (pose.u, pose.v) == (u, v)
    assert both.wall_at(u) == alone.walls[0]


def test_one_wall_is_what_it_was_alone_to_the_last_bit() -> None:
    mount, at = PlateMount(EAST, (1.0, 1.0)), (0.3, 0.7)
    pose = plate(EAST).decode(genes(*at), AP)
    assert pose.vertices_m.tolist() == mount.pose(*at, AP[0].position_m, np.array([17.5, 3.2, 1.5])).vertices_m.tolist()


def test_a_point_that_is_fixed_and_a_size_that_is_searched_have_their_genes() -> None:
    pointed = replace(plate(EAST, number="2"), focal_bounds=(17.0, 3.0, 17.0, 3.0))
    assert [gene.name for gene in pointed.genes] == ["refl2_u", "refl2_v"]
    pose = pointed.decode({"refl2_u": 0.5, "refl2_v": 0.5}, AP)
    assert pose.focal_point_m.tolist() == [17.0, 3.0, 1.5]
    sized = replace(plate(EAST, size_m=(2.0, 3.0)), smallest_m=(0.5, 0.4))
    bounds = {gene.name: (gene.low, gene.high) for gene in sized.genes}
    assert (bounds["refl_w"], bounds["refl_h"]) == ((0.5, 2.0), (0.4, 3.0))
    pose = sized.decode(genes(0.5, w=0.8, h=1.1), AP)
    assert np.linalg.norm(np.diff(pose.vertices_m, axis=0), axis=1)[:2] == pytest.approx((0.8, 1.1))


def test_a_size_that_is_too_large_for_the_wall_at_hand_is_infeasible_by_the_metres_it_sticks_out() -> None:
    niche = WallRectangle(top_left_m=(20, 3, 2), bottom_right_m=(20, 2, 1))
    sized = replace(plate(EAST, niche, size_m=(2.0, 2.0)), smallest_m=(0.5, 0.5))
    assert sized.violation(genes(0.9, w=0.6, h=0.6), AP) == 0
    assert sized.violation(genes(0.9, w=0.6, h=1.6), AP) == pytest.approx(0.3, abs=0.01)  # above and below
    assert sized.fault(genes(0.9, w=0.6, h=1.6), AP) == "size"


# --- who is in whose way ------------------------------------------------------------------------------------


def overlap_m(one: tuple[PlateSpace, ReflectorPose], other: tuple[PlateSpace, ReflectorPose]) -> float:
    plates, poses = zip(one, other, strict=True)
    return sum(overlaps_m(plates, poses))


def hung(space: PlateSpace, u: float, v: float = 0.5) -> tuple[PlateSpace, ReflectorPose]:
    return space, space.decode(genes(u, v, space.number), AP)


def test_plates_on_one_wall_overlap_by_what_one_of_them_must_give_way() -> None:
    first, second = plate(SOUTH, number="1"), plate(SOUTH, number="2")
    apart = [overlap_m(hung(first, 0.3), hung(second, u)) for u in (0.3, 0.35, 0.5)]
    assert apart[0] > apart[1] > apart[2] == 0
    width_m = np.ptp(hung(first, 0.3)[1].vertices_m[:, 0])
    assert apart[1] == pytest.approx(width_m - 0.05 * 11, abs=0.05)
    assert overlap_m(hung(second, 0.35), hung(first, 0.3)) == pytest.approx(apart[1])
    assert overlap_m(hung(first, 0.3, 0.1), hung(second, 0.3, 0.9)) == 0, "one above the other"


def test_plates_in_a_corner_are_in_each_others_way_and_on_two_sides_of_a_wall_are_not() -> None:
    assert overlap_m(hung(plate(EAST), 1.0), hung(plate(SOUTH), 0.0)) > 0
    assert overlap_m(hung(plate(EAST), 0.0), hung(plate(SOUTH), 0.0)) == 0
    behind = WallRectangle(top_left_m=(20, 0, 3), bottom_right_m=(20, 4, 0))
    outside = PlateSpace((PlateMount(behind, (1.0, 1.0)),), (23.0, 1.0, 24.0, 2.0), 1.5)
    other = AccessPoint(np.array([25.0, 2.0, 2.5]), np.array([1.0, 0.0, 0.0]), 20.0)
    pose = outside.decode(genes(0.5) | {"focal_x": 23.0, "focal_y": 1.0}, (other,))
    assert overlap_m(hung(plate(EAST), 0.5), (outside, pose)) == 0


@given(u=st.floats(0.05, 0.95), v=st.floats(0, 1), number=st.sampled_from(["1", "2", "7"]))
@settings(max_examples=20)
def test_a_plate_is_the_same_under_any_number(u: float, v: float, number: str) -> None:
    one, other = plate(EAST), plate(EAST, number=number)
    assume(one.violation(genes(u, v), AP) == 0)
    assert other.violation(genes(u, v, number), AP) == 0
    np.testing.assert_array_equal(
        one.decode(genes(u, v), AP).vertices_m, other.decode(genes(u, v, number), AP).vertices_m
    )


# --- a plate that hangs already -------------------------------------------------------------------------------


def there(
    center_m: tuple[float, float, float], normal: tuple[float, float, float], size_m: Size = (1.0, 1.0)
) -> PlateSpace:
    return PlateSpace.hung(np.array(center_m), np.array(normal), size_m, "reflectors.1", "old")


def test_a_plate_that_is_there_has_no_genes_and_mirrors_the_nearest_access_point_to_its_aim() -> None:
    old = there((14.0, 0.2, 1.5), (0.3, 2.0, -0.1))
    assert old.genes == ()
    assert (old.violation({}, AP), old.fault({}, AP)) == (0, None)
    far = AccessPoint(np.array([2.0, 2.0, 2.5]), np.array([1.0, 0.0, 0.0]), 20.0)
    pose = old.decode({}, (far, *AP))
    assert pose.fixed
    assert pose.center_m.tolist() == [14.0, 0.2, 1.5]
    np.testing.assert_allclose(pose.normal, np.array([0.3, 2.0, -0.1]) / np.linalg.norm([0.3, 2.0, -0.1]))
    np.testing.assert_allclose(bisector(pose.center_m, AP[0].position_m, pose.focal_point_m), pose.normal, atol=1e-12)


@given(
    azimuth=st.floats(-np.pi, np.pi), tilt=st.floats(-1.4, 1.4), width_m=st.floats(0.1, 5), height_m=st.floats(0.1, 5)
)
@settings(max_examples=40)
def test_the_wall_that_it_takes_with_it_is_just_behind_all_of_it(
    azimuth: float, tilt: float, width_m: float, height_m: float
) -> None:
    level = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    normal = tuple((np.cos(tilt) * level + [0, 0, np.sin(tilt)]).tolist())
    old = there((3.0, -2.0, 1.0), normal, (width_m, height_m))
    (wall,), pose = old.walls, old.decode({}, AP)
    np.testing.assert_allclose(wall.normal, level, atol=1e-9)
    off = pose.vertices_m - wall.top_left_m
    assert np.min(off @ wall.normal) == pytest.approx(CLEARANCE_M)
    across, down = off @ wall.right, -off[:, 2]
    for reach, extent_m in ((across, wall.width_m), (down, wall.height_m)):
        assert (reach.min(), reach.max()) == pytest.approx((0, extent_m), abs=1e-9)


def test_nothing_hangs_where_a_plate_is_but_two_that_are_there_are_nobodys_fault() -> None:
    placed = hung(plate(SOUTH), 0.3)
    old = there(tuple(placed[1].center_m.tolist()), tuple(placed[1].normal.tolist()))
    other = there((9.0, 0.2, 1.5), (0.0, 1.0, 0.0))
    poses = [space.decode({}, AP) for space in (old, other)]
    assert overlap_m(placed, (old, poses[0])) > 0
    assert overlap_m((old, poses[0]), placed) > 0
    assert overlap_m(placed, (other, poses[1])) == 0
    assert overlap_m((old, poses[0]), (old, poses[0])) == 0
