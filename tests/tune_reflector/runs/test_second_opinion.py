"""The second opinion: what it is made of, how it is told, and what a run leaves of it."""

import json
from pathlib import Path

import pytest

from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator
from trainables.objectives.quantile import QuantileObjective
from trainables.problem import PlacementProblem
from tune_reflector import search
from tune_reflector.config.sections import FinalSettings
from tune_reflector.reporting import html_page
from tune_reflector.runs.run_data import RunData
from tune_reflector.runs.second_opinion import SecondOpinion, second_opinion

OBJECTIVE = QuantileObjective()
QUICK = [
    "name=a",
    "launch=local",
    "fidelity.rungs=[2000]",
    "final={candidates: 1, rays_per_ap: 4000, lattices: 2, variants: []}",
    "report={every_s: null, figures: false}",
    "searcher.kind=random",
    "budget.trials=2",
    "counterfactual.kinds=[]",
    "radio.max_depth=3",
]


def test_a_power_is_told_and_a_penalty_is_none() -> None:
    power, penalty = SecondOpinion(-50.04, 0.01), SecondOpinion(-149.4, 0.61)
    assert power.told(OBJECTIVE) == "by physical optics of the plate: P5 -50.0 dBm"
    assert penalty.told(OBJECTIVE) == "by physical optics of the plate: 61 % of the cells get no signal"
    assert power.to_json(OBJECTIVE) == {"p5_rss_dbm": -50.04, "score": -50.04, "outage": 0.01}
    assert penalty.to_json(OBJECTIVE) == {"p5_rss_dbm": None, "score": -149.4, "outage": 0.61}
    for opinion in (power, penalty):
        assert SecondOpinion.parse(json.loads(json.dumps(opinion.to_json(OBJECTIVE)))) == opinion


@pytest.mark.parametrize("damaged", [{"score": -50}, {"score": float("nan"), "outage": 0}, {"score": [], "outage": 0}])
def test_what_is_none_is_not_read(damaged: dict[str, float]) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        SecondOpinion.parse(damaged)


def test_it_is_near_what_the_rays_say() -> None:
    """Two routes to one number, in a corridor whose users see little but the plate."""
    problem = PlacementProblem.model_validate(
        {
            "radio": {"max_depth": 2},
            "receivers": {"cell_size_m": 1.0, "zones": [[[17, 6], [19, 6], [19, 12], [17, 12]]]},
            "access_points": {"count": 1},
        }
    )
    evaluator = PlacementEvaluator(problem)
    placement = aimed(evaluator)
    found = second_opinion(evaluator, placement, FinalSettings(rays_per_ap=100_000, lattices=2))
    traced = evaluator.score(evaluator.trace(placement, 1_000_000))
    alone = evaluator.score(evaluator.trace(placement.without_reflectors(), 1_000_000))
    assert alone.value < traced.value - 10
    assert found.value == pytest.approx(traced.value, abs=1.0)


def aimed(evaluator: PlacementEvaluator) -> Placement:
    genes = {"x1": 8.0, "y1": 2.0, "dir1_x": 1.0, "dir1_y": 0.0, "refl_u": 0.5, "refl_v": 0.4}
    return evaluator.site.space.decode({**genes, "focal_x": 18.0, "focal_y": 9.0})


def test_a_run_tells_it_in_its_files_on_the_terminal_and_on_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main(QUICK) == 0
    told = json.loads(Path("results/a/best.json").read_text())["physical_optics"]
    run = RunData.read(Path("results/a"))
    assert run.best is not None
    opinion = run.best.by_physical_optics
    assert opinion is not None
    assert told["score"] == opinion.value
    line = opinion.told(run.config.objective)
    assert line in capsys.readouterr().out
    assert line.replace("-", "\N{MINUS SIGN}") in html_page.page([run]) or line in html_page.page([run])


def test_where_images_are_not_exact_there_is_none_and_the_reason_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main([*QUICK, "radio.refraction=true"]) == 0
    assert "no second opinion by physical optics of the plate: radio.refraction is true" in capsys.readouterr().out
    assert json.loads(Path("results/a/best.json").read_text())["physical_optics"] is None


@pytest.mark.parametrize("setting", ["final.second_opinion=false", "reflector=null"])
def test_nobody_who_does_not_ask_is_told(setting: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main([*QUICK, setting]) == 0
    told = capsys.readouterr()
    assert "physical optics" not in told.out + told.err
    assert json.loads(Path("results/a/best.json").read_text())["physical_optics"] is None
