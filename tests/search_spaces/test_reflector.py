"""The plate hangs where it should and sends rays where it should, whatever its wall, size and targets."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from search_spaces.design import ReflectorPose, Vector
from search_spaces.reflector import (
    CLEARANCE_M,
    MIN_FACING,
    MOST_FACET_TILT,
    PlateMount,
    Tiling,
    WallRectangle,
    bisector,
)
from search_spaces.reflector_config import ReflectorConfig

EAST_WALL = WallRectangle(top_left_m=(20, 4, 3), bottom_right_m=(20, 0, 0))
UP = np.array([0.0, 0.0, 1.0])
SHARE = st.floats(0, 1)


@dataclass(frozen=True, eq=False)
class Aim:
    """A mount, and what its plate is asked to do."""

    mount: PlateMount
    u: float
    v: float
    ap_m: Vector
    focal_m: Vector

    @property
    def violation(self) -> float:
        return self.mount.violation(self.u, self.v, self.ap_m, self.focal_m)

    def pose(self) -> ReflectorPose:
        return self.mount.pose(self.u, self.v, self.ap_m, self.focal_m)


def from_wall(wall: WallRectangle, points: Vector) -> Vector:
    """Points in the wall's own frame: along it, upwards, and off it into the room [m]."""
    frame = np.stack([wall.right, UP, wall.normal])
    return (np.asarray(points) - [*wall.top_left_m[:2], wall.bottom_right_m[2]]) @ frame.T


@st.composite
def aims(draw: st.DrawFn) -> Aim:
    """Any wall, any plate that fits on it, and two targets in front of it, also well to its sides."""
    azimuth = draw(st.floats(0, 2 * np.pi))
    width_m, height_m = draw(st.floats(0.5, 6)), draw(st.floats(0.5, 4))
    right = np.array([np.cos(azimuth), np.sin(azimuth)])
    left = np.array([draw(st.floats(-20, 20)), draw(st.floats(-20, 20))])
    wall = WallRectangle(top_left_m=(*left, height_m), bottom_right_m=(*(left + width_m * right), 0.0))
    size_m = (draw(st.floats(0.1, 1)) * width_m * 0.999, draw(st.floats(0.1, 1)) * height_m * 0.999)

    def target() -> Vector:
        along, z, off = draw(st.floats(-5, 10)), draw(st.floats(0, 4)), draw(st.floats(1, 15))
        return np.array([*(left + along * right), z]) + off * wall.normal

    return Aim(PlateMount(wall, size_m), draw(SHARE), draw(SHARE), target(), target())


@st.composite
def poses(draw: st.DrawFn) -> tuple[Aim, ReflectorPose]:
    aim = draw(aims())
    assume(aim.violation == 0)
    return aim, aim.pose()


@pytest.mark.parametrize(
    ("left", "right", "into_room"),
    [
        ((20, 4), (20, 0), (-1, 0, 0)),  # east wall
        ((0, 15), (20, 15), (0, -1, 0)),  # north wall
        ((0, 0), (0, 4), (1, 0, 0)),  # west wall
        ((20, 0), (0, 0), (0, 1, 0)),  # south wall
    ],
)
def test_the_normal_points_into_the_room(
    left: tuple[float, float], right: tuple[float, float], into_room: tuple[float, float, float]
) -> None:
    wall = WallRectangle(top_left_m=(*left, 3), bottom_right_m=(*right, 0))
    np.testing.assert_allclose(wall.normal, into_room, atol=1e-12)


def test_u_runs_left_to_right_and_v_top_to_bottom() -> None:
    mount = PlateMount(EAST_WALL, (1.0, 0.5))
    points = {(u, v): mount.wall_point(u, v).tolist() for u in (0, 1) for v in (0, 1)}
    assert points == {
        (0, 0): [20, 3.5, 2.75],
        (1, 0): [20, 0.5, 2.75],
        (0, 1): [20, 3.5, 0.25],
        (1, 1): [20, 0.5, 0.25],
    }


@pytest.mark.parametrize(
    ("top_left", "bottom_right", "rule"),
    [
        ((20, 4, 0), (20, 0, 3), "top_left_m must be higher"),
        ((20, 4, 3), (20, 0, 3), "top_left_m must be higher"),
        ((20, 4, 3), (20, 4, 0), "must differ in x or y"),
    ],
)
def test_corners_that_span_no_wall_are_refused(
    top_left: tuple[float, float, float], bottom_right: tuple[float, float, float], rule: str
) -> None:
    with pytest.raises(ValidationError, match=rule):
        WallRectangle(top_left_m=top_left, bottom_right_m=bottom_right)


