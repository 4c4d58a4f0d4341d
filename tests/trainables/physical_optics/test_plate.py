"""A plate's frame, from its corners."""

import numpy as np
import pytest

from search_spaces.placement import PlacementSpace
from tests.plates import CENTER_M, plate, point
from trainables.physical_optics.plate import Plate
from trainables.problem import PlacementProblem


def test_a_pose_and_its_plate_face_the_same_way() -> None:
    space: PlacementSpace = PlacementProblem().site().space
    pose = space.decode(space.sample(np.random.default_rng(2))).reflectors[0]
    found = Plate.of(pose.vertices_m)
    np.testing.assert_allclose(found.center_m, pose.center_m, atol=1e-9)
    np.testing.assert_allclose(found.normal, pose.normal, atol=1e-9)
    np.testing.assert_allclose(found.sides_m, pose.size_m, atol=1e-9)


def test_corners_in_single_precision_are_a_plate_and_others_are_not() -> None:
    vertices_m = np.array([[0, 0, 0], [1.3, 0, 0], [1.3, 0, 0.7], [0, 0, 0.7]]) @ np.linalg.qr(np.eye(3) + 0.3)[0]
    np.testing.assert_allclose(Plate.of(vertices_m.astype(np.float32)).sides_m, [1.3, 0.7], rtol=1e-6)
    for bad in (vertices_m[[0, 2, 1, 3]], vertices_m[[0, 0, 2, 2]], vertices_m + np.eye(4, 3) * 0.01):
        with pytest.raises(ValueError, match="vertices_m: must be the corners of a rectangle"):
            Plate.of(bad)


def test_distances_are_to_the_nearest_point_of_the_plate() -> None:
    square = plate(1.0)
    over = CENTER_M + 2.0 * square.normal + 0.4 * square.axes[0]
    beside = CENTER_M + (0.5 + 3.0) * square.axes[0] + (0.5 + 4.0) * square.axes[1]
    np.testing.assert_allclose(square.distances_m(np.array([over, beside])), [2.0, 5.0])
    assert square.in_front(point(square, 3.0, 1.5, 0.0))
    assert not square.in_front(point(square, 3.0, 1.6, 0.0))
