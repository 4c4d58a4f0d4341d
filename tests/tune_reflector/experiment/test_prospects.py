"""What is hopeless is told with what to change, and what is not hopeless is not told."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from tune_reflector.experiment.prospects import Prospects, look, trial_placements

OFFICE = {"plan": "office"}
BOX = {
    "scene": {"kind": "sionna", "name": "box"},
    "receivers": {"zones": [[[-4, -4], [4, -4], [4, 4], [-4, 4]]]},
    "access_points": {"areas": [[[-4, -4], [4, -4], [4, 4], [-4, 4]]]},
    "reflector": None,
}


@pytest.fixture
def prospects() -> Callable[..., Prospects]:
    def found(tracing: bool = True, **changes: Any) -> Prospects:
        evaluator = PlacementEvaluator(PlacementProblem.model_validate(changes))
        return look(evaluator, trial_placements(evaluator.site) if tracing else [])

    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"scene": OFFICE, "radio": {"refraction": True, "max_depth": 5}, "access_points": {"height_m": 2.6}},
        BOX,
    ],
    ids=["l_corridor", "office", "box"],
)
def test_what_is_bundled_is_not_hopeless(changes: dict[str, Any], prospects: Callable[..., Prospects]) -> None:
    found = prospects(**changes)
    assert found.problems == []
    assert found.reached is not None
    assert found.reached.mean() > 0.95


def test_closed_rooms_without_refraction(prospects: Callable[..., Prospects]) -> None:
    """Seven of eight rooms have closed doors: the walls tell it, and so do the rays."""
    found = prospects(scene=OFFICE, access_points={"height_m": 2.6})
    (line,) = found.problems
    assert line.startswith("receivers.zones: no ray can reach 88 % of the 828 cells")
    assert "set radio.refraction=true" in line
    assert found.reached is not None
    assert not (found.reached & found.closed_off).any()


def test_an_area_from_which_nothing_is_reached_is_named(prospects: Callable[..., Prospects]) -> None:
    """Of two areas one is in a room with a closed door."""
    areas = [[[6, 7], [9, 7], [9, 8.5], [6, 8.5]], [[1, 1], [3, 1], [3, 3], [1, 3]]]
    users = [[[5.5, 9.5], [9.5, 9.5], [9.5, 14], [5.5, 14]]]
    found = prospects(
        scene=OFFICE, receivers={"zones": users}, access_points={"areas": areas, "count": 1, "height_m": 2.6}
    )
    (line,) = found.problems
    assert line.startswith("access_points.areas: no ray from the area at [2.0, 2.0] reaches any cell")


def wall(x: float, south: float, north: float) -> dict[str, Any]:
    """Of a plate that looks west, from the floor up."""
    return {"top_left_m": [x, north, 2.5], "bottom_right_m": [x, south, 0.5]}


@pytest.mark.parametrize(
    ("rectangle", "said"),
    [
        (wall(4.8, -3, 3), None),
        (wall(2, -3, 3), "reflector.wall must have a wall behind it, .* 100 % of it is in mid-air"),
        (
            {"top_left_m": [4.99, -3, 2.5], "bottom_right_m": [4.99, 3, 0.5]},
            "reflector.wall must be on the face of a wall, .* a surface stands right before 100 % of it",
        ),
    ],
    ids=["on-a-wall", "mid-air", "inside-out"],
)
def test_a_rectangle_without_a_wall(
    rectangle: dict[str, Any], said: str | None, prospects: Callable[..., Prospects]
) -> None:
    found = prospects(False, **BOX | {"reflector": {"wall": rectangle}})
    lines = [line for line in found.problems if "must face" not in line]
    if said is None:
        assert lines == []
    else:
        assert len(lines) == 1
        assert re.match(said, lines[0]), lines


def test_a_plate_that_faces_no_user(prospects: Callable[..., Prospects]) -> None:
    users = [[[4.6, -4], [4.9, -4], [4.9, 4], [4.6, 4]]]
    changes = BOX | {
        "receivers": {"zones": users, "cell_size_m": 0.2},
        "reflector": {"wall": wall(4.5, -3, 3), "focal_area": [[-4, -4], [4, 4]]},
    }
    assert any("every receiver cell is behind it" in line for line in prospects(False, **changes).problems)


def test_users_and_access_points_beside_a_scene_or_below_its_ground(prospects: Callable[..., Prospects]) -> None:
    changes = BOX | {
        "receivers": {"zones": [[[-4, -4], [4, -4], [4, 4], [-4, 4]]], "height_m": 5.5},
        "access_points": {"areas": [[[20, 20], [24, 20], [24, 24]]], "count": 1},
    }
    told = " | ".join(prospects(**changes).problems)
    assert "receivers.height_m must be below the highest point of the scene, at 5.0 m, but got 5.5" in told
    assert "access_points.areas must lie inside the scene" in told


def test_trial_placements_can_be_built_and_visit_every_area() -> None:
    areas = [[[x, 1], [x + 1, 1], [x + 1, 2], [x, 2]] for x in (1, 4, 7, 10)]
    problem = PlacementProblem.model_validate({"access_points": {"areas": areas}})
    site = problem.site()
    spots = np.array([ap.position_m[:2] for placement in trial_placements(site) for ap in placement.access_points])
    assert {int(x) for x, _ in spots} >= {1, 4, 7, 10}
