"""The scene in which things move: a plate can be of every material that a wall can."""

import pytest

from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem


@pytest.mark.parametrize("material", ["metal", "vacuum"])
def test_a_plate_of_metal_reflects_and_one_of_nothing_is_not_there(material: str) -> None:
    """Also of vacuum, for which Sionna has no colour."""
    problem = PlacementProblem(reflector={"material": material}, fidelity={"rungs": [4_000]})
    evaluator = PlacementEvaluator(problem)
    genes = {"x1": 8.4, "y1": 2.3, "x2": 6.4, "y2": 1.4, "dir1_x": 1.0, "dir1_y": 0.0, "dir2_x": 1.0, "dir2_y": 0.0}
    genes |= {"refl_u": 0.5, "refl_v": 0.5, "focal_x": 19.0, "focal_y": 14.0}
    placement = evaluator.site.space.decode(genes)
    power_w, without_w = (evaluator.trace(of, 4_000).rss_w.sum() for of in (placement, placement.without_reflectors()))
    assert (power_w > 1.001 * without_w) == (material == "metal")
