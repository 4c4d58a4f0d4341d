"""The score is the P5 over all cells, and nothing is gained by hiding any of them."""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError

from trainables.objectives.base import MapError, ObjectiveSettings, dbm_to_w, w_to_dbm
from trainables.objectives.quantile import QuantileObjective

Map = npt.NDArray[np.float64]

BEST, TOTAL = QuantileObjective(combine="best_server"), QuantileObjective(combine="total")

POWERS_W = st.one_of(st.just(0.0), st.floats(-180, 30).map(dbm_to_w))
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 60))
MAPS = SHAPES.flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=POWERS_W))
CONFIGS = st.builds(
    QuantileObjective,
    quantile=st.sampled_from([0.01, 0.05, 0.5]),
    combine=st.sampled_from(["best_server", "total"]),
    floor_dbm=st.sampled_from([-200.0, -120.0, -60.0]),
    coverage_threshold_dbm=st.just(-50.0),
)


def p5(rss_w: Map, config: ObjectiveSettings = BEST) -> float:
    return config.score(rss_w).value


def random_map_w(num_ap: int, num_cells: int, seed: int = 0) -> Map:
    return 10 ** np.random.default_rng(seed).uniform(-11, -6, (num_ap, num_cells))


@pytest.mark.parametrize("how", ["best_server", "total"])
@pytest.mark.parametrize("num_cells", [1, 7, 20, 21, 640])
def test_p5_is_the_interpolated_quantile_of_all_cells_in_watts(
    how: Literal["best_server", "total"], num_cells: int
) -> None:
    rss_w = random_map_w(3, num_cells)
    cells = sorted(max(column) if how == "best_server" else sum(column) for column in rss_w.T.tolist())
    rank = 0.05 * (num_cells - 1)
    below, share = math.floor(rank), rank % 1
    watts = cells[below] * (1 - share) + cells[min(below + 1, num_cells - 1)] * share
    assert p5(rss_w, QuantileObjective(combine=how)) == pytest.approx(10 * math.log10(watts * 1000))


def test_95_percent_of_the_cells_exceed_the_score() -> None:
    rss_w = random_map_w(2, 2000)
    assert np.mean(rss_w.max(axis=0) > dbm_to_w(p5(rss_w))) == pytest.approx(0.95, abs=1e-3)


def test_the_other_figures_are_what_their_names_say() -> None:
    rss_w = np.array([[1e-6, 1e-9, 0.0, 1e-12], [1e-8, 1e-7, 0.0, 0.0]])
    config = QuantileObjective(quantile=0.5, floor_dbm=-110, coverage_threshold_dbm=-50)
    figures = config.score(rss_w)
    assert figures.coverage == 0.5
    assert figures.outage == 0.25
    assert figures.min_rss_dbm == pytest.approx(-110)
    assert figures.mean_rss_dbm == pytest.approx(w_to_dbm((1e-6 + 1e-7 + dbm_to_w(-110) + 1e-12) / 4))
    assert figures.feasible
    assert set(figures.flat(config.metric)) == {
        "p50_rss_dbm",
        "coverage",
        "outage",
        "mean_rss_dbm",
        "min_rss_dbm",
        "feasible",
    }


@given(MAPS, CONFIGS)
@settings(max_examples=60)
def test_a_cell_without_power_is_never_covered(rss_w: Map, config: ObjectiveSettings) -> None:
    assert config.score(np.zeros_like(rss_w)).coverage == 0
    assert config.score(rss_w).coverage <= np.mean(config.combined(rss_w) > 0)
    assert config.score(rss_w).coverage + config.score(rss_w).outage <= 1


@pytest.mark.parametrize(("floor_dbm", "threshold_dbm"), [(-1, -67), (-67, -67), (-120, -250)])
def test_a_floor_at_which_cells_would_be_covered_is_refused(floor_dbm: float, threshold_dbm: float) -> None:
    said = f"floor_dbm must be below coverage_threshold_dbm={threshold_dbm}, .*, but got {floor_dbm}; lower it"
    with pytest.raises(ValidationError, match=said):
        QuantileObjective(floor_dbm=floor_dbm, coverage_threshold_dbm=threshold_dbm)


@given(st.data(), MAPS, CONFIGS)
@settings(max_examples=150)
def test_hiding_cells_never_raises_the_score(data: st.DataObject, rss_w: Map, config: ObjectiveSettings) -> None:
    hidden = data.draw(hnp.arrays(np.bool_, rss_w.shape))
    assert p5(np.where(hidden, 0.0, rss_w), config) <= p5(rss_w, config) + 1e-9


