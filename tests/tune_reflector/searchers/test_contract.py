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

from search_spaces.access_points import AccessPointsConfig, AccessPointSpace
from search_spaces.genes import SearchSpace
from search_spaces.neighbourhood import Neighbourhood
from search_spaces.placement import PlacementSpace
from search_spaces.plates import PlateSpace
from search_spaces.reflector import PlateMount, WallRectangle
from search_spaces.zones import region
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


SPOTS = [[[6 * i, 6 * j], [6 * i + 1, 6 * j], [6 * i + 1, 6 * j + 1], [6 * i, 6 * j + 1]] for i, j in np.ndindex(7, 4)]
HARD = {
    "spots": {"count": 4, "areas": SPOTS},  # of 1 x 1 m each, on 37 x 19 m
    "l-shape": {
        "count": 2,
        "areas": [[[0, 0], [20, 0], [20, 20], [19.7, 20], [19.7, 0.3], [0, 0.3]]],
        "keep_out": [[[5, 0], [19, 0], [19, 0.25], [5, 0.25]]],
    },
    "u-shape": {"count": 2, "areas": [[[0, 0], [9, 0], [9, 9], [8.9, 9], [8.9, 0.1], [0.1, 0.1], [0.1, 9], [0, 9]]]},
}


@pytest.fixture(scope="module", params=HARD)
def hard(request: pytest.FixtureRequest) -> PlacementSpace:
    """Areas that fill next to nothing of the rectangle around them, with a plate on a wall beside them."""
    config = AccessPointsConfig.model_validate(HARD[request.param])
    assert config.areas is not None
    wall = WallRectangle(top_left_m=(40, 20, 3), bottom_right_m=(40, 0, 0))
    plate = PlateSpace((PlateMount(wall, (1.0, 1.0)),), (0.0, 0.0, 38.0, 20.0), 1.5)
    return PlacementSpace(AccessPointSpace(config, region(config.areas), region(config.keep_out or ())), (plate,))


@each_kind
def test_what_is_hard_to_meet_is_suggested_all_the_same(kind: dict[str, Any], hard: PlacementSpace) -> None:
    if kind["kind"] == "grid":  # few genes, as it has a million points at most
        kind = {"kind": "grid", "points_per_gene": 1, "points": {"x1": 9, "y1": 9, "x2": 7, "y2": 7}}
    searcher = make(kind, 1, hard)
    found = set()
    for i in range(25):
        genes = searcher.suggest(f"t{i}")
        assert isinstance(genes, dict)
        assert hard.violation(genes) == 0
        searcher.on_trial_complete(f"t{i}", result(-60.0 - genes["y1"]))
        found.add(tuple(genes[gene.name] for gene in hard.genes))
    assert len(found) > 5


MOUNTS = PlacementProblem.model_validate(
    {
        "access_points": {
            "count": 3,
            "each": [
                {"mount": {"kind": "wall"}},
                {"mount": {"kind": "points", "points_m": [[1, 1], [5, 3], [9, 1], [11, 3]]}},
                {"mount": {"kind": "ceiling"}, "direction": [0, 0, -1]},
            ],
            "fixed": [{"position_m": [3, 2, 2.5], "turn": True}],
        }
    }
)


@each_kind
def test_every_mount_is_searched(kind: dict[str, Any]) -> None:
    space = MOUNTS.site().space
    searcher = make(
        {**kind, "points_per_gene": 1, "points": {"spot2": 4, "along1": 9}} if kind["kind"] == "grid" else kind,
        1,
        space,
    )
    found = set()
    for i in range(16):
        genes = searcher.suggest(f"t{i}")
        assert isinstance(genes, dict)
        assert space.violation(genes) == 0
        found.add(tuple(space.decode(genes).access_points[1].position_m))
        searcher.on_trial_complete(f"t{i}", result(-60.0 - genes["spot2"]))
    assert len(found) > 1


@each_kind
def test_the_neighbourhood_of_a_spot_is_searched(kind: dict[str, Any], hard: PlacementSpace) -> None:
    near = Neighbourhood(hard, hard.sample(np.random.default_rng(3)), 0.1)
    searcher = make(kind, 1, near)
    for i in range(12):
        genes = searcher.suggest(f"t{i}")
        if kind["kind"] == "grid" and not isinstance(genes, dict):
            break  # it has no more
        assert isinstance(genes, dict)
        assert near.violation(genes) == 0
        assert all(gene.low <= genes[gene.name] <= gene.high for gene in near.genes)
        searcher.on_trial_complete(f"t{i}", result(-60.0 - genes["y1"]))


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
