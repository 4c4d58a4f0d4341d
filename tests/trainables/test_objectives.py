"""The score is the P5 over all cells, and nothing is gained by hiding any of them."""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainables.objectives import ObjectiveSettings, combine, dbm_to_w, infeasible_score, score, w_to_dbm

Map = npt.NDArray[np.float64]

BEST, TOTAL = ObjectiveSettings(combine="best_server"), ObjectiveSettings(combine="total")

POWERS_W = st.one_of(st.just(0.0), st.floats(-180, 30).map(dbm_to_w))
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 60))
MAPS = SHAPES.flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=POWERS_W))
CONFIGS = st.builds(
    ObjectiveSettings,
    quantile=st.sampled_from([0.01, 0.05, 0.5]),
    combine=st.sampled_from(["best_server", "total"]),
    floor_dbm=st.sampled_from([-200.0, -120.0, -60.0]),
)


def p5(rss_w: Map, config: ObjectiveSettings = BEST) -> float:
    return score(rss_w, config).p5_rss_dbm


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
    assert p5(rss_w, ObjectiveSettings(combine=how)) == pytest.approx(10 * math.log10(watts * 1000))


def test_95_percent_of_the_cells_exceed_the_score() -> None:
    rss_w = random_map_w(2, 2000)
    assert np.mean(rss_w.max(axis=0) > dbm_to_w(p5(rss_w))) == pytest.approx(0.95, abs=1e-3)


def test_the_other_figures_are_what_their_names_say() -> None:
    rss_w = np.array([[1e-6, 1e-9, 0.0, 1e-12], [1e-8, 1e-7, 0.0, 0.0]])
    config = ObjectiveSettings(quantile=0.5, floor_dbm=-110, coverage_threshold_dbm=-50)
    figures = score(rss_w, config)
    assert figures.coverage == 0.5
    assert figures.outage == 0.25
    assert figures.min_rss_dbm == pytest.approx(-110)
    assert figures.mean_rss_dbm == pytest.approx(w_to_dbm((1e-6 + 1e-7 + dbm_to_w(-110) + 1e-12) / 4))
    assert figures.feasible
    assert set(figures.to_json()) == {
        "p5_rss_dbm",
        "coverage",
        "outage",
        "mean_rss_dbm",
        "min_rss_dbm",
        "feasible",
    }


@given(st.data(), MAPS, CONFIGS)
@settings(max_examples=150, deadline=None)
def test_hiding_cells_never_raises_the_score(data: st.DataObject, rss_w: Map, config: ObjectiveSettings) -> None:
    hidden = data.draw(hnp.arrays(np.bool_, rss_w.shape))
    assert p5(np.where(hidden, 0.0, rss_w), config) <= p5(rss_w, config) + 1e-9


@given(st.data(), MAPS, CONFIGS)
@settings(max_examples=150, deadline=None)
def test_weakening_cells_never_raises_the_score(data: st.DataObject, rss_w: Map, config: ObjectiveSettings) -> None:
    share = data.draw(hnp.arrays(np.float64, rss_w.shape, elements=st.floats(0, 1)))
    assert p5(share * rss_w, config) <= p5(rss_w, config) + 1e-9


@given(MAPS, CONFIGS, st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_the_order_of_access_points_and_cells_does_not_matter(rss_w: Map, config: ObjectiveSettings, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(rng.permutation(rss_w, axis=0), axis=1)
    assert p5(shuffled, config) == pytest.approx(p5(rss_w, config), abs=1e-9)


@given(MAPS)
@settings(max_examples=60, deadline=None)
def test_the_sum_of_all_is_at_least_the_strongest(rss_w: Map) -> None:
    assert np.all(combine(rss_w, TOTAL) >= combine(rss_w, BEST))
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
@settings(max_examples=100, deadline=None)
def test_any_feasible_map_beats_any_infeasible_placement(
    rss_w: Map, config: ObjectiveSettings, violation: float
) -> None:
    infeasible = infeasible_score(violation, config)
    assert infeasible.p5_rss_dbm < p5(np.zeros_like(rss_w), config) - 1
    assert infeasible.p5_rss_dbm < p5(rss_w, config)
    assert not infeasible.feasible


@given(st.floats(0, 100), st.floats(1e-6, 100), CONFIGS)
@settings(max_examples=60, deadline=None)
def test_a_larger_violation_scores_lower(violation: float, more: float, config: ObjectiveSettings) -> None:
    smaller, larger = (infeasible_score(v, config).p5_rss_dbm for v in (violation, violation + more))
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
    with pytest.raises(ValueError, match="radio map must"):
        score(rss_w, BEST)


@given(st.floats(-250, 100))
@settings(max_examples=60, deadline=None)
def test_watts_and_dbm_convert_both_ways(power_dbm: float) -> None:
    assert w_to_dbm(dbm_to_w(power_dbm)) == pytest.approx(power_dbm, abs=1e-9)


def test_known_powers() -> None:
    assert dbm_to_w(30) == pytest.approx(1)
    assert w_to_dbm(1e-3) == pytest.approx(0)
