"""The contract that every searcher keeps, and that a model beats chance."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter
from ray.tune.search import Searcher
from scipy.stats import wilcoxon

from search_spaces.genes import SearchSpace
from search_spaces.neighbourhood import Neighbourhood
from trainables.problem import PlacementProblem
from tune_reflector.searchers.settings import SearcherSettings

SPACE = PlacementProblem().site().space
KINDS: list[dict[str, Any]] = [
    {"kind": "random"},
    {"kind": "grid"},
    {"kind": "cmaes", "startup_trials": 5, "population": 6},
    {"kind": "ga", "population": 6},
    {"kind": "ga", "mode": "steady_state", "population": 6, "lag": 3},
    {"kind": "optuna", "sampler": "tpe", "startup_trials": 5},
    {"kind": "optuna", "sampler": "qmc"},
    {"kind": "hyperopt", "startup_trials": 5},
]
LEARNING = [k for k in KINDS if k.get("sampler") == "tpe" or k["kind"] in ("cmaes", "ga", "hyperopt")]


def name(kind: dict[str, Any]) -> str:
    return "-".join(str(kind[key]) for key in ("kind", "sampler", "mode") if key in kind)


each_kind = pytest.mark.parametrize("kind", KINDS, ids=name)


def make(kind: dict[str, Any], seed: int = 0, space: SearchSpace = SPACE) -> Searcher:
    return settings_of(kind).build(space, seed)


def settings_of(kind: dict[str, Any]) -> SearcherSettings:
    return TypeAdapter[SearcherSettings](SearcherSettings).validate_python(kind)


def result(score: float, complete: bool = True, iteration: int = 3) -> dict[str, Any]:
    return {"score": score, "complete": complete, "training_iteration": iteration, "rung": iteration}


def height(genes: dict[str, float]) -> float:
    """A smooth hill in the middle-left of every gene, in dBm-like numbers."""
    shares = [(genes[g.name] - g.low) / (g.high - g.low) for g in SPACE.genes]
    return -50.0 - 100.0 * float(np.mean((np.array(shares) - 0.3) ** 2))


def climb(searcher: Searcher, trials: int, score: Callable[[dict[str, float]], float] = height) -> float:
    best = -math.inf
    for i in range(trials):
        genes = searcher.suggest(f"t{i}")
        assert isinstance(genes, dict)
        value = score(genes)
        searcher.on_trial_complete(f"t{i}", result(value))
        best = max(best, value)
    return best


def suggestions(searcher: Searcher, count: int, first: int) -> list[dict[str, float]]:
    made = []
    for i in range(first, first + count):
        genes = searcher.suggest(f"t{i}")
        assert isinstance(genes, dict)
        made.append(genes)
        searcher.on_trial_complete(f"t{i}", result(height(genes)))
    return made


@each_kind
def test_every_gene_is_suggested_within_its_bounds(kind: dict[str, Any]) -> None:
    origin = settings_of(kind).origin
    for genes in suggestions(make(kind), 30, 0):
        names = {gene.name for gene in SPACE.genes}
        assert names <= set(genes) <= names | set(origin)
        for gene in SPACE.genes:
            assert gene.low <= genes[gene.name] <= gene.high


@each_kind
def test_the_seed_decides(kind: dict[str, Any]) -> None:
    assert suggestions(make(kind, 1), 12, 0) == suggestions(make(kind, 1), 12, 0)
    if kind["kind"] != "grid":
        assert suggestions(make(kind, 1), 12, 0) != suggestions(make(kind, 2), 12, 0)


@each_kind
def test_failures_and_strangers_are_survived(kind: dict[str, Any]) -> None:
    searcher = make(kind)
    searcher.on_trial_result("from-before-a-restart", result(-60.0, False, 1))
    searcher.on_trial_complete("from-before-a-restart", result(-60.0))
    outcomes: list[tuple[dict[str, Any] | None, bool]] = [
        (None, True),
        (None, False),
        (result(math.nan), False),
        (result(-70.0, complete=False, iteration=1), False),
        ({"training_iteration": 1}, False),
    ]
    for i, (outcome, error) in enumerate(outcomes * 3):
        assert isinstance(searcher.suggest(f"t{i}"), dict)
        if outcome is not None:
            searcher.on_trial_result(f"t{i}", outcome)
        searcher.on_trial_complete(f"t{i}", outcome, error)
        searcher.on_trial_complete(f"t{i}", outcome, error)  # told twice, after a restart
    assert len(suggestions(searcher, 15, 100)) == 15


@each_kind
@pytest.mark.parametrize("in_flight", [0, 2])
def test_a_restored_searcher_goes_on_as_the_first_would_have(
    kind: dict[str, Any], in_flight: int, tmp_path: Path
) -> None:
    first = make(kind)
    suggestions(first, 15, 0)
    running = [first.suggest(f"running{i}") for i in range(in_flight)]
    first.save(str(tmp_path / "state"))
    second = make(kind)
    second.restore(str(tmp_path / "state"))
    for searcher in (first, second):
        for i, genes in enumerate(running):
            assert isinstance(genes, dict)
            searcher.on_trial_complete(f"running{i}", result(height(genes)))
    assert suggestions(second, 8, 50) == suggestions(first, 8, 50)


@pytest.mark.parametrize("kind", [k for k in KINDS if k["kind"] != "cmaes"], ids=name)  # it learns from ends only
def test_a_trial_that_is_stopped_while_it_pauses_keeps_its_last_score(kind: dict[str, Any], tmp_path: Path) -> None:
    """Tune then tells its end without a result; the same as if the result had come along, also over a restart."""
    told, untold = make(kind), make(kind)
    last = result(-60.0, complete=False, iteration=1)
    for searcher in (told, untold):
        for i in range(6):
            searcher.suggest(f"t{i}")
            searcher.on_trial_result(f"t{i}", {**last, "score": -60.0 - i})
    untold.save(str(tmp_path / "state"))
    untold = make(kind)
    untold.restore(str(tmp_path / "state"))
    for i in range(6):
        told.on_trial_complete(f"t{i}", {**last, "score": -60.0 - i})
        untold.on_trial_complete(f"t{i}")
    assert suggestions(told, 8, 50) == suggestions(untold, 8, 50)


@pytest.mark.parametrize("kind", [k for k in KINDS if k["kind"] != "grid"], ids=name)  # it has an order of its own
def test_a_space_with_a_start_has_it_tried_first(kind: dict[str, Any]) -> None:
    centre = SPACE.sample(np.random.default_rng(3))
    searcher = make(kind, 1, Neighbourhood(SPACE, centre, 0.05))
    first = searcher.suggest("t0")
    assert first is not None
    assert {name: first[name] for name in centre} == pytest.approx(centre)


def test_random_and_grid_suggest_feasible_placements_only() -> None:
    for kind in ({"kind": "random"}, {"kind": "grid"}):
        assert all(SPACE.violation(genes) == 0 for genes in suggestions(make(kind), 50, 0))


@pytest.mark.parametrize("kind", LEARNING, ids=name)
def test_a_lower_rung_is_never_taken_for_a_complete_score(kind: dict[str, Any]) -> None:
    """Trials that were stopped early report *better* numbers here; a searcher that believed them would chase them.

    The right half of gene x1 is stopped early with dazzling scores; the left half completes with honest ones.
    """
    gene = SPACE.genes[0]
    middle = (gene.low + gene.high) / 2
    searcher, rights = make(kind), 0
    for i in range(120):
        genes = searcher.suggest(f"t{i}")
        assert isinstance(genes, dict)
        right = genes[gene.name] > middle
        rights += right and i >= 60
        told = result(-20.0, False, 1) if right else result(-60.0 + genes[gene.name], True)
        searcher.on_trial_result(f"t{i}", {**told, "training_iteration": 1})
        searcher.on_trial_complete(f"t{i}", told)
    assert rights < 30


@pytest.mark.parametrize("kind", LEARNING, ids=name)
def test_a_model_beats_chance(kind: dict[str, Any]) -> None:
    """Eight paired seeds on a smooth hill, 80 trials each: a one-sided Wilcoxon test at alpha = 0.01."""
    scores = [(climb(make(kind, s), 80), climb(make({"kind": "random"}, s), 80)) for s in range(8)]
    model, chance = np.array(scores).T
    assert wilcoxon(model, chance, alternative="greater").pvalue < 0.01
