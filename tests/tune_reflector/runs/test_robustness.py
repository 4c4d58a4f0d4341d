"""Robustness: what is made of the scores in variants of the world, and where they come from."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.evaluator import PlacementEvaluator
from trainables.objectives.coverage import CoverageObjective
from trainables.objectives.quantile import QuantileObjective
from trainables.variants.aim import AimSettings
from trainables.variants.permittivity import PermittivitySettings
from trainables.variants.rough_walls import RoughWalls
from tune_reflector import search
from tune_reflector.config.config_file import load_config
from tune_reflector.errors import ConfigError
from tune_reflector.runs.history import History
from tune_reflector.runs.robustness import InVariants, Robustness, Subject, robustness, target
from tune_reflector.runs.winner import find_winner

SCORES = st.lists(st.floats(-150, 0), min_size=1, max_size=20)


@given(SCORES, st.floats(-150, 0))
def test_the_chance_of_a_target_falls_with_it(scores: list[float], goal: float) -> None:
    found = Robustness(0.0, {str(number): score for number, score in enumerate(scores)})
    assert found.chance(goal) == np.mean(np.array(scores) >= goal)
    assert found.chance(min(scores)) == 1
    assert found.chance(goal) >= found.chance(goal + 1)


def test_a_gain_is_taken_world_by_world() -> None:
    winner = Robustness(-50.0, {"rough": -2.0, "askew": -6.0, "wet": 1.0})
    other = Robustness(-60.0, {"rough": 3.0, "askew": 0.0, "wet": -1.0})
    gain = winner.gain_over(other)
    assert gain.nominal == 10
    assert gain.values == {"rough": 5.0, "askew": 4.0, "wet": 12.0}
    assert gain.worst == ("askew", 4.0)
    assert gain.best == 12
    assert gain.mean == pytest.approx(winner.mean - other.mean)


def test_people_are_told_the_worst_and_the_bar_to_count_on() -> None:
    winner = Robustness(-50.0, {"rough": -2.0, "askew": -20.0, "wet": 1.0})
    told = InVariants(winner, {"a": Robustness(-60.0, dict.fromkeys(winner.changes, 0.0))}, {}, 1000)
    objective = QuantileObjective()
    again = InVariants.parse(json.loads(json.dumps(told.to_json(objective))), {"a"})
    assert again.told(objective, {"a": "b"}) == told.told(objective, {"a": "b"})
    with pytest.raises(ValueError, match="no comparison is called 'a'"):
        InVariants.parse(told.to_json(objective), set())
    assert target(objective) == -67
    assert told.told(objective, {"a": "best without a reflector"}) == [
        "in 3 variants of the world: P5 -70.0 dBm at worst (askew), -70.0 in the worst 20 %, -57.0 on average; 67 % "
        "reach -67 dBm",
        "the bar to count on: over the best without a reflector it gains -10.0 (askew) to +11.0 dB there, +3.0 on "
        "average",
    ]
    dark = InVariants(Robustness(-110.0, {"rough": -30.0}), told.alternatives, {}, 1000)
    (line,) = dark.told(objective, {"a": "best without a reflector"})
    assert "of the cells get no signal at worst (rough); 0 % reach" in line


def test_variants_change_the_measured_score_by_as_much_as_the_traced_one(corridor: PlacementEvaluator) -> None:
    """With rays of their own for nobody: a variant without effect changes nothing at all."""
    space = corridor.site.space
    placement = space.decode(space.sample(np.random.default_rng(3)))
    (aim,) = AimSettings(most_deg=5, draws=1).variants(corridor.problem)
    smooth, rough = RoughWalls(1e-9), RoughWalls(0.4)
    bare = PlacementEvaluator(corridor.problem.model_copy(update={"reflector": None}))
    subjects = {
        "winner": Subject(corridor, placement, -50.0),
        "same": Subject(corridor, placement.without_reflectors(), -60.0),
        "bare": Subject(bare, placement.without_reflectors(), -60.0),
    }
    found = robustness(subjects, [aim, smooth, rough], 5_000)
    assert list(found) == list(subjects)
    assert [of.nominal for of in found.values()] == [-50, -60, -60]
    assert found["winner"].changes[smooth.name] == pytest.approx(0, abs=0.01)
    assert found["same"].changes[aim.name] == pytest.approx(0, abs=0.01)
    assert found["same"].values == pytest.approx(found["bare"].values, abs=0.05)  # another scene, the same world
    there = corridor.under(rough)
    scores = [of.score(of.trace(placement, 5_000, 1)).value for of in (corridor, there)]
    assert found["winner"].changes[rough.name] == pytest.approx(scores[1] - scores[0], abs=0.02)
    assert abs(scores[1] - scores[0]) > 0.1


def test_no_share_of_the_cells_is_above_all_of_them_in_a_variant(corridor: PlacementEvaluator) -> None:
    """The change that few rays tell, on top of a measured 100 %."""
    corridor = PlacementEvaluator(corridor.problem.model_copy(update={"objective": CoverageObjective()}))
    placement = corridor.site.space.decode(corridor.site.space.sample(np.random.default_rng(3)))
    walls = PermittivitySettings().variants(corridor.problem)
    subjects = {str(nominal): Subject(corridor, placement, nominal) for nominal in (50.0, 100.0)}
    free, full = robustness(subjects, walls, 5_000).values()
    assert max(free.changes.values()) > 0
    assert max(full.values.values()) == 100
    assert min(full.changes.values()) == min(0, *free.changes.values())


def test_a_robust_choice_needs_variants() -> None:
    with pytest.raises(ConfigError, match=r"^objective.robust must be null where final.variants has none, but is set"):
        load_config(None, ["final.variants=[]", "objective.robust={}"])
    assert load_config(None, ["objective.robust={}"]).objective.robust is not None


def test_a_winner_may_be_the_one_that_is_best_in_the_worst_variants(corridor: PlacementEvaluator) -> None:
    """Of the end of a whole search: what is chosen, and what ``best.json`` tells."""
    final = "{candidates: 3, rays_per_ap: 5000, lattices: 2, variants: [{kind: aim, most_deg: 10, draws: 3}], "
    settings = [
        "name=a",
        "launch=local",
        "fidelity.rungs=[2000]",
        f"final={final} variant_rays_per_ap: 5000, second_opinion: false}}",
    ]
    settings += ["report={every_s: null, figures: false}", "searcher.kind=random", "budget.trials=6"]
    settings += ["counterfactual.kinds=[same_access_points]", "objective.robust={worst_share: 0.5}"]
    assert search.main(settings) == 0
    folder = Path("results/a")
    best = json.loads((folder / "best.json").read_text())
    told = best["robustness"]
    assert [other["kind"] for other in told["comparisons"]] == ["same_access_points"]
    assert told["comparisons"][0]["gain"]["nominal"] == pytest.approx(
        told["winner"]["nominal"] - told["comparisons"][0]["nominal"]
    )
    assert told["winner"]["nominal"] == best["p5_rss_dbm"]
    assert len(told["winner"]["values"]) == 3
    assert told["winner"]["worst"] == min(told["winner"]["values"].values())

    config = load_config(folder / "config.yaml")
    ranked = History.read(config, folder).ranked
    winner = find_winner(config, ranked, corridor)
    assert winner is not None
    assert winner.found.trial_id == best["trial_id"]
    assert [rival.found.trial_id for rival in winner.runners_up] == [of["trial_id"] for of in told["runners_up"]]
    plain = config.model_copy(update={"objective": config.objective.model_copy(update={"robust": None})})
    by_score = find_winner(plain, ranked, corridor)
    assert by_score is not None
    assert {by_score.found.trial_id, *(rival.found.trial_id for rival in by_score.runners_up)} == {
        winner.found.trial_id,
        *(rival.found.trial_id for rival in winner.runners_up),
    }
    values = [rival.value for rival in by_score.runners_up]
    assert values == sorted(values, reverse=True)
    aims = AimSettings(most_deg=10, draws=3).variants(config)
    chosen = [winner.placement, *(rival.placement for rival in winner.runners_up)]
    subjects = {str(n): Subject(corridor, placement, 0.0) for n, placement in enumerate(chosen)}
    screened = [corridor.score(corridor.trace(placement, 5_000, 1)).value for placement in chosen]
    changes = robustness(subjects, aims, 5_000).values()
    merits = [value + of.cvar(0.5) for value, of in zip(screened, changes, strict=True)]
    assert merits == pytest.approx(sorted(merits, reverse=True), abs=0.05)
