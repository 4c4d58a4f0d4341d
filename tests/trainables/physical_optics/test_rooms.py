"""Floor plans as boxes: rectangles and Ls, whichever way they lie; what is neither is refused with its reason."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.plates import Array
from trainables.buildings.floor_plan import FloorPlan, bundled_floor_plans, load_floor_plan
from trainables.physical_optics.reflection import Slab
from trainables.physical_optics.rooms import NoBoxesError, boxes, check_shared, rooms_of

L_M = np.array([[0, 0], [20, 0], [20, 20], [16, 20], [16, 4], [0, 4]], float)
CORNERS_M = [[0, 0], [8, 0], [8, 5], [0, 5]]
SLAB = {"material": "concrete", "thickness_m": 0.2}


def surface_of(material: str, thickness_m: float) -> Slab:
    return Slab({"concrete": 5.24, "glass": 6.31, "wood": 1.99}[material], 0.1, thickness_m)


def wall(path_m: Any, closed: bool = False, **others: Any) -> dict[str, Any]:
    return {"name": "wall", "path_m": path_m, "closed": closed, **SLAB, **others}


def plan(outline_m: Any = CORNERS_M, **changes: Any) -> FloorPlan:
    whole: dict[str, Any] = {"name": "plan", "height_m": 3.0, "outline_m": outline_m, "floor": SLAB, "ceiling": None}
    whole |= {"walls": [wall(outline_m, True)], "user_zones": [outline_m], "access_point_areas": [outline_m]}
    return FloorPlan.model_validate(whole | changes)


def test_a_rectangle_is_one_box_of_whole_walls() -> None:
    (room,) = boxes(plan(), surface_of)
    np.testing.assert_array_equal([room.low_m, room.high_m], [[0, 0, 0], [8, 5, 3]])
    *sides, (floor, ceiling) = room.walls
    assert all(side is not None and side.opening_m is None for pair in sides for side in pair)
    assert floor is not None
    assert floor.surface == surface_of("concrete", 0.2)
    assert ceiling is None


def test_every_side_has_a_wall_of_its_own_or_none() -> None:
    walls = [
        wall([[0, 0], [8, 0]], material="glass", thickness_m=0.01),
        wall([[8, 0], [8, 2]], material="wood"),  # one side in two pieces
        wall([[8, 2], [8, 5], [0, 5]], material="wood"),
    ]
    (room,) = boxes(plan(walls=walls), surface_of)
    (west, east), (south, north), _ = room.walls
    assert west is None
    assert [side and side.surface for side in (south, east, north)] == [
        surface_of("glass", 0.01),
        surface_of("wood", 0.2),
        surface_of("wood", 0.2),
    ]


TURNS: dict[str, Callable[[Array], Array]] = {
    "as it is": lambda points_m: points_m,
    "mirrored in x": lambda points_m: points_m * [-1, 1] + [20, 0],
    "mirrored in y": lambda points_m: points_m * [1, -1] + [0, 20],
    "turned over": lambda points_m: 20 - points_m,
    "transposed": lambda points_m: points_m[:, ::-1],
}


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_an_l_is_two_legs_that_open_into_each_other_at_its_corner(turn: Callable[[Array], Array]) -> None:
    legs = boxes(plan(turn(L_M).tolist()), surface_of)
    corner_m = np.sort(turn(np.array([[16.0, 0], [20, 4]])), axis=0)
    along_m = [np.sort(turn(np.array(leg, float)), axis=0) for leg in ([[0, 0], [20, 4]], [[16, 0], [20, 20]])]
    found_m = {tuple(np.concatenate([leg.low_m[:2], leg.high_m[:2]])) for leg in legs}
    assert found_m == {tuple(leg.ravel()) for leg in along_m}
    for leg in legs:
        openings = [
            (axis, side, wall.opening_m)
            for axis, pair in enumerate(leg.walls)
            for side, wall in enumerate(pair)
            if wall is not None and wall.opening_m is not None
        ]
        ((axis, side, opening_m),) = openings
        # On a long wall of the leg, not at its end, where the corner and the other leg meet.
        assert leg.high_m[1 - axis] - leg.low_m[1 - axis] == 20
        np.testing.assert_array_equal(opening_m[:, 1 - axis], corner_m[:, 1 - axis])
        np.testing.assert_array_equal(opening_m[:, 2], [0, 3])
        middle_m = turn(np.array([[18.0, 10.0], [10.0, 2.0]]))  # of the legs
        other = next(of for of in legs if of is not leg)
        towards_m = next(m for m in middle_m if np.all((m > other.low_m[:2]) & (m < other.high_m[:2])))
        assert (towards_m[axis] > leg.high_m[axis]) == bool(side)


def test_points_are_in_one_leg_and_plates_in_both() -> None:
    legs = boxes(load_floor_plan(bundled_floor_plans()["l_corridor"]), surface_of)
    west_m, north_m, corner_m = [5.0, 2, 2.5], [18.0, 12, 1.5], [19.5, 1, 1]
    first, second = rooms_of(legs, np.array([west_m, north_m]), "cells")
    assert first != second
    assert legs[first].high_m[1] == 4
    check_shared(legs, np.array([corner_m]), "the plate")
    with pytest.raises(NoBoxesError, match="cells are not all in one leg of the L each, off its corner"):
        rooms_of(legs, np.array([west_m, corner_m]), "cells")
    with pytest.raises(NoBoxesError, match="the plate is not all in the corner of the L"):
        check_shared(legs, np.array([corner_m, west_m]), "the plate")
    with pytest.raises(NoBoxesError, match="cells are not all within the walls"):
        rooms_of(boxes(plan(), surface_of), np.array([[9.0, 1, 1]]), "cells")


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (plan([[0, 0], [8, 0], [6, 5], [0, 5]]), "the outline is neither a rectangle nor an L"),
        (plan([[0, 0], [9, 0], [9, 5], [6, 5], [6, 2], [3, 2], [3, 5], [0, 5]]), "the outline is neither"),
        (plan([[0, 0], [8, 0], [8, 3], [6, 3], [6, 5], [2, 5], [2, 3], [0, 3]]), "the outline is neither"),
        (plan(walls=[wall(CORNERS_M, True), wall([[4, 0], [4, 2]])]), "wall 'wall' is inside the outline"),
        (plan(walls=[wall(CORNERS_M, True, height_m=2.0)]), "wall 'wall' does not reach the ceiling"),
        (
            plan(walls=[wall(CORNERS_M, True, openings=[{"start_m": 1, "width_m": 1, "top_m": 2}])]),
            "wall 'wall' has doors or windows",
        ),
        (
            plan(walls=[wall([[0, 0], [4, 0]]), wall([[4, 0], [8, 0]], material="glass")]),
            r"the side from \[0.0, 0.0\] to \[8.0, 0.0\] m is not one wall of one material",
        ),
        (plan(walls=[wall([[0, 0], [4, 0]])]), "the side from .* is not one wall of one material"),
        (plan(walls=[wall(CORNERS_M, True), wall([[0, 0], [8, 0]])]), "the side from .* is not one wall"),
    ],
    ids=["slanted", "u", "t", "inner-wall", "low-wall", "door", "two-materials", "half-a-side", "double"],
)
def test_other_plans_are_refused_with_the_reason(refused: FloorPlan, reason: str) -> None:
    with pytest.raises(NoBoxesError, match=reason):
        boxes(refused, surface_of)