@given(poses())
@settings(max_examples=60)
def test_a_ray_from_the_access_point_is_mirrored_to_the_focal_point(posed: tuple[Aim, ReflectorPose]) -> None:
    aim, pose = posed
    ray = (pose.center_m - aim.ap_m) / np.linalg.norm(pose.center_m - aim.ap_m)
    reflected = ray - 2 * (ray @ pose.normal) * pose.normal
    towards_focus = (aim.focal_m - pose.center_m) / np.linalg.norm(aim.focal_m - pose.center_m)
    np.testing.assert_allclose(reflected, towards_focus, atol=1e-9)


@given(poses())
@settings(max_examples=100)
def test_a_plate_stays_on_its_wall_and_just_off_it(posed: tuple[Aim, ReflectorPose]) -> None:
    aim, pose = posed
    wall = aim.mount.wall
    along, up, off = from_wall(wall, pose.vertices_m).T
    assert min(along.min(), up.min()) >= -1e-6
    assert along.max() <= wall.width_m + 1e-6
    assert up.max() <= wall.height_m + 1e-6
    assert off.min() == pytest.approx(CLEARANCE_M, abs=1e-6)


@given(poses())
@settings(max_examples=60)
def test_corners_are_a_level_rectangle_counter_clockwise_about_the_normal(posed: tuple[Aim, ReflectorPose]) -> None:
    aim, pose = posed
    a, b, c, d = pose.vertices_m
    width_m, height_m = aim.mount.size_m
    np.testing.assert_allclose(np.mean(pose.vertices_m, axis=0), pose.center_m, atol=1e-9)
    np.testing.assert_allclose(b - a, c - d, atol=1e-9)
    assert np.linalg.norm(b - a) == pytest.approx(width_m)
    assert np.linalg.norm(d - a) == pytest.approx(height_m)
    assert a[2] == pytest.approx(b[2])
    assert c[2] == pytest.approx(d[2])
    assert d[2] > a[2]
    np.testing.assert_allclose(np.cross(b - a, d - a) / (width_m * height_m), pose.normal, atol=1e-9)


@given(aims())
@settings(max_examples=60)
def test_a_pose_is_refused_exactly_where_there_is_a_violation(aim: Aim) -> None:
    if aim.violation == 0:
        assert aim.pose().normal @ aim.mount.wall.normal >= MIN_FACING
    else:
        with pytest.raises(ValueError, match=r"face into its wall|stick out of its wall"):
            aim.pose()


def test_a_plate_that_would_face_into_its_wall_is_refused() -> None:
    aim = Aim(PlateMount(EAST_WALL, (1, 1)), 0.5, 0.5, np.array([19.0, 12.0, 2.5]), np.array([30.0, 2.0, 1.5]))
    facing = aim.mount.facing(aim.u, aim.v, aim.ap_m, aim.focal_m)
    assert facing < 0
    assert aim.violation == pytest.approx(MIN_FACING - facing)
    with pytest.raises(ValueError, match="face into its wall"):
        aim.pose()


def test_a_plate_as_wide_as_its_wall_may_not_stick_out_when_tilted() -> None:
    niche = WallRectangle(top_left_m=(20, 1, 3), bottom_right_m=(20, 0, 0))
    aim = Aim(PlateMount(niche, (1, 1)), 0.5, 0.5, np.array([18.0, 1.0, 3.0]), np.array([18.5, 1.0, 3.0]))
    assert aim.mount.facing(aim.u, aim.v, aim.ap_m, aim.focal_m) > 0.5
    assert aim.violation > 0.01
    with pytest.raises(ValueError, match="stick out of its wall"):
        aim.pose()


@pytest.mark.parametrize(
    ("u", "v", "ap_m", "focal_m"),
    [
        (0.507, 0.430, (19.647, 1.498, 1.169), (17.672, -0.188, 1.5)),
        (0.968, 0.785, (18.857, -0.418, 0.489), (19.649, 1.178, 1.5)),
    ],
)
def test_a_plate_settles_even_beside_an_access_point(
    u: float, v: float, ap_m: tuple[float, float, float], focal_m: tuple[float, float, float]
) -> None:
    """Plain fixed-point iteration circles here, and would leave a corner inside the wall."""
    wall = WallRectangle(top_left_m=(20, 2.4, 2.4), bottom_right_m=(20, 0, 0))
    pose = PlateMount(wall, (1, 1)).pose(u, v, np.array(ap_m), np.array(focal_m))
    assert from_wall(wall, pose.vertices_m)[:, 2].min() == pytest.approx(CLEARANCE_M, abs=1e-6)


# --- facets --------------------------------------------------------------------------------------------------


