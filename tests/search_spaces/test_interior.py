"""Points inside polygons, against areas and distances that are known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import GeometryCollection, LineString, Point, Polygon, box

from search_spaces.interior import HAIR_M, Interior
from search_spaces.zones import Region

RING = box(0, 0, 4, 4).difference(box(1, 1, 3, 3))
TWO = box(0, 0, 1, 1).union(box(50, 0, 53, 1))
SLIVER = Polygon([(0, 0), (10, 0), (10, 1e-3)])


@pytest.mark.parametrize("region", [RING, TWO, SLIVER], ids=["ring", "two", "sliver"])
@pytest.mark.parametrize("with_a_line", [False, True])
def test_draws_lie_inside_and_have_the_centre_of_the_area(region: Region, with_a_line: bool) -> None:
    """The mean of uniform draws is the centroid; an intersection may leave a line, which has no area."""
    given_region = GeometryCollection([region, LineString([(90, 90), (99, 99)])]) if with_a_line else region
    inside, rng = Interior(given_region), np.random.default_rng(0)
    drawn = np.array([inside.draw(rng) for _ in range(1000)])
    assert max(region.distance(Point(xy)) for xy in drawn) < 1e-12
    error = 4 * drawn.std(axis=0) / math.sqrt(len(drawn))
    assert np.all(np.abs(drawn.mean(axis=0) - [region.centroid.x, region.centroid.y]) <= error)


def test_each_polygon_has_its_share_of_the_draws() -> None:
    inside, rng = Interior(TWO), np.random.default_rng(1)
    far = sum(inside.draw(rng)[0] > 10 for _ in range(1000))
    assert far == pytest.approx(750, abs=4 * math.sqrt(1000 * 0.75 * 0.25))


@given(st.floats(-3, 7), st.floats(-3, 7))
def test_the_nearest_point_is_inside_and_no_point_is_nearer(x: float, y: float) -> None:
    nearest = Point(Interior(RING).nearest(x, y))
    assert RING.contains(nearest)
    assert nearest.distance(Point(x, y)) <= RING.distance(Point(x, y)) + 2 * HAIR_M
