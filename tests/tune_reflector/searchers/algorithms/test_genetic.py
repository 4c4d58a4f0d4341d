"""The genetic algorithm: what it finds depends on the seed alone, and it never waits for ever."""

import json
import math
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from tests.spaces import Cube
from trainables.problem import PlacementProblem
from tune_reflector.searchers.algorithms.genetic import GeneticSearcher
from tune_reflector.searchers.algorithms.random import RandomSearcher
from tune_reflector.searchers.ga import GaSettings
from tune_reflector.searchers.random import RandomSettings

SPACE = PlacementProblem().site().space
MODES = [GaSettings(population=6), GaSettings(mode="steady_state", population=6, lag=4)]
each_mode = pytest.mark.parametrize("ga", MODES, ids=lambda ga: ga.mode)


def score(genes: dict[str, float]) -> float:
    shares = [gene.normalize(genes[gene.name]) for gene in SPACE.genes]
    return -50.0 - 100.0 * float(np.mean((np.array(shares) - 0.3) ** 2))


def result(genes: dict[str, float]) -> dict[str, Any]:
    """As a trial would end; every ninth individual fails, every seventh is stopped early with a dazzling score."""
    number = int(genes["individual"])
    if number % 9 == 5:
        return {"score": math.nan, "training_iteration": 2}
    early = number % 7 == 3
    return {"score": -1.0 if early else score(genes), "training_iteration": 1 if early else 2}


class Search:
    """Tune's side: ``workers`` trials at a time, which end in an order that ``dice`` decides."""

    def __init__(self, searcher: GeneticSearcher, workers: int, seed: int = 0) -> None:
        self.searcher, self.workers, self.dice = searcher, workers, random.Random(seed)
        self.running: dict[str, dict[str, float]] = {}
        self.trials: dict[str, dict[str, float]] = {}
        self.ended: dict[str, dict[str, Any]] = {}

    def run(self, trials: int) -> dict[int, dict[str, float]]:
        """Until so many have ended; the individuals by number."""
        while len(self.ended) < trials:
            while len(self.running) < self.workers and len(self.trials) < trials:
                trial_id = f"t{len(self.trials)}-{self.dice.random()}"
                genes = self.searcher.suggest(trial_id)
                if genes is None:
                    break
                self.running[trial_id] = self.trials[trial_id] = genes
            assert self.running, "the searcher gives nothing although nothing is out: it would wait for ever"
            self.end(self.dice.choice(sorted(self.running)))
        return {int(genes["individual"]): genes for genes in self.trials.values()}

    def end(self, trial_id: str) -> None:
        self.ended[trial_id] = result(self.running.pop(trial_id))
        failed = math.isnan(self.ended[trial_id]["score"])
        self.searcher.on_trial_complete(trial_id, None if failed else self.ended[trial_id], error=failed)


def make(ga: GaSettings, seed: int = 1) -> GeneticSearcher:
    return GeneticSearcher(SPACE, ga, seed)


@each_mode
@given(workers=st.integers(1, 4), order=st.integers(0, 10_000))
@settings(max_examples=15)
def test_neither_workers_nor_their_order_change_what_is_found(ga: GaSettings, workers: int, order: int) -> None:
    assert Search(make(ga), workers, order).run(40) == Search(make(ga), 1).run(40)


@each_mode
def test_a_saved_state_goes_on_with_trials_in_flight(ga: GaSettings, tmp_path: Path) -> None:
    first = Search(make(ga), 3)
    first.run(17)
    for _ in range(2):
        trial_id = f"flying{len(first.running)}"
        if genes := first.searcher.suggest(trial_id):
            first.running[trial_id] = first.trials[trial_id] = genes
    first.searcher.save(str(tmp_path / "state"))
    assert first.running
    json.loads((tmp_path / "state").read_text())
    second = Search(make(ga, seed=1), 3)
    second.searcher.restore(str(tmp_path / "state"))
    second.running, second.trials, second.ended = dict(first.running), dict(first.trials), dict(first.ended)
    assert second.run(40) == Search(make(ga), 1).run(40)


def test_a_generation_waits_for_its_last_and_then_breeds_all() -> None:
    searcher = make(GaSettings(population=4, elites=1))
    first = [searcher.suggest(f"t{i}") for i in range(4)]
    assert all(first)
    for i in (3, 1, 0):
        searcher.on_trial_complete(f"t{i}", result(first[i] or {}))
        assert searcher.suggest("too-early") is None
    searcher.on_trial_complete("t2", None, error=True)
    second = [searcher.suggest(f"u{i}") for i in range(3)]
    assert [genes and genes["generation"] for genes in second] == [1, 1, 1]
    assert searcher.suggest("too-early") is None


