"""The second stage: it starts from the best distinct placements, stays near them, and is part of one run."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from search_spaces.neighbourhood import distance
from tests.searches import Row, read_rows
from trainables.problem import PlacementProblem
from tune_reflector import search
from tune_reflector.config.config_file import load_config

SPACE = PlacementProblem().site().space
NAMES = [gene.name for gene in SPACE.genes]

QUICK = [
    "launch=local",
    "searcher={kind: random}",
    "fidelity.rungs=[2000, 4000]",
    "final={candidates: 2, rays_per_ap: 20000, lattices: 3, variants: [], second_opinion: false}",
    "report={every_s: null, figures: false}",
    "counterfactual.kinds=[]",
    "budget.trials=6",
]
BOUNDS = "refine={kind: bounds, candidates: 2, trials: 5, margin: 0.1, searcher: {kind: random}}"
GRADIENT = "refine={kind: gradient, candidates: 2, steps: 3, path_rays_per_ap: 1000, points: 4}"


def stages(name: str) -> dict[int, list[Row]]:
    rows = list(read_rows(Path(f"results/{name}/trials.csv")))
    return {stage: [row for row in rows if row.values["stage"] == stage] for stage in (1, 2)}


def test_a_refined_search_is_one_run_with_one_winner(capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main([*QUICK, BOUNDS, "name=a"]) == 0
    by_stage = stages("a")
    assert {stage: len({row.trial_id for row in rows}) for stage, rows in by_stage.items()} == {1: 6, 2: 5}
    starts = json.loads(Path("results/a/refinement/starts.json").read_text())
    for refined in by_stage[2]:
        genes = {name: refined.values[name] for name in NAMES}
        assert min(distance(SPACE, genes, start) for start in starts) <= 0.1
    best = json.loads(Path("results/a/best.json").read_text())
    assert best["trial_id"] in {row.trial_id for rows in by_stage.values() for row in rows}
    out = capsys.readouterr().out
    assert "refine   5 more trials around the best 2 by random" in out
    assert "11/11 trials" in out
    assert load_config(Path("results/a/config.yaml")).refine is not None


@pytest.mark.slow
def test_the_best_climb_on_along_the_gradient() -> None:
    assert search.main([*QUICK, GRADIENT, "name=a"]) == 0
    second = stages("a")[2]
    assert {row.iteration for row in second} == {1, 2, 3}
    starts = json.loads(Path("results/a/refinement/starts.json").read_text())
    of_start = {tuple(start.values()): -np.inf for start in starts}
    for row in stages("a")[1]:
        genes = tuple(row.values[name] for name in NAMES)
        if genes in of_start and row.values["rung"] == 2:
            of_start[genes] = row.values["p5_rss_dbm"]
    last = [row.values["p5_rss_dbm"] for row in second if row.iteration == 3]
    # The same rays score the start again, so that the climb can only add to it.
    assert sorted(last) >= [score - 0.01 for score in sorted(of_start.values())]


@pytest.mark.parametrize("stop_at", [3, 14], ids=["first stage", "second stage"])
def test_a_refined_search_resumes_in_either_stage(stop_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from trainables.placement import PlacementTrainable

    assert search.main([*QUICK, BOUNDS, "name=straight"]) == 0
    step, calls = PlacementTrainable.step, iter(range(1000))

    def interrupted(self: PlacementTrainable) -> dict[str, object]:
        if next(calls) == stop_at:
            raise KeyboardInterrupt
        return step(self)

    monkeypatch.setattr(PlacementTrainable, "step", interrupted)
    assert search.main([*QUICK, BOUNDS, "name=broken"]) == 130
    assert Path("results/broken/refinement").exists() == (stop_at > 12)
    monkeypatch.setattr(PlacementTrainable, "step", step)
    assert search.main(["--resume", "results/broken"]) == 0
    for stage in (1, 2):
        told = [[(r.iteration, r.values["x1"]) for r in stages(name)[stage]] for name in ("straight", "broken")]
        assert told[0] == told[1]


def test_a_larger_budget_goes_on_with_the_first_stage_and_refines_anew() -> None:
    assert search.main([*QUICK, BOUNDS, "name=a"]) == 0
    before = list(read_rows(Path("results/a/trials.csv")))
    assert search.main(["--resume", "results/a", "budget.trials=9"]) == 0
    after = list(read_rows(Path("results/a/trials.csv")))
    assert after[: len(before)] == before
    trials = {row.trial_id: row.values["stage"] for row in after}
    assert Counter(trials.values()) == {1: 9, 2: 5, 3: 5}


def test_a_budget_of_rays_leaves_the_second_stage_its_share() -> None:
    """Five trials of 6,000 rays each may take 30,000; the rest is for the first stage."""
    assert search.main([*QUICK, BOUNDS, "name=a", "budget.rays_per_ap=45_000", "budget.trials=100"]) == 0
    spent = {
        stage: sum({row.trial_id: row.values["rays_per_ap"] for row in rows}.values())
        for stage, rows in stages("a").items()
    }
    assert 15_000 <= spent[1] <= 15_000 + 4_000
    assert spent[2] <= 30_000
    assert sum(spent.values()) >= 42_000
