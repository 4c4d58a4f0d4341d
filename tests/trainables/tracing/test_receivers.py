"""The receiver grid: which cells count, where they are, and the panels that stand in them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from search_spaces.ground import Ground
from search_spaces.zones import contains, region
from trainables.tracing.receivers import TRIANGLES_PER_CELL, ReceiverGrid, crossed_panels, panel_points_m

L_SHAPE = region([[(0, 0), (4, 0), (4, 1), (1, 1), (1, 3), (0, 3)]])
GRID = ReceiverGrid(L_SHAPE, cell_size_m=0.5, height_m=1.5)


def test_cells_fill_the_zones_and_nothing_else() -> None:
    assert GRID.shape == (6, 8)
    assert GRID.num_cells == len(GRID.centers_m) == GRID.mask.sum() == L_SHAPE.area / 0.25
    assert all(L_SHAPE.contains(Point(*center)) for center in GRID.centers_m)
    assert GRID.mask[:2].all()
    assert not GRID.mask[2:, 2:].any()


def test_cells_run_row_by_row_from_the_south_west() -> None:
    assert GRID.centers_m[0].tolist() == [0.25, 0.25]
    assert GRID.centers_m[1].tolist() == [0.75, 0.25]
    assert GRID.centers_m[-1].tolist() == [0.75, 2.75]
    assert sorted(GRID.centers_m.tolist(), key=lambda c: (c[1], c[0])) == GRID.centers_m.tolist()


@given(
    st.floats(-50, 50),
    st.floats(-50, 50),
    st.floats(0.3, 30),
    st.floats(0.3, 30),
    st.floats(0.3, 3),
)
@settings(max_examples=60)
def test_the_box_covers_the_zones_with_less_than_a_cell_to_spare(
    x: float, y: float, width_m: float, depth_m: float, cell_m: float
) -> None:
    grid = ReceiverGrid(box(x, y, x + width_m, y + depth_m), cell_m, 1.5)
    for extent_m, size_m in zip((width_m, depth_m), grid.size_m, strict=True):
        assert extent_m - 1e-6 <= size_m < extent_m + cell_m
    assert grid.size_m == (grid.shape[1] * cell_m, grid.shape[0] * cell_m)
    assert grid.center_m == pytest.approx((x + grid.size_m[0] / 2, y + grid.size_m[1] / 2, 1.5))
    assert grid.num_cells <= grid.shape[0] * grid.shape[1]


@pytest.mark.parametrize("cell_m", [0.1, 0.2, 0.3, 0.7])
def test_sizes_that_are_no_binary_fractions_make_no_extra_cells(cell_m: float) -> None:
    grid = ReceiverGrid(box(0.1, 0.2, 0.1 + 9 * cell_m, 0.2 + 7 * cell_m), cell_m, 1.5)
    assert grid.shape == (7, 9)
    assert grid.num_cells == 63


def test_an_image_shows_each_value_in_its_cell_and_nothing_outside() -> None:
    per_cell = np.stack([GRID.centers_m[:, 0], GRID.centers_m[:, 1]])
    image = GRID.to_image(per_cell)
    assert image.shape == (2, *GRID.shape)
    np.testing.assert_array_equal(np.isnan(image), np.broadcast_to(~GRID.mask, image.shape))
    for row, column in np.argwhere(GRID.mask):
        assert image[:, row, column].tolist() == [(column + 0.5) * 0.5, (row + 0.5) * 0.5]


def test_a_zone_smaller_than_a_cell_may_hold_no_centre() -> None:
    assert ReceiverGrid(box(0, 0, 0.1, 0.1), 0.5, 1.5).num_cells == 0


def test_crossed_panels_are_two_equal_vertical_panels_in_each_cell() -> None:
    vertices_m, faces = crossed_panels(GRID, panel_height_m=0.8)
    triangles = vertices_m[faces].reshape(GRID.num_cells, TRIANGLES_PER_CELL, 3, 3)
    doubled = np.cross(triangles[..., 1, :] - triangles[..., 0, :], triangles[..., 2, :] - triangles[..., 0, :])
    areas_m2 = np.linalg.norm(doubled, axis=-1) / 2
    normals = doubled / (2 * areas_m2[..., None])
    np.testing.assert_allclose(areas_m2, 0.5 * 0.8 / 2)
    np.testing.assert_allclose(normals[..., 2], 0, atol=1e-12)
    same, crossed = np.einsum("cik,cjk->ijc", normals, normals)[0, [1, 2]]
    np.testing.assert_allclose(np.abs(same), 1)
    np.testing.assert_allclose(crossed, 0, atol=1e-12)


def test_crossed_panels_are_centred_on_their_cells_at_user_height() -> None:
    vertices_m, faces = crossed_panels(GRID, panel_height_m=0.8)
    corners = vertices_m[faces].reshape(GRID.num_cells, -1, 3)
    low, high = corners.min(axis=1), corners.max(axis=1)
    np.testing.assert_allclose((low + high)[:, :2] / 2, GRID.centers_m)
    np.testing.assert_allclose(high - low, np.broadcast_to([0.5, 0.5, 0.8], low.shape))
    np.testing.assert_allclose((low + high)[:, 2] / 2, 1.5)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.1, 3))
@settings(max_examples=20)
def test_receivers_and_their_panels_stand_on_the_ground_below_them(
    slope_x: float, slope_y: float, height_m: float
) -> None:
    x, y = np.meshgrid([0.0, 4.0], [0.0, 4.0])
    grid = ReceiverGrid(L_SHAPE, 0.5, height_m, Ground((0.0, 0.0), 4.0, 7 + slope_x * x + slope_y * y))
    ground_m = 7 + grid.centers_m @ [slope_x, slope_y]
    assert np.allclose(grid.points_m, np.column_stack([grid.centers_m, ground_m + height_m]))
    vertices_m, _ = crossed_panels(grid, 0.8)
    of_cell = vertices_m.reshape(grid.num_cells, 8, 3)
    assert np.allclose(of_cell.mean(axis=1), grid.points_m)
    assert np.allclose(np.ptp(of_cell[..., 2], axis=1), 0.8)
    assert np.allclose(panel_points_m(grid, 0.8).mean(axis=1), grid.points_m)
    assert grid.left_out is None


def test_cells_inside_buildings_or_beside_the_ground_are_left_out_and_counted() -> None:
    heights_m = np.array([[0.0, 0.0, np.nan]])
    grid = ReceiverGrid(box(0, 0, 4, 1), 0.5, 1.5, Ground((0.0, 0.0), 1.5, heights_m), box(0, 0, 1, 0.9))
    assert grid.left_out == "of 16 cells 4 lie inside buildings and 4 have no ground below, and are left out"
    assert grid.num_cells == len(grid.points_m) == 8
    assert not contains(grid.solids, grid.centers_m).any()
    assert grid.centers_m[:, 0].max() < 3
