"""Regions: how far a point is outside or inside, and which polygons are none."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from search_spaces.access_points import AccessPointsConfig
from search_spaces.zones import Zone, contains, depth_inside_m, distance_outside_m, region

Corners = list[tuple[float, float]]


def rectangle(x_min: float, y_min: float, x_max: float, y_max: float) -> Corners:
    return [(x_min, y_min), (x_max, y_min), (x_max, y_max), (x_min, y_max)]


ROOM = region([rectangle(1, 2, 5, 8)])


def test_overlapping_zones_count_once() -> None:
    assert region([rectangle(0, 0, 2, 2), rectangle(1, 0, 3, 2)]).area == pytest.approx(6)
    assert region([rectangle(0, 0, 1, 1), rectangle(2, 2, 3, 3)]).area == pytest.approx(2)


def test_no_zones_make_an_empty_region_that_forbids_nothing() -> None:
    assert region([]).is_empty
    assert depth_inside_m(region([]), 0, 0) == 0


@given(st.floats(-20, 20), st.floats(-20, 20))
@settings(max_examples=100)
def test_distances_to_a_rectangle_are_those_of_arithmetic(x: float, y: float) -> None:
    outside = np.hypot(max(1 - x, 0, x - 5), max(2 - y, 0, y - 8))
    inside = max(0.0, min(x - 1, 5 - x, y - 2, 8 - y))
    assert distance_outside_m(ROOM, x, y) == pytest.approx(outside, abs=1e-9)
    assert depth_inside_m(ROOM, x, y) == pytest.approx(inside, abs=1e-9)


def test_an_edge_is_neither_inside_nor_outside() -> None:
    assert distance_outside_m(ROOM, 1, 5) == 0
    assert depth_inside_m(ROOM, 1, 5) == 0


def test_contains_tells_each_point_apart() -> None:
    points = np.array([[3.0, 5.0], [0.0, 5.0], [4.9, 7.9], [3.0, 9.0]])
    assert contains(ROOM, points).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("corners", "rule"),
    [
        ([[0, 0], [1, 1]], "at least 3"),
        ([[0, 0], [1, 1], [1, 0], [0, 1]], "must not cross itself"),
        ([[0, 0], [1, 1], [2, 2]], "must not cross itself|area > 0"),
        ([[0, 0], [1, 0], ["a", 1]], "valid number"),
        ([[0, 0], [1, 0], [1, 1, 1]], "at most 2"),
        ([[0, 0], [1, 0], [1, 100_001]], "less than or equal to 100000"),
        ([[n, n * n / 1000] for n in range(2_001)], "at most 2000"),
    ],
)
def test_a_polygon_without_an_inside_is_refused(corners: Any, rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        TypeAdapter(Zone).validate_python(corners)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_corner_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        AccessPointsConfig.model_validate({"areas": [[[0, 0], [1, 0], [bad, 1]]]})