@given(st.data(), MAPS, CONFIGS)
@settings(max_examples=150)
def test_weakening_cells_never_raises_the_score(data: st.DataObject, rss_w: Map, config: ObjectiveSettings) -> None:
    share = data.draw(hnp.arrays(np.float64, rss_w.shape, elements=st.floats(0, 1)))
    assert p5(share * rss_w, config) <= p5(rss_w, config) + 1e-9


@given(MAPS, CONFIGS, st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_the_order_of_access_points_and_cells_does_not_matter(rss_w: Map, config: ObjectiveSettings, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(rng.permutation(rss_w, axis=0), axis=1)
    assert p5(shuffled, config) == pytest.approx(p5(rss_w, config), abs=1e-9)


@given(MAPS)
@settings(max_examples=60)
def test_the_sum_of_all_is_at_least_the_strongest(rss_w: Map) -> None:
    assert np.all(TOTAL.combined(rss_w) >= BEST.combined(rss_w))
    assert p5(rss_w, TOTAL) >= p5(rss_w, BEST) - 1e-9


def test_the_score_goes_on_falling_below_the_floor() -> None:
    """Cells go dark one by one: the score never rises, and past 5 % it falls by the same step each time."""
    rss_w = random_map_w(1, 100)
    scores = [p5(rss_w * (np.arange(100) >= dark)) for dark in range(101)]
    steps = np.diff(scores)
    assert np.all(steps <= 1e-9)
    assert np.all(np.array(scores[6:]) < BEST.floor_dbm)
    np.testing.assert_allclose(steps[6:], steps[-1])
    assert steps[-1] < -0.1


@given(MAPS, CONFIGS, st.floats(0, 1e6))
@settings(max_examples=100)
def test_any_feasible_map_beats_any_infeasible_placement(
    rss_w: Map, config: ObjectiveSettings, violation: float
) -> None:
    infeasible = config.infeasible_score(violation)
    assert infeasible.value < p5(np.zeros_like(rss_w), config) - 1
    assert infeasible.value < p5(rss_w, config)
    assert not infeasible.feasible


@given(st.floats(0, 100), st.floats(1e-6, 100), CONFIGS)
@settings(max_examples=60)
def test_a_larger_violation_scores_lower(violation: float, more: float, config: ObjectiveSettings) -> None:
    smaller, larger = (config.infeasible_score(v).value for v in (violation, violation + more))
    assert larger < smaller


@pytest.mark.parametrize(
    "rss_w",
    [
        np.full((1, 3), np.nan),
        np.array([[1e-9, np.inf]]),
        np.array([[1e-9, -1e-12]]),
        np.empty((2, 0)),
        np.empty((0, 3)),
    ],
    ids=["nan", "infinite", "negative", "no-cells", "no-access-points"],
)
def test_a_map_that_is_no_map_is_refused(rss_w: Map) -> None:
    with pytest.raises(MapError, match="radio map must"):
        BEST.score(rss_w)


@given(st.floats(-250, 100))
@settings(max_examples=60)
def test_watts_and_dbm_convert_both_ways(power_dbm: float) -> None:
    assert w_to_dbm(dbm_to_w(power_dbm)) == pytest.approx(power_dbm, abs=1e-9)


def test_known_powers() -> None:
    assert dbm_to_w(30) == pytest.approx(1)
    assert w_to_dbm(1e-3) == pytest.approx(0)


@pytest.mark.parametrize(
    ("quantile", "metric", "error_metric", "label"),
    [
        (0.05, "p5_rss_dbm", "p5_error_db", "P5"),
        (0.1, "p10_rss_dbm", "p10_error_db", "P10"),
        (0.025, "p2_5_rss_dbm", "p2_5_error_db", "P2.5"),
        (0.5, "p50_rss_dbm", "p50_error_db", "P50"),
        (0.07, "p7_rss_dbm", "p7_error_db", "P7"),  # 100 * 0.07 is 7.000000000000001
        (0.999, "p99_9_rss_dbm", "p99_9_error_db", "P99.9"),
    ],
)
def test_the_names_of_the_value_follow_the_quantile(
    quantile: float, metric: str, error_metric: str, label: str
) -> None:
    objective = QuantileObjective(quantile=quantile)
    assert (objective.metric, objective.error_metric) == (metric, error_metric)
    assert (objective.label, objective.quantity, objective.unit) == (label, f"{label} RSS", "dBm")
    assert objective.marked_share == quantile
    assert objective.score(random_map_w(2, 50)).flat(objective.metric)[metric] == p5(random_map_w(2, 50), objective)


SHARES = st.integers(1, 9_999).map(lambda number: number / 10_000)


@given(SHARES, SHARES)
@settings(max_examples=300)
def test_two_quantiles_never_share_a_name(one: float, other: float) -> None:
    first, second = QuantileObjective(quantile=one), QuantileObjective(quantile=other)
    for names in ((first.metric, second.metric), (first.error_metric, second.error_metric)):
        assert (names[0] == names[1]) == (one == other)


@pytest.mark.parametrize(("one", "other"), [(0.05, 0.051), (0.25, 0.025), (0.021, 0.21), (0.11, 0.011)])
def test_digits_before_and_after_the_point_are_told_apart(one: float, other: float) -> None:
    assert QuantileObjective(quantile=one).metric != QuantileObjective(quantile=other).metric


@given(SHARES)
@settings(max_examples=100)
def test_a_name_is_one_word_of_a_table_from_which_the_quantile_can_be_read(quantile: float) -> None:
    metric = QuantileObjective(quantile=quantile).metric
    assert metric.isidentifier()
    stem = metric.removesuffix("_rss_dbm").removeprefix("p")
    assert float(stem.replace("_", ".")) / 100 == pytest.approx(quantile, rel=1e-9)


def map_with_outage_w(dark: int, lit: int) -> Map:
    return np.array([[0.0] * dark + [1e-9] * lit])


@given(st.integers(0, 300), st.integers(1, 300), st.sampled_from([0.01, 0.05, 0.5]), st.sampled_from([-120.0, -93.7]))
@settings(max_examples=300)
def test_a_penalty_is_told_as_the_outage_that_it_stands_for(
    dark: int, lit: int, quantile: float, floor_dbm: float
) -> None:
    objective = QuantileObjective(quantile=quantile, floor_dbm=floor_dbm)
    score = objective.score(map_with_outage_w(dark, lit))
    if score.outage > quantile:
        told = str(objective.penalty(score.value))
        assert float(told.removesuffix(" % of the cells get no signal").strip("<>")) == pytest.approx(
            100 * score.outage, abs=0.5 + 1e-6 if told[0].isdigit() else 1
        )
    elif dark == 0:
        assert objective.penalty(score.value) is None


@given(MAPS, CONFIGS)
@settings(max_examples=200)
def test_no_number_below_the_floor_is_told_as_a_power(rss_w: Map, objective: QuantileObjective) -> None:
    score = objective.score(rss_w)
    told = objective.told(score.value, 0.1)
    if told.endswith(" dBm"):
        assert float(told.split()[1]) >= objective.floor_dbm
        assert told.startswith(f"{objective.label} ")
    else:
        assert score.outage >= objective.quantile - 1 / rss_w.shape[1]
        assert told.endswith(" % of the cells get no signal")


def test_the_error_of_a_penalty_is_one_of_the_outage() -> None:
    """Two maps that are apart by an error are told as apart by that many percent of the cells."""
    fewer, more = (p5(map_with_outage_w(dark, 1000 - dark)) for dark in (610, 630))
    assert BEST.told(fewer, fewer - more) == "61 +- 2 % of the cells get no signal"
    assert BEST.told(fewer, 1e-9) == "61 +- 1 % of the cells get no signal"


def test_a_headline_tells_what_the_value_leaves_out() -> None:
    score = BEST.score(np.array([[1e-8] * 10 + [1e-10] * 88 + [0.0] * 2]))
    told = BEST.headline(score.value, score.coverage, score.outage, 0.2)
    assert told == "P5 -70.0 +- 0.2 dBm; 10 % of the cells above -67 dBm, 2 % without signal"
    assert BEST.penalty(math.nan) is None  # of a search without a score yet
    dark = BEST.score(map_with_outage_w(61, 39))
    told = BEST.headline(dark.value, dark.coverage, dark.outage)
    assert told == "61 % of the cells get no signal; 39 % of the cells above -67 dBm"


def test_a_penalty_differs_from_nothing_by_decibels() -> None:
    served, dark = p5(map_with_outage_w(0, 9)), p5(map_with_outage_w(5, 4))
    assert BEST.difference(served, served - 3) == pytest.approx(3)
    assert BEST.difference(served, dark) is BEST.difference(dark, served) is BEST.difference(dark, dark) is None
