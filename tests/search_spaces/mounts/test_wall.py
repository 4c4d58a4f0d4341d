"""Places on walls, against a room whose walls are known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box

from search_spaces.access_points import AccessPointsConfig, AccessPointSpace
from search_spaces.mounts.base import Building, WallSide
from search_spaces.placement import PlacementSpace

CORNERS = [(0.0, 0.0), (10.0, 0.0), (10.0, 6.0), (0.0, 6.0)]
ROOM = Building(
    outline=box(0, 0, 10, 6),
    ceiling_m=3.0,
    wall_sides=tuple(WallSide(start, end) for start, end in zip(CORNERS, CORNERS[1:] + CORNERS[:1], strict=True)),
    wall_footprints=LineString([*CORNERS, CORNERS[0]]).buffer(0.01),
)
"""Ten by six metres; all four walls seen from inside."""


def space(building: Building = ROOM, keep_out: Polygon | None = None, **changes: Any) -> PlacementSpace:
    mount = {"kind": "wall", "heights_m": [2.0, 2.5], **changes.pop("mount", {})}
    config = AccessPointsConfig.model_validate({"count": 1, "mount": mount, **changes})
    return PlacementSpace(AccessPointSpace(config, box(0.5, 0.5, 9.5, 5.5), keep_out or Polygon(), building))


def length_m(where: PlacementSpace) -> float:
    (along,) = (gene for gene in where.genes if gene.name == "along1")
    return along.high - along.low


def within(where: PlacementSpace) -> st.SearchStrategy[dict[str, float]]:
    return st.fixed_dictionaries({gene.name: st.floats(gene.low, gene.high) for gene in where.genes})


@given(within(space()))
@settings(max_examples=60)
def test_it_hangs_off_a_wall_between_the_heights_and_looks_into_the_room(genes: dict[str, float]) -> None:
    where = space()
    assert where.violation(genes) == 0
    (ap,) = where.decode(genes).access_points
    x, y, z = ap.position_m
    to_walls_m = {(1, 0): x, (-1, 0): 10 - x, (0, 1): y, (0, -1): 6 - y}
    (inwards,) = [way for way, off_m in to_walls_m.items() if off_m == pytest.approx(0.1)]
    assert z == genes["z1"]
    assert 2.0 <= z <= 2.5
    assert ap.direction[:2] @ inwards >= -1e-12
    assert ap.direction[:2] @ inwards == pytest.approx(
        genes["dir1_y"] / np.linalg.norm([genes["dir1_x"], genes["dir1_y"], -0.5])
    )
    assert np.linalg.norm(ap.direction) == pytest.approx(1)


def test_all_that_faces_the_area_is_searched_once() -> None:
    """Where the area is straight ahead: 9 m of each long wall, 5 m of each short one."""
    assert length_m(space()) == pytest.approx(2 * 9 + 2 * 5)
    ends = [
        space().decode({"along1": a, "z1": 2.2, "dir1_x": 0, "dir1_y": 1}).access_points[0] for a in (0.0, 9.0 - 1e-9)
    ]
    assert [ap.position_m[:2].tolist() for ap in ends] == [pytest.approx([0.5, 0.1]), pytest.approx([9.5, 0.1])]


@pytest.mark.parametrize(
    ("changes", "less_m"),
    [
        (
            {
                "building": replace(
                    ROOM, wall_sides=(WallSide((0, 0), (10, 0), ((2, 3, 0, 2.1),)), *ROOM.wall_sides[1:])
                )
            },
            1,
        ),
        (
            {
                "building": replace(
                    ROOM, wall_sides=(WallSide((0, 0), (10, 0), ((2, 3, 0, 1.9),)), *ROOM.wall_sides[1:])
                )
            },
            0,
        ),
        ({"keep_out": box(4, 0, 6, 1)}, 2),
        ({"keep_out": box(4, 0.3, 6, 0.4)}, 0),
        ({"direction": [1, 0, -1]}, 5),  # the east wall would have it look into itself
        ({"direction": [0, 0, -1]}, 0),
        ({"building": replace(ROOM, wall_footprints=ROOM.wall_footprints.union(box(4, 0, 4.2, 1)))}, 0.2),
    ],
    ids=["door", "low-opening", "kept-out", "kept-out-in-front", "east", "down", "other-wall"],
)
def test_what_is_no_place_is_left_out(changes: dict[str, Any], less_m: float) -> None:
    assert length_m(space(**changes)) == pytest.approx(28 - less_m)


def test_a_single_height_is_not_searched() -> None:
    where = space(mount={"heights_m": [2.2, 2.2]}, direction=[0, 0, -1])
    assert [gene.name for gene in where.genes] == ["along1"]
    assert where.decode({"along1": 3.0}).access_points[0].position_m[2] == 2.2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"building": Building()}, r"^access_points\.mount\.kind must be area or points .*; list spots"),
        ({"mount": {"reach_m": 0.2}}, r"^access_points\.mount must find a wall .*reach_m=0\.2 m.*; raise reach_m"),
        ({"mount": {"heights_m": [2, 3]}}, r"^access_points\.mount\.heights_m must be below the ceiling at 3 m"),
    ],
)
def test_walls_must_be_known_near_and_high_enough(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        space(**changes).check()
