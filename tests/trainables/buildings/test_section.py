"""A section is where walls stand, at their full length, and closed rooms are those without a gap."""

import numpy as np
import numpy.typing as npt
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.buildings.floor_plan import FloorPlan, bundled_floor_plans, load_floor_plan, sheets
from trainables.buildings.section import closed_rooms, filled, section

OFFICE = load_floor_plan(bundled_floor_plans()["office"])


def lines(plan: FloorPlan, height_m: float) -> npt.NDArray[np.float64]:
    return np.concatenate([section(sheet.vertices_m[sheet.faces], height_m) for sheet in sheets(plan)])


@given(st.floats(0.01, 2.79))
@settings(max_examples=30)
def test_a_section_is_the_walls_without_what_is_open_at_that_height(height_m: float) -> None:
    walls = [shapely.LineString(wall.corners_m) for wall in OFFICE.walls]
    gaps = [
        wall.ends_m(opening)
        for wall in OFFICE.walls
        for opening in wall.openings
        if opening.slab is None and opening.bottom_m <= height_m < opening.top_m
    ]
    found = shapely.union_all(shapely.linestrings(lines(OFFICE, height_m)))
    expected = shapely.union_all(walls).difference(
        shapely.union_all(shapely.linestrings(np.reshape(gaps, (-1, 2, 2)))).buffer(1e-6)
    )
    assert found.hausdorff_distance(expected) == pytest.approx(0, abs=1e-5)
    assert found.length == pytest.approx(expected.length, abs=1e-4)


def test_above_and_below_there_is_nothing() -> None:
    assert lines(OFFICE, -0.1).shape == lines(OFFICE, 2.9).shape == (0, 2, 2)


def test_rooms_are_closed_but_for_the_one_with_an_open_door() -> None:
    corridor = shapely.box(0.5, 6.9, 19.5, 8.7)
    rooms = closed_rooms(lines(OFFICE, 1.5), corridor)
    assert rooms.area == pytest.approx(4 * 5 * 6.6 + 3 * 5 * 6)
    assert not rooms.intersects(shapely.Point(7.5, 12))
    assert closed_rooms(lines(OFFICE, 2.5), corridor).area == pytest.approx(8 * 5 * 6.3), "above the doors"


def test_where_access_points_are_nothing_is_closed() -> None:
    assert closed_rooms(lines(OFFICE, 2.5), shapely.box(0, 0, 20, 15)).is_empty


@given(st.lists(st.floats(1, 10), min_size=3, max_size=12), st.floats(0.1, 0.8))
@settings(max_examples=30)
def test_inside_is_what_an_odd_number_of_walls_is_around(radii_m: list[float], hole: float) -> None:
    turns = 2 * np.pi * np.arange(len(radii_m)) / len(radii_m)
    star = shapely.Polygon(np.column_stack([radii_m * np.cos(turns), radii_m * np.sin(turns)]))
    ring = star - shapely.affinity.scale(star, hole, hole, origin=(0, 0))
    edges = [
        shapely.get_coordinates(part)[[at, at + 1]]
        for part in (ring.exterior, *ring.interiors)
        for at in range(len(part.coords) - 1)
    ]
    assert filled(np.array(edges)).symmetric_difference(ring).area < 0.003 * ring.length
    assert filled(np.array(edges[:1])).is_empty


def test_two_rooms_with_a_wall_of_each_between_them_are_both_inside() -> None:
    rooms = [shapely.box(0, 0, 4, 4), shapely.box(4, 0, 8, 4)]
    edges = [shapely.get_coordinates(room)[[at, at + 1]] for room in rooms for at in range(4)]
    assert filled(np.array(edges)).area == pytest.approx(32)
    assert filled(np.array(edges), known=rooms[0]).equals(rooms[1])
