"""Rays that only look measure what the floor plan says."""

import numpy as np
import pytest

from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.scene_geometry import SceneGeometry


@pytest.fixture(scope="module")
def geometry() -> SceneGeometry:
    return SceneGeometry(PlacementEvaluator(PlacementProblem()).scene)


def test_distances_are_those_of_the_corridor(geometry: SceneGeometry) -> None:
    spots_m = np.array([[1.0, 1.0, 1.0], [18.0, 10.0, 1.5], [10.0, 10.0, 1.5]])
    up, down, east = ([0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0])
    assert geometry.distance_m(spots_m, np.array(up)) == pytest.approx([2.0, 1.5, np.inf])
    assert geometry.distance_m(spots_m, np.array(down))[:2] == pytest.approx([1.0, 1.5])
    assert geometry.distance_m(spots_m, np.array(east)) == pytest.approx([19.0, 2.0, 6.0])


def test_a_section_has_the_walls_by_material_and_no_plate(geometry: SceneGeometry) -> None:
    (material,), (lines,) = zip(*geometry.section(1.5).items(), strict=True)
    assert material == "concrete"
    assert np.hypot(*(lines[:, 1] - lines[:, 0]).T).sum() == pytest.approx(80, abs=1e-3)
    assert geometry.bounds_m[1] == pytest.approx([20, 20, 3])