def test_steady_state_waits_for_a_straggler_only() -> None:
    searcher = make(GaSettings(mode="steady_state", population=3, lag=3))
    made = [searcher.suggest(f"t{i}") for i in range(3)]
    for i in (1, 2):
        searcher.on_trial_complete(f"t{i}", result(made[i] or {}))
    assert searcher.suggest("t3") is None  # 0 is out, and 3 is bred from 0 to 0
    searcher.on_trial_complete("t0", result(made[0] or {}))
    assert all(searcher.suggest(f"t{i}") for i in (3, 4, 5))  # bred from 0, 0 to 1, 0 to 2
    assert searcher.suggest("t6") is None


@each_mode
def test_a_search_in_which_everything_fails_goes_on(ga: GaSettings) -> None:
    searcher = make(ga)
    for i in range(60):
        assert searcher.suggest(f"t{i}") is not None
        searcher.on_trial_complete(f"t{i}", error=True)
    assert searcher.hall_of_fame == []


def test_parents_are_of_the_highest_rung() -> None:
    """Whatever the early-stopped report, no tournament among complete ones is lost to them."""
    ga = GaSettings(population=8, tournament=8, elites=0)
    searcher = make(ga)
    for i in range(8):
        searcher.suggest(f"t{i}")
    for i in range(8):
        stopped = i >= 4
        told = {"score": -10.0 if stopped else -60.0 - i, "training_iteration": 1 if stopped else 2}
        searcher.on_trial_complete(f"t{i}", told)
    parents = [searcher.suggest(f"u{i}") for i in range(8)]
    used = {genes[key] for genes in parents if genes for key in ("parent_1", "parent_2") if key in genes}
    assert used
    assert used <= {0, 1, 2, 3}
    assert searcher.hall_of_fame[0]["score"] == -60.0
    assert searcher.statistics[0]["best_score"] == -60.0


def test_infeasible_children_never_cost_a_trial() -> None:
    ga = GaSettings(population=6, mutation_probability=1, blend_alpha=2)
    for genes in Search(make(ga), 1).run(150).values():
        assert SPACE.violation(genes) == 0


@pytest.fixture
def global_dice() -> Iterator[None]:
    before = random.getstate()
    yield
    random.setstate(before)


@each_mode
def test_the_global_random_state_is_left_alone(ga: GaSettings, global_dice: None) -> None:
    random.seed(4)
    expected = [random.random() for _ in range(3)]
    random.seed(4)
    seen = []
    search = Search(make(ga), 1)
    for count in (10, 20, 30):
        search.run(count)
        seen.append(random.random())
    assert seen == expected


def test_statistics_and_hall_of_fame_are_of_the_individuals() -> None:
    ga = GaSettings(population=6, elites=2, hall_of_fame=4)
    search = Search(make(ga), 1)
    individuals = search.run(6 + 4 * 5)
    scores = {
        int(search.trials[trial]["individual"]): told["score"]
        for trial, told in search.ended.items()
        if told["training_iteration"] == 2 and math.isfinite(told["score"])
    }
    best = sorted(scores, key=lambda number: -scores[number])[:4]
    fame = search.searcher.hall_of_fame
    assert [entry["individual"] for entry in fame] == best
    assert [entry["genes"]["x1"] for entry in fame] == [individuals[number]["x1"] for number in best]
    statistics = search.searcher.statistics
    assert [entry["generation"] for entry in statistics] == [0, 1, 2, 3, 4, 5]
    assert [entry["individuals"] for entry in statistics] == [6, 10, 14, 18, 22, 26]
    assert all(a["best_score"] <= b["best_score"] for a, b in pairwise(statistics))
    assert statistics[-1]["best_score"] == max(scores.values())
    assert statistics[-1]["diversity"] < statistics[0]["diversity"]


@pytest.mark.parametrize("n", [1, 4, 8, 13])
@pytest.mark.parametrize("mode", ["generational", "steady_state"])
def test_any_number_of_genes_beats_chance(n: int, mode: Any) -> None:
    """Ten paired seeds on a ridge, 200 trials each: a one-sided Wilcoxon test at alpha = 0.01."""
    cube = Cube(n)

    def ridge(genes: dict[str, float]) -> float:
        shares = np.array([gene.normalize(genes[gene.name]) for gene in cube.genes])
        return -float(np.sum((shares - 0.7) ** 2) + 5 * np.sum(np.diff(shares) ** 2))

    def best(searcher: Any) -> float:
        top = -math.inf
        for i in range(200):
            genes = searcher.suggest(f"t{i}")
            value = ridge(genes)
            searcher.on_trial_complete(f"t{i}", {"score": value, "training_iteration": 1, "complete": True})
            top = max(top, value)
        return top

    ga = GaSettings(mode=mode, population=16)
    scores = [
        (best(GeneticSearcher(cube, ga, seed)), best(RandomSearcher(cube, RandomSettings(), seed)))
        for seed in range(10)
    ]
    evolved, chance = np.array(scores).T
    assert wilcoxon(evolved, chance, alternative="greater").pvalue < 0.01
