"""Whatever is right of a configuration is kept, and everything that is wrong is told."""

from pathlib import Path

import pytest

from search_spaces.complaints import NO_SOURCE
from trainables.buildings.floor_plan import bundled_floor_plans, load_floor_plan
from tune_reflector.config.config_file import parse_yaml, read_settings, validate
from tune_reflector.config.draft import read_draft
from tune_reflector.errors import ConfigError

OFFICE = load_floor_plan(bundled_floor_plans()["office"])


def test_what_is_right_is_as_in_a_search() -> None:
    data = {"scene": {"plan": "office"}, "radio": {"refraction": True}, "access_points": {"height_m": 2.6}}
    draft = read_draft(data, NO_SOURCE)
    assert (draft.problem, draft.problems) == (validate(data).problem(), [])


def test_what_is_wrong_is_left_out_and_the_rest_kept() -> None:
    data = {
        "radio": {"frequncy_hz": 1, "frequency_hz": 28e9},
        "receivers": {"height_m": -1, "cell_size_m": 1.0},
        "reflector": None,
        "seed": "x",
    }
    draft = read_draft(data, NO_SOURCE)
    assert [line.split(":")[0] for line in draft.problems] == ["receivers.height_m", "radio.frequncy_hz", "seed"]
    assert draft.problem.radio.frequency_hz == 28e9
    assert (draft.problem.receivers.cell_size_m, draft.problem.receivers.height_m) == (1.0, 1.5)
    assert draft.problem.reflector is None


@pytest.mark.parametrize("broken", [{0}, {1, 4, len(OFFICE.walls) - 1}])
def test_the_walls_that_are_right_are_those_of_the_plan(broken: set[int]) -> None:
    content = parse_yaml(bundled_floor_plans()["office"].read_bytes(), "office")
    for number in broken:
        content["walls"][number]["material"] = "cheese"
    path = Path("plan.yaml")
    path.write_text(str(content).replace("True", "true").replace("None", "null"))
    draft = read_draft(*read_settings(None, ["scene.plan=plan.yaml", "access_points.height_m=2.6"]))
    plan = draft.problem.scene.floor_plan()
    assert plan is not None
    assert plan.walls == tuple(wall for number, wall in enumerate(OFFICE.walls) if number not in broken)
    assert plan.user_zones == OFFICE.user_zones
    assert len(draft.problems) == len(broken)


@pytest.mark.parametrize("scene", [{"kind": "castle"}, {"plan": "nowhere.yaml"}, "office", {"plan": {}}])
def test_without_a_scene_there_is_nothing_to_draw(scene: object) -> None:
    with pytest.raises(ConfigError, match="scene"):
        read_draft({"scene": scene}, NO_SOURCE)


def test_plates_in_a_list_do_not_clash_with_the_default() -> None:
    data = {"reflectors": [{"size_m": [0.5, 0.5]}], "budget": {"trials": -3}}
    draft = read_draft(data, NO_SOURCE)
    assert [problem.partition(":")[0] for problem in draft.problems] == ["budget.trials"]
    assert [plate.size_m for plate in draft.problem.plates] == [(0.5, 0.5)]
