"""The installer's sheet: whoever measures along the wall as it says arrives at the placement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.problem import PlacementProblem
from tune_reflector.reporting.installation import Mounting, mountings

SITES = {
    "l_corridor": PlacementProblem().site(),
    "office": PlacementProblem.model_validate({"scene": {"kind": "floor_plan", "plan": "office"}}).site(),
    "two plates": PlacementProblem.model_validate(
        {"scene": {"plan": "office"}, "reflectors": [{"walls": "all", "tiles": [2, 1]}, {"name": "the small one"}]}
    ).site(),
    "one is there": PlacementProblem.model_validate(
        {"reflectors": [{}, {"name": "old", "fixed": {"center_m": [8, 3.9, 1.5], "normal": [0.2, -1, 0]}}]}
    ).site(),
}
NAMES = {"two plates": ["reflector 1", "the small one"], "one is there": ["old (fixed)", "reflector"]}


def measured(thing: Mounting) -> list[np.ndarray]:
    """The two spots on the floor that lie so far along the wall and so far off it, one on each side."""
    first, second = map(np.array, thing.wall.corners_m)
    along = (second - first) / np.linalg.norm(second - first)
    foot = first + thing.from_corners_m[0] * along
    assert foot == pytest.approx(second - thing.from_corners_m[1] * along)
    off = thing.off_m * np.array([-along[1], along[0]])
    return [foot + off, foot - off]


@pytest.mark.parametrize("name", SITES)
@given(seed=st.integers(0, 10_000))
def test_what_is_measured_along_the_wall_is_where_it_hangs(name: str, seed: int) -> None:
    site = SITES[name]
    placement = site.space.decode(site.space.sample(np.random.default_rng(seed)))
    things = mountings(site, placement)
    where = [ap.position_m for ap in placement.access_points] + [plate.center_m for plate in placement.reflectors]
    facing = [ap.direction for ap in placement.access_points] + [plate.normal for plate in placement.reflectors]
    assert [thing.name for thing in things] == ["AP 1", "AP 2", *NAMES.get(name, ["reflector"])]
    for thing, position_m, direction in zip(things, where, facing, strict=True):
        assert min(np.linalg.norm(spot - position_m[:2]) for spot in measured(thing)) < 1e-9
        azimuth, tilt = np.radians([thing.azimuth_deg, thing.tilt_deg])
        turned = [np.cos(tilt) * np.cos(azimuth), np.cos(tilt) * np.sin(azimuth), np.sin(tilt)]
        assert turned == pytest.approx(direction)
        bearing = np.radians(thing.bearing_deg)  # sine towards east, cosine towards north
        assert [np.sin(bearing), np.cos(bearing)] == pytest.approx([np.cos(azimuth), np.sin(azimuth)])


def test_a_plate_that_may_hang_on_many_walls_is_measured_along_its_own() -> None:
    site, rng = SITES["two plates"], np.random.default_rng(3)
    for _ in range(20):
        placement = site.space.decode(site.space.sample(rng))
        plate, thing = placement.reflectors[0], mountings(site, placement)[-2]
        first, second = map(np.array, thing.wall.corners_m)
        across = np.array([first[1] - second[1], second[0] - first[0]]) / np.linalg.norm(second - first)
        corner_off_m = np.abs((plate.sheets_m.reshape(-1, 3)[:, :2] - first) @ across)
        assert corner_off_m.min() < 0.15, "a corner is next to its wall"
        assert thing.off_m == pytest.approx(abs((plate.center_m[:2] - first) @ across))


def test_a_plate_is_measured_from_the_corners_of_the_whole_wall() -> None:
    """Its own wall rectangle may be a part of a wall, whose ends nobody finds."""
    site = SITES["l_corridor"]
    placement = site.space.decode(site.space.sample(np.random.default_rng(1)))
    plate = mountings(site, placement)[-1]
    assert plate.wall.corners_m == ((20.0, 0.0), (20.0, 20.0))
    assert plate.from_corners_m[0] == pytest.approx(placement.reflectors[0].center_m[1])


@pytest.mark.parametrize(
    ("azimuth_deg", "bearing_deg", "facing"),
    [(0, 90, "east"), (90, 0, "north"), (180, 270, "west"), (-90, 180, "south"), (44, 46, "north-east")],
)
def test_bearings_are_those_of_a_compass(azimuth_deg: float, bearing_deg: float, facing: str) -> None:
    site = SITES["l_corridor"]
    thing = mountings(site, site.space.decode(site.space.sample(np.random.default_rng(0))))[0]
    turned = Mounting("", thing.position_m, thing.wall, (0, 0), 0, azimuth_deg, 0)
    assert (turned.bearing_deg, turned.facing) == (bearing_deg, facing)


def test_without_a_floor_plan_the_box_around_the_zones_is_measured_from() -> None:
    problem = {
        "scene": {"kind": "sionna", "name": "box"},
        "receivers": {"zones": [[[1, 1], [4, 1], [4, 4], [1, 4]]]},
        "access_points": {"areas": [[[-4, -4], [0, -4], [0, 0], [-4, 0]]]},
        "reflector": None,
    }
    site = PlacementProblem.model_validate(problem).site()
    placement = site.space.decode(site.space.sample(np.random.default_rng(0)))
    for thing, ap in zip(mountings(site, placement), placement.access_points, strict=True):
        assert min(np.linalg.norm(spot - ap.position_m[:2]) for spot in measured(thing)) < 1e-9
        assert thing.wall.name == "edge of the zones"


def test_heights_are_measured_from_the_ground_below() -> None:
    problem = {
        "scene": {"kind": "sionna", "name": "simple_street_canyon", "height_above": "ground"},
        "receivers": {"zones": [[[-10, -5], [10, -5], [10, 5], [-10, 5]]], "cell_size_m": 2},
        "access_points": {"areas": [[[-10, -5], [10, -5], [10, 5], [-10, 5]]], "height_m": 6},
        "reflector": None,
    }
    site = PlacementProblem.model_validate(problem).site()
    placement = site.space.decode(site.space.sample(np.random.default_rng(0)))
    for thing, ap in zip(mountings(site, placement), placement.access_points, strict=True):
        assert thing.height_m == pytest.approx(6)
        assert ap.position_m[2] == pytest.approx(6 - 0.0308, abs=1e-4), "the street lies a little below zero"
