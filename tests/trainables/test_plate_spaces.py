"""Which walls a plate may hang on, from the configuration and the plan together, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from shapely import box

from search_spaces.design import Placement
from search_spaces.reflector_config import PlanWalls, ReflectorConfig
from trainables.buildings.floor_plan import FloorPlan
from trainables.plate_spaces import plate_space
from trainables.problem import PlacementProblem
from tune_reflector.config.config_file import dump_config, load_config, parse_yaml, validate

OFFICE: dict[str, Any] = {"scene": {"plan": "office"}, "radio": {"refraction": True}}
EAST = {"top_left_m": [20, 4, 3], "bottom_right_m": [20, 0, 0]}
WEST = {"top_left_m": [0, 0, 3], "bottom_right_m": [0, 4, 0]}


OLD = {"center_m": [8, 3.9, 1.5], "normal": [0, -1, 0]}


def problem(**changes: Any) -> PlacementProblem:
    return PlacementProblem.model_validate(changes)


def test_one_plate_is_the_same_in_a_list_or_alone() -> None:
    alone, listed = problem(reflector={"size_m": [2, 1]}), problem(reflectors=[{"size_m": [2, 1]}])
    assert alone.plates == listed.plates
    assert listed.reflector is None
    spaces = alone.site().space, listed.site().space
    assert spaces[0].genes == spaces[1].genes
    drawn = [space.decode(space.sample(np.random.default_rng(1))).reflectors[0].to_json() for space in spaces]
    assert drawn[0] == drawn[1]
    assert [len(problem(**none).plates) for none in ({"reflector": None}, {"reflectors": []})] == [0, 0]


def test_two_plates_in_the_bundled_office_hang_on_walls_of_their_own() -> None:
    config = load_config(Path(__file__).parents[2] / "configs/office_two_plates.yaml")
    space = config.site().space
    assert space.mode == "2ap_2reflectors"
    assert [gene.name for gene in space.genes][-8:] == [
        *("refl1_u", "refl1_v", "focal1_x", "focal1_y"),
        *("refl2_u", "refl2_v", "focal2_x", "focal2_y"),
    ]
    assert [plate.name for plate in space.plates] == ["corridor end", "partition"]
    drawn = space.decode(space.sample(np.random.default_rng(3)))
    assert drawn.reflectors[1].size_m == (1.2, 0.8)
    assert {wall.top_left_m[0] for wall in space.plates[0].walls} == {0, 20}
    searched = config.searched_instead("best_without_reflector")
    assert searched is not None
    assert searched.plates == ()


def test_plates_that_are_printed_load_back_equal() -> None:
    sized = {"size_m": {"low": [0.5, 0.5], "high": [1, 2]}, "walls": "all", "name": "large or small"}
    pointed = {"walls": [WEST, EAST], "tiles": [3, 1], "fan_m": [2, 0], "focal_point_m": [17, 9, 1], "model": "mirror"}
    config = validate({"reflectors": [sized, pointed, {"walls": {"heights_m": [0.5, 2.9]}}]})
    again = validate(parse_yaml(dump_config(config), "dump"))
    assert again == config
    assert again.plates[0].walls == PlanWalls()
    assert validate(parse_yaml(dump_config(validate({"reflectors": []})), "dump")).plates == ()


@pytest.mark.parametrize("size_m", [[0.5, 0.5], [1.5, 1.0]])
def test_no_plate_covers_a_door_or_stands_on_another_wall(size_m: list[float]) -> None:
    plan = problem(**OFFICE).site().plan
    assert plan is not None
    space = problem(**OFFICE, reflector={"size_m": size_m, "walls": "all"}).site().space
    doors = [(wall.ends_m(door), door) for wall in plan.walls for door in wall.openings]
    rng, hung = np.random.default_rng(0), 0
    for _ in range(40):
        (plate,) = space.decode(space.sample(rng)).reflectors
        low, high = plate.vertices_m.min(axis=0), plate.vertices_m.max(axis=0)
        assert low[2] >= 0
        assert high[2] <= plan.height_m
        wall = space.plates[0].wall_at(plate.u)
        along = wall.right[:2]
        mine = np.sort(plate.vertices_m[:, :2] @ along)
        for ends_m, door in doors:
            if np.all(np.abs((ends_m - wall.top_left_m[:2]) @ wall.normal[:2]) < 1e-6):
                theirs = np.sort(ends_m @ along)
                apart = mine[-1] <= theirs[0] + 1e-6 or mine[0] >= theirs[1] - 1e-6 or low[2] >= door.top_m - 1e-6
                assert apart, (wall, door)
                hung += 1
        for other in plan.walls:
            line = np.asarray(other.corners_m)
            across = (line - wall.top_left_m[:2]) @ wall.normal[:2]
            if len(line) == 2 and abs(across[0] - across[1]) > 1 and across.min() <= 0.05 and across.max() > 0.5:
                at = float(line[0] @ along)
                assert mine[-1] <= at + 1e-6 or mine[0] >= at - 1e-6, (wall, other.name)
    assert hung > 0


def test_walls_of_a_material_are_those_that_face_users_and_access_points() -> None:
    space = problem(**OFFICE, reflector={"walls": {"material": "concrete", "heights_m": [1, 2.5]}}).site().space
    walls = space.plates[0].walls
    assert {(wall.bottom_right_m[2], wall.top_left_m[2]) for wall in walls} == {(1, 2.5)}
    on_shell = [wall for wall in walls if wall.top_left_m[0] in (0, 20) and wall.bottom_right_m[0] in (0, 20)]
    assert {(wall.top_left_m[0], wall.normal[0]) for wall in on_shell} == {(0, 1), (20, -1)}, "none looks out"
    inner = {(wall.top_left_m[0], wall.normal[0]) for wall in walls} - {(0, 1), (20, -1)}
    assert (10, 1) in inner
    assert (10, -1) in inner, "both sides of the concrete between rooms"


def test_a_wall_with_nobody_before_it_is_left_out() -> None:
    east = [[[15.5, 6.9], [19.5, 6.9], [19.5, 8.7], [15.5, 8.7]]]
    room = [[[15.25, 0.25], [19.75, 0.25], [19.75, 6.25], [15.25, 6.25]]]
    changes = {"access_points": {"areas": east, "keep_out": []}, "receivers": {"zones": room}}
    space = problem(**OFFICE, **changes, reflector={"walls": {"material": "plasterboard"}}).site().space
    faces = {(wall.top_left_m[0], wall.normal[0]) for wall in space.plates[0].walls if abs(wall.normal[0]) > 0.5}
    assert faces == {(5, 1), (15, 1)}, "who is west of them sees no user"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reflector": {}, "reflectors": [{}]}, "reflector must be null where reflectors is given, but both are; move"),
        ({"reflectors": [{}, {"material": "gold"}]}, r"reflectors\.1\.material must be one of .* got 'gold'; "),
        ({"reflectors": [{"size_m": [9, 1]}]}, r"reflectors\.0\.size_m: the plate must fit on its wall of 4 x 3 m, "),
        ({"reflector": {"wall": EAST, "walls": [WEST]}}, "wall must be null where walls is given, but is set; move"),
        ({"reflector": {"walls": [EAST, EAST | {"top_left_m": [90, 4, 3]}]}}, r"reflector\.walls\.1 must be inside"),
        ({"reflector": {"walls": {"material": "wood"}}}, r"reflector\.walls must choose a wall .*are of concrete"),
        ({"reflector": {"walls": {"heights_m": [2, 1]}}}, r"heights_m must be \[low, high\] .*\[2.0, 1.0\]; swap"),
        ({"reflector": {"walls": {"heights_m": [1, 1.5]}}}, r"reflector\.size_m: the plate must fit on one of its wal"),
        ({"reflector": {"size_m": {"low": [1, 1], "high": [0.5, 2]}}}, r"low must be below high=\[0.5, 2.0\]"),
        ({"reflector": {"tiles": [0, 2]}}, r"tiles must be \[columns, rows\] of 1 to 20 each, but got \[0, 2\]"),
        ({"reflector": {"tiles": [3, 1], "fan_m": [1, 1]}}, r"fan_m must be 0 where tiles has one of rows, .*raise"),
        (
            {"reflector": {"focal_point_m": [17, 9, 1], "focal_area": [[1, 1], [2, 2]]}},
            r"focal_area must be null where focal_point_m is \[17.0, 9.0, 1.0\], but is set; drop one",
        ),
        ({"reflector": {"fixed": OLD, "walls": "all"}}, r"walls must be left out where fixed is given, .*drop one"),
        ({"reflector": {"fixed": OLD, "cost_per_m2": 2}}, r"cost_per_m2 must be left out .* but is 2.0; drop one"),
        ({"reflector": {"fixed": OLD, "tiles": [2, 1]}}, r"tiles must be left out .* but is \(2, 1\); drop one"),
        (
            {"reflector": {"fixed": OLD, "size_m": {"low": [1, 1], "high": [2, 2]}}},
            r"size_m must be one size where fixed is given, but is a range; give \[width, height\]",
        ),
        (
            {"reflector": {"fixed": OLD | {"normal": [0, 0, -2]}}},
            r"normal must not point straight up .*\[0.0, 0.0, -2.0",
        ),
        (
            {"reflector": {"fixed": OLD | {"normal": [1, -1, 0]}}},
            r"reflector\.fixed must hang before the walls, .* \[8\.354, 4\.254, 2\.0\], cuts wall 'outer'; move it off",
        ),
        (
            {"reflectors": [{}, {"fixed": OLD | {"center_m": [8, 3.9, 2.7]}}]},
            r"reflectors\.1\.fixed must hang inside the building .* height 3 m\), but .* reaches .*, 3\.2\]; move it",
        ),
    ],
)
def test_what_cannot_be_hung_is_refused_in_a_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        problem(**changes)


def test_a_scene_without_a_plan_has_no_walls_to_choose_from() -> None:
    zones = {"receivers": {"zones": [[[0, 0], [1, 0], [1, 1]]]}, "access_points": {"areas": [[[0, 0], [1, 0], [1, 1]]]}}
    scene = {"scene": {"kind": "sionna", "name": "munich"}}
    with pytest.raises(ValidationError, match=r"reflector\.walls must be a list of rectangles where the scene is no"):
        problem(**scene, **zones, reflector={"walls": "all"})
    with pytest.raises(ValidationError, match=r"reflectors\.0\.wall must be given, as the scene names no wall for it"):
        problem(**scene, **zones, reflectors=[{}])


def test_a_wall_that_furniture_stands_before_is_free_above_it() -> None:
    plan = problem().site().plan
    assert plan is not None
    shelf = {"name": "shelf", "path_m": [[19.95, 1], [19.95, 3]], "height_m": 1.5, "material": "wood"}
    data = plan.model_dump(mode="json") | {"walls": [*plan.model_dump()["walls"], shelf | {"thickness_m": 0.3}]}
    furnished = FloorPlan.model_validate(data)
    config = ReflectorConfig(walls={"material": "concrete"})
    space = plate_space(config, furnished, box(16, 4, 20, 20), box(0.5, 0.5, 12, 3.5), "reflector")
    east = [wall for wall in space.walls if wall.top_left_m[0] == 20]
    # the corner of the corridor: above the shelf, and beside it as far as there is room
    assert {wall.bottom_right_m[2] for wall in east if wall.bottom_right_m[1] < 1 <= wall.top_left_m[1]} == {1.5}


def test_a_closed_room_with_nobody_in_it_has_no_walls_for_a_plate() -> None:
    """The core of the floor: its faces are there for a plate once an access point may hang inside."""

    def inside(*more_areas: list[list[float]]) -> list[float]:
        plan = problem(scene={"plan": "office_floor"}).site().plan
        assert plan is not None
        areas = [*map(list, plan.access_point_areas), *more_areas]
        floor = {"scene": {"plan": "office_floor"}, "access_points": {"areas": areas}}
        walls = problem(**floor, reflector={"walls": {"material": "concrete"}}).site().space.plates[0].walls
        before = [(np.add(wall.top_left_m, wall.bottom_right_m) / 2 + 0.2 * wall.normal)[:2] for wall in walls]
        return [float(x) for x, y in before if 16 < x < 24 and 9.5 < y < 15.5]

    assert inside() == []
    assert len(inside([[17, 10], [23, 10], [23, 15], [17, 15]])) >= 4


# --- plates that hang already, and what plates cost -----------------------------------------------------------


def test_those_that_hang_already_come_first_and_leave_genes_and_numbers_to_the_others() -> None:
    fixed = {"fixed": OLD, "size_m": [0.5, 0.5]}
    space = problem(reflectors=[{}, fixed, {"name": "new", "wall": WEST}, fixed | {"name": "lobby"}]).site().space
    assert [plate.name for plate in space.plates] == ["fixed reflector 1", "lobby", "reflector 1", "new"]
    assert [plate.field for plate in space.plates] == [f"reflectors.{number}" for number in (1, 3, 0, 2)]
    assert [gene.name for gene in space.genes][8::4] == ["refl1_u", "refl2_u"]
    one = problem(reflectors=[{}, fixed]).site().space
    assert one.genes == problem().site().space.genes
    drawn = one.decode(one.sample(np.random.default_rng(1)))
    assert [plate.fixed for plate in drawn.reflectors] == [True, False]
    assert drawn.without_reflectors().reflectors == drawn.reflectors[:1]
    assert Placement.from_json(drawn.to_json()).to_json() == drawn.to_json()


def test_a_fixed_plate_that_is_printed_loads_back_equal() -> None:
    config = validate({"reflectors": [{}, {"fixed": OLD, "name": "old"}]})
    assert validate(parse_yaml(dump_config(config), "dump")) == config


def test_a_plate_costs_by_its_area_and_one_that_is_there_costs_nothing() -> None:
    sized = {"size_m": {"low": [0.5, 0.5], "high": [2, 1]}, "cost_per_m2": 3}
    priced = problem(reflectors=[sized, {"wall": WEST, "size_m": [1, 0.5], "cost_per_m2": 2}, {"fixed": OLD}])
    space = priced.site().space
    placement = space.decode(space.sample(np.random.default_rng(1)))
    width_m, height_m = placement.reflectors[1].size_m
    assert priced.plate_cost(placement) == pytest.approx(3 * width_m * height_m + 2 * 0.5)
    assert priced.most_plate_cost == 3 * 2 + 2 * 0.5
    assert priced.plate_cost(placement.without_reflectors()) == 0
    assert priced.told_plate_cost(placement.without_reflectors()) is None
    told = f"{3 * width_m * height_m + 1:.1f} dB for {width_m * height_m + 0.5:.2f} m2 of plate"
    assert priced.told_plate_cost(placement) == told
    assert problem().told_plate_cost(placement) is None
