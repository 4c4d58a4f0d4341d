"""The ground: a raster is exact where heights are bilinear, and goes on at its edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from search_spaces.ground import Ground


def sloping(slope_x: float, slope_y: float, twist: float = 0.0) -> Ground:
    x, y = np.meshgrid(10 + 2.0 * np.arange(5), -4 + 2.0 * np.arange(4))
    return Ground((10.0, -4.0), 2.0, 3 + slope_x * x + slope_y * y + twist * x * y)


@given(*[st.floats(-2, 2)] * 3, st.floats(10, 18), st.floats(-4, 2))
def test_heights_are_those_of_a_bilinear_surface(a: float, b: float, twist: float, x: float, y: float) -> None:
    # within each cell of the raster, so that a twisted surface is met where its own cells are
    expected = 3 + a * x + b * y + twist * x * y
    assert sloping(a, b, twist).height_m(x, y) == pytest.approx(expected, abs=1e-9)


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_beyond_the_raster_heights_are_those_of_its_edge(x: float, y: float) -> None:
    ground = sloping(0.5, -0.25)
    inside = np.clip([x, y], [10, -4], [18, 2])
    assert ground.height_m(x, y) == pytest.approx(ground.height_m(*inside))


def test_samples_without_ground_do_not_count() -> None:
    heights_m = np.full((4, 5), 7.0)
    heights_m[:, 2:] = np.nan
    ground = Ground((0.0, 0.0), 1.0, heights_m)
    assert ground.at(np.array([[1.5, 1.5], [2.0, 0.5], [4.0, 2.0]])) == pytest.approx([7, np.nan, np.nan], nan_ok=True)
    assert ground.height_m(4, 2) == 0


def test_one_sample_is_level_ground() -> None:
    ground = Ground((5.0, 5.0), 1.0, np.array([[2.5]]))
    assert ground.at(np.array([[0.0, 0.0], [9.0, 5.0]])).tolist() == [2.5, 2.5]
    assert ground.range_m(box(0, 0, 9, 9)) == (2.5, 2.5)


def test_the_range_is_that_of_the_region() -> None:
    ground = sloping(1.0, 0.0)
    assert ground.range_m(box(11, -4, 15, 2)) == pytest.approx((14, 18))
    assert ground.range_m(box(11.2, 0.1, 11.4, 0.2)) == pytest.approx((14.2, 14.4)), "between the samples"
