"""Results: how two scores compare, and the flat form that leaves the program and comes back."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_records.result import RankedScore, ResultColumns, Score, TrialResult, step_metric
from tests.records import COLUMNS, trial_result
from trainables.objectives.quantile import QuantileObjective
from tune_reflector.config.config_file import load_config

values = st.floats(-300, 0)
rungs = st.integers(0, 9)

METRICS = [("p5_rss_dbm", 0.05), ("p10_rss_dbm", 0.1), ("p2_5_rss_dbm", 0.025)]
"""Names of the score, by the quantile."""


@given(low=values, high=values, rung=rungs, other=rungs)
def test_a_measured_score_is_above_one_of_any_rung(low: float, high: float, rung: int, other: int) -> None:
    assert RankedScore(True, rung, low) > RankedScore(False, other, high)


@given(low=values, high=values, rung=rungs, above=st.integers(1, 9))
def test_a_higher_rung_is_above_a_lower_one(low: float, high: float, rung: int, above: int) -> None:
    assert RankedScore(False, rung + above, low) > RankedScore(False, rung, high)


@given(one=values, other=values, rung=rungs, measured=st.booleans())
def test_within_a_rung_the_value_decides(one: float, other: float, rung: int, measured: bool) -> None:
    first, second = RankedScore(measured, rung, one), RankedScore(measured, rung, other)
    assert (first > second, first == second, first < second) == (one > other, one == other, one < other)


def test_a_score_of_the_search_is_not_measured() -> None:
    assert trial_result(-60.0, 2).ranked == RankedScore(measured=False, rung=2, value=-60.0)


@pytest.mark.parametrize(("metric", "quantile"), METRICS)
def test_the_name_of_the_score_follows_the_objective(metric: str, quantile: float) -> None:
    config = load_config(None, [f"objective.quantile={quantile}"])
    columns = config.columns()
    assert QuantileObjective(quantile=quantile).metric == columns.metric == metric
    flat = columns.flat(trial_result(-60.25))
    assert flat[metric] == -60.25
    assert [name for name in columns.names if name.endswith("_rss_dbm")] == [metric, "mean_rss_dbm", "min_rss_dbm"]
    assert [name for name in flat if name.endswith("_rss_dbm")] == [metric, "mean_rss_dbm", "min_rss_dbm"]


@pytest.mark.parametrize("metric", [metric for metric, _ in METRICS])
@pytest.mark.parametrize("step_value", [None, -61.5])
@pytest.mark.parametrize("copy", [0, 77])
def test_a_result_reads_back_from_its_flat_form(metric: str, step_value: float | None, copy: int) -> None:
    result = trial_result(
        -1 / 3,
        3,
        genes={"x1": 1 / 7, "rate": 0.5},
        origin={"generation": 2} | ({"copy": copy} if copy else {}),
        feasible=False,
        complete=True,
        step_value=step_value,
    )
    columns = ResultColumns(metric, ("x1", "rate"), ("generation", "copy"), steps=step_value is not None)
    flat = columns.flat(result)
    assert flat == result.flat(metric)
    assert (flat[metric], flat.get(step_metric(metric))) == (-1 / 3, step_value)
    assert columns.parse(flat) == result
    assert columns.parse(flat | {"rss_w": "of no use", "another": None}) == result
    assert columns.parse(flat).copy == copy


def test_columns_name_all_that_the_flat_form_holds_in_their_order() -> None:
    result = trial_result(-60.0, genes={"x1": 1.0, "y1": 2.0}, origin={"generation": 2}, step_value=-61.0)
    columns = ResultColumns("p5_rss_dbm", ("x1", "y1"), ("generation",), steps=True)
    assert tuple(columns.flat(result)) == columns.names
    assert set(columns.names) == set(result.flat("p5_rss_dbm"))
    named = {"genes", "origin", "score", "step_value"}
    assert set(columns.names) >= {field.name for field in fields(TrialResult)} - named
    assert set(columns.names) >= {field.name for field in fields(Score)} - {"value"}


def test_columns_hold_nothing_else_of_a_result() -> None:
    """Such as the step's value where nobody asks for it."""
    flat = ResultColumns("p5_rss_dbm", ("x1",)).flat(trial_result(-60.0, origin={"copy": 3}, step_value=-61.0))
    assert {"y1", "copy", "step_p5_rss_dbm"}.isdisjoint(flat)
    assert flat["x1"] == 1 / 3


def test_a_number_that_a_candidate_has_not_is_left_out() -> None:
    """A searched hyperparameter belongs to one stage, and a blank says so."""
    columns = ResultColumns("p5_rss_dbm", ("x1", "y1"), ("copy",), hyperparameters=("rate",))
    result = trial_result(-60.0)
    assert columns.parse(columns.flat(result) | {"rate": None, "copy": None}) == result
    assert result.copy == 0


@pytest.mark.parametrize("wrong", ["-60.0", None, [1.0], {}])
def test_a_gene_that_is_no_number_is_refused(wrong: object) -> None:
    flat = COLUMNS.flat(trial_result(-60.0)) | {"y1": wrong}
    with pytest.raises(TypeError, match="a number is needed"):
        COLUMNS.parse(flat)


@pytest.mark.parametrize("name", ["x1", "p5_rss_dbm", "outage", "feasible", "rung", "trace_time_s", "complete"])
def test_what_a_flat_form_lacks_is_named(name: str) -> None:
    columns = ResultColumns("p5_rss_dbm", ("x1", "y1"))
    flat = columns.flat(trial_result(-60.0))
    del flat[name]
    with pytest.raises(KeyError, match=f"^'{name}'$"):
        columns.parse(flat)


def test_a_score_of_another_objective_is_not_taken_for_its_own() -> None:
    with pytest.raises(KeyError, match="p10_rss_dbm"):
        ResultColumns("p10_rss_dbm", ("x1", "y1")).parse(trial_result(-60.0).flat("p5_rss_dbm"))


def test_a_value_that_is_none_stays_so() -> None:
    """A trial without a number reads back, so that whoever counts can leave it out."""
    columns = ResultColumns("p5_rss_dbm", ("x1", "y1"))
    again = columns.parse(columns.flat(trial_result(math.nan)))
    assert math.isnan(again.score.value)
    assert replace(again, score=replace(again.score, value=-60.0)) == trial_result(-60.0)
