"""The ground is where the land says it is, and who is inside a house is told whatever the house is made of."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.blocks import SIDE_M, Triangles, land, roof, walls
from trainables.buildings.terrain import Bounds, Terrain

HOUSE = ((-10.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-10.0, 5.0))
YARD = ((-6.0, -2.0), (1.0, -2.0), (1.0, 2.0), (-6.0, 2.0))
EVERYWHERE: Bounds = (-SIDE_M / 2, -SIDE_M / 2, SIDE_M / 2, SIDE_M / 2)


def house(low_m: float = -10.0, high_m: float = 12.0) -> dict[str, Triangles]:
    return {"walls": walls(HOUSE, low_m, high_m), "roof": roof(shapely.Polygon(HOUSE), high_m)}


def inside(objects: dict[str, Triangles], height_m: float = 1.5) -> shapely.Geometry:
    return Terrain(objects).solids(height_m, EVERYWHERE)


def assert_is(found: shapely.Geometry, expected: shapely.Polygon) -> None:
    assert found.symmetric_difference(expected).area == pytest.approx(0, abs=0.02 * expected.length)


@given(st.floats(-0.5, 0.5), st.floats(-20, 20), st.floats(-49, 49), st.floats(-49, 49))
@settings(max_examples=20)
def test_the_ground_is_the_widest_object_also_under_houses(slope: float, height_m: float, x: float, y: float) -> None:
    terrain = Terrain(house() | {"land": land(slope, height_m)})
    assert terrain.names == ("land",)
    assert terrain.height_m(x, y) == pytest.approx(height_m + slope * x, abs=1e-6)
    raster = terrain.raster((x - 1, y - 1, x + 1, y + 1))
    if max(abs(x), abs(y)) < 48:
        assert raster.height_m(x, y) == pytest.approx(height_m + slope * x, abs=1e-4)


def test_beside_the_land_there_is_no_ground() -> None:
    terrain = Terrain({"land": land()})
    assert np.isnan(terrain.heights_m(np.array([[SIDE_M, 0.0]])))[0]


def test_the_ground_can_be_named() -> None:
    objects = {"land": land(), "square": roof(shapely.box(0, 0, 9, 9), 2.0)}
    assert Terrain(objects, ["land", "square"]).height_m(5, 5) == 0, "the lowest"
    assert Terrain(objects, ["square"]).height_m(5, 5) == 2
    with pytest.raises(
        ValueError, match=r"^ground must name objects of the scene, but got 'sea'; choose from land, squ"
    ):
        Terrain(objects, ["sea"])


@pytest.mark.parametrize("slope", [0.0, 0.1, -0.2])
def test_a_house_of_walls_and_a_roof_is_solid_up_to_its_roof(slope: float) -> None:
    objects = house() | {"land": land(slope)}
    assert_is(inside(objects), shapely.Polygon(HOUSE))
    assert inside(objects, 20.0).is_empty


def test_a_courtyard_is_not() -> None:
    ring = shapely.Polygon(HOUSE, [YARD])
    both = np.concatenate([walls(HOUSE, 0, 8), walls(YARD, 0, 8)])
    assert_is(inside({"land": land(), "walls": both, "roof": roof(ring, 8)}), ring)


def test_nor_is_a_garden_with_a_fence_nor_what_a_bridge_leads_over() -> None:
    bridge = roof(shapely.box(20, -40, 30, 40), 6.0)
    assert inside({"land": land(), "fence": walls(HOUSE, 0, 2), "bridge": bridge}).is_empty


def test_walls_that_are_objects_one_by_one_enclose_together() -> None:
    ends = list(zip(HOUSE, (*HOUSE[1:], HOUSE[0]), strict=True))
    single = {f"wall {number}": walls(pair, 0, 8, closed=False) for number, pair in enumerate(ends)}
    assert_is(inside(single | {"land": land(), "roof": roof(shapely.Polygon(HOUSE), 8)}), shapely.Polygon(HOUSE))


def test_a_house_on_a_slope_is_one_also_where_its_walls_end_above_the_ground() -> None:
    assert_is(inside(house(low_m=0.0) | {"land": land(0.3)}), shapely.Polygon(HOUSE))


def test_houses_that_overlap_are_both_solid() -> None:
    other = tuple((x + 8, y + 3) for x, y in HOUSE)
    both = shapely.Polygon(HOUSE) | shapely.Polygon(other)
    annexe = {"walls 2": walls(other, -1, 9), "roof 2": roof(shapely.Polygon(other), 9)}
    assert_is(inside(house() | annexe | {"land": land()}), both)


@given(st.floats(-20, 20), st.floats(-20, 20))
@settings(max_examples=40)
def test_a_point_is_inside_where_the_outline_says_so(x: float, y: float) -> None:
    outline = shapely.Polygon(HOUSE)
    if outline.boundary.distance(shapely.Point(x, y)) > 0.05:
        assert TERRAIN.is_inside(x, y, 1.5) == outline.contains(shapely.Point(x, y))


TERRAIN = Terrain(house() | {"land": land(0.05)})
