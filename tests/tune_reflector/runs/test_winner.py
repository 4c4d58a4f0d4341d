"""The winner: what plates cost decides who it is, and is never taken off its score."""

import numpy as np
import pytest

from search_spaces.genes import Genes
from tests.records import reported, trial_result
from trainables.evaluator import PlacementEvaluator
from tune_reflector.config.config_file import load_config
from tune_reflector.experiment.finalize import summary
from tune_reflector.runs.best_file import best_json
from tune_reflector.runs.measurement import measure
from tune_reflector.runs.winner import find_winner

BY_SCORE = [
    "radio.max_depth=3",
    "reflector={size_m: {low: [0.1, 0.1], high: [2, 2]}, cost_per_m2: 40, focal_point_m: [18, 12, 1.5]}",
    "fidelity.rungs=[2000]",
    "final={candidates: 2, rays_per_ap: 8000, lattices: 2, variants: []}",
]
IN_VARIANTS = [
    "final.variants=[{kind: aim, draws: 1}]",
    "final.variant_rays_per_ap=2000",
    "objective.robust={worst_share: 1}",
    "counterfactual.kinds=[]",
]


@pytest.fixture(scope="module")
def evaluator() -> PlacementEvaluator:
    return PlacementEvaluator(load_config(None, BY_SCORE).problem())


def sized(side_m: float) -> Genes:
    """Two access points to the left of a plate of that side, in the middle of its wall."""
    aps = {"x1": 4.0, "y1": 2.0, "x2": 11.0, "y2": 1.0, "dir1_x": 1.0, "dir1_y": 0.0, "dir2_x": 1.0, "dir2_y": 0.0}
    return {**aps, "refl_u": 0.5, "refl_v": 0.5, "refl_w": side_m, "refl_h": side_m}


@pytest.mark.parametrize("more", [[], IN_VARIANTS])
def test_a_plate_that_is_not_worth_its_size_loses_to_a_smaller_one(
    evaluator: PlacementEvaluator, more: list[str]
) -> None:
    config = load_config(None, [*BY_SCORE, *more])
    ranked = [reported(f"{side_m:g}", 1, trial_result(-60.0, genes=sized(side_m))) for side_m in (1.5, 0.3)]
    winner = find_winner(config, ranked, evaluator)
    assert winner is not None
    (rival,) = winner.runners_up
    assert (winner.found.trial_id, rival.found.trial_id) == ("0.3", "1.5")
    alone = measure(evaluator, winner.placement, config.final)
    assert rival.value > alone.score.value, "the large one is better"
    assert rival.merit == pytest.approx(rival.value - 40 * 1.5**2)
    assert winner.measured.score.value == pytest.approx(alone.score.value, abs=0.01), "nothing is taken off"
    assert best_json(config, winner, evaluator, ())["plate_cost"] == pytest.approx(40 * 0.09)
    told = summary(winner, (), config.objective, plate_cost=config.told_plate_cost(winner.placement))
    assert told.splitlines()[1] == "ranked with 3.6 dB for 0.09 m2 of plate taken off"
    np.testing.assert_allclose(winner.placement.reflectors[0].size_m, 0.3)