@given(aims(), st.integers(1, 4), st.integers(1, 3), st.tuples(st.floats(0, 3), st.floats(0, 3)))
@settings(max_examples=60)
def test_every_facet_mirrors_the_access_point_to_an_aim_of_its_own(
    aim: Aim, columns: int, rows: int, fan_m: tuple[float, float]
) -> None:
    assume(columns * rows > 1)
    tiled = replace(aim, mount=replace(aim.mount, tiling=Tiling(columns, rows, fan_m)))
    assume(tiled.violation == 0)
    pose, wall = tiled.pose(), tiled.mount.wall
    assert pose.facets_m is not None
    assert pose.facets_m.shape == (columns * rows, 4, 3)
    facets = tiled.mount.tiling.facets(pose.center_m, pose.normal, pose.size_m, aim.ap_m, aim.focal_m)
    np.testing.assert_array_equal(facets.vertices_m, pose.facets_m)
    for corners_m, aim_m in zip(pose.facets_m, facets.aims_m, strict=True):
        a, b, _, d = corners_m
        center_m, normal = corners_m.mean(axis=0), np.cross(b - a, d - a)
        normal /= np.linalg.norm(normal)
        ray = (center_m - aim.ap_m) / np.linalg.norm(center_m - aim.ap_m)
        out = (aim_m - center_m) / np.linalg.norm(aim_m - center_m)
        np.testing.assert_allclose(ray - 2 * (ray @ normal) * normal, out, atol=1e-9)
        assert normal @ pose.normal >= np.cos(MOST_FACET_TILT) - 1e-12
    assert np.ptp(facets.aims_m, axis=0).max() <= np.hypot(*fan_m) + 1e-9
    np.testing.assert_allclose(facets.aims_m.mean(axis=0), aim.focal_m, atol=1e-9)
    areas = [np.linalg.norm(np.cross(f[1] - f[0], f[3] - f[0])) for f in pose.facets_m]
    assert sum(areas) == pytest.approx(np.prod(pose.size_m))
    along, up, off = from_wall(wall, pose.facets_m.reshape(-1, 3)).T
    assert min(along.min(), up.min()) >= -1e-6
    assert along.max() <= wall.width_m + 1e-6
    assert up.max() <= wall.height_m + 1e-6
    assert off.min() >= CLEARANCE_M - 1e-6, "no facet enters the wall"


def test_columns_fan_to_their_own_side_and_upper_rows_away() -> None:
    ap_m, focal_m = np.array([10.0, 2.0, 2.5]), np.array([12.0, 1.0, 1.5])
    facets = Tiling(3, 2, (4.0, 2.0)).facets(np.array([19.9, 2.0, 1.5]), np.array([-1.0, 0, 0]), (1, 1), ap_m, focal_m)
    assert np.diff(facets.centers_m[:3, 1]).max() < 0, "left to right as seen from the room: southwards"
    assert np.diff(facets.aims_m[:3, 1]).max() < 0
    lower, upper = (np.linalg.norm(facets.aims_m[row] - [19.9, 2.0, 1.5]) for row in (1, 4))
    assert upper - lower == pytest.approx(2.0)


def test_a_fan_that_takes_too_much_tilt_is_refused() -> None:
    aim = Aim(PlateMount(EAST_WALL, (1, 1)), 0.5, 0.5, np.array([12.0, 2.0, 2.5]), np.array([17.0, 3.0, 1.5]))
    violations = [
        replace(aim, mount=replace(aim.mount, tiling=Tiling(3, 1, (fan_m, 0.0)))).violation for fan_m in (0, 2, 4, 6)
    ]
    assert violations[0] == violations[1] == 0 < violations[2] < violations[3]
    wide = replace(aim, mount=replace(aim.mount, tiling=Tiling(3, 1, (6.0, 0.0))))
    assert wide.mount.fault(wide.u, wide.v, wide.ap_m, wide.focal_m) == "fan"
    with pytest.raises(ValueError, match="degrees too far out of its plane"):
        wide.pose()


def test_the_bisector_of_a_point_at_the_centre_itself_is_a_number() -> None:
    center, other = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0])
    np.testing.assert_allclose(bisector(center, center, other), UP)


@pytest.mark.parametrize(
    "settings_",
    [
        {"size_m": (0.0, 1.0)},
        {"size_m": (1.0, -1.0)},
        {"focal_area": ((3.0, 3.0), (1.0, 4.0))},
        {"focal_area": ((1.0, 4.0), (3.0, 4.0))},
    ],
)
def test_empty_sizes_and_inverted_focal_areas_are_refused(settings_: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="must be"):
        ReflectorConfig.model_validate(settings_)
