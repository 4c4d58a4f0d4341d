"""What people are told of the winner's worth, and how best.json holds it."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.design import AccessPoint, Placement
from trainables.objectives.quantile import QuantileObjective
from tune_reflector.runs.comparisons import Comparison, of_first_version

OBJECTIVE = QuantileObjective()
APS = (AccessPoint(np.array([1.0, 2.0, 2.5]), np.array([0.6, 0.0, -0.8]), 20.0),)
FOUND = Comparison("best_without_reflector", -60.0, 0.3, -50.2, 0.45, 150, Placement(APS), {"x1": 1.0})


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (FOUND, "worth +9.8 +- 0.5 dB: best without a reflector P5 -60.0 +- 0.3 dBm, 150 trials"),
        (
            replace(FOUND, value=-50.4),
            "the reflector brings nothing beyond the error (+0.2 +- 0.5 dB): "
            "best without a reflector P5 -50.4 +- 0.3 dBm, 150 trials",
        ),
        (
            replace(FOUND, value=-48.8, kind="one_more_ap"),
            "the reflector costs 1.4 +- 0.5 dB, leave it out: "
            "best with one more AP instead P5 -48.8 +- 0.3 dBm, 150 trials",
        ),
        (
            replace(FOUND, kind="same_access_points", trials=None, value=-69.7),
            "same APs without the reflector P5 -69.7 +- 0.3 dBm: +19.5 +- 0.5 dB, but they were placed for it",
        ),
        (
            replace(FOUND, value=-50.4, plates=2),
            "the reflectors bring nothing beyond the error (+0.2 +- 0.5 dB): "
            "best without a reflector P5 -50.4 +- 0.3 dBm, 150 trials",
        ),
        (
            replace(FOUND, value=-48.8, plates=3),
            "the reflectors cost 1.4 +- 0.5 dB, leave them out: "
            "best without a reflector P5 -48.8 +- 0.3 dBm, 150 trials",
        ),
        (
            replace(FOUND, kind="same_access_points", trials=None, value=-69.7, plates=2),
            "same APs without the reflectors P5 -69.7 +- 0.3 dBm: +19.5 +- 0.5 dB, but they were placed for them",
        ),
        (
            replace(FOUND, value=-149.5),
            "worth it: best without a reflector 61 +- 1 % of the cells get no signal, 150 trials",
        ),
        (
            replace(FOUND, winner=-149.5),
            "not worth it: best without a reflector P5 -60.0 +- 0.3 dBm, 150 trials",
        ),
    ],
)
def test_the_worth_is_told_in_one_plain_line(found: Comparison, told: str) -> None:
    assert found.told(OBJECTIVE) == told


@given(
    value=st.floats(-169, 0),
    winner=st.floats(-169, 0),
    errors=st.tuples(st.floats(0, 50), st.floats(0, 50)),
    trials=st.none() | st.integers(0, 2**53),
)
def test_it_reads_back_as_it_was_written(
    value: float, winner: float, errors: tuple[float, float], trials: int | None
) -> None:
    penalised = bool(OBJECTIVE.penalty(value) or OBJECTIVE.penalty(winner))
    gain_error = 0.0 if penalised else errors[1]
    found = replace(FOUND, value=value, winner=winner, error=errors[0], gain_error=gain_error, trials=trials)
    content = json.loads(json.dumps(found.to_json(OBJECTIVE)))
    again = Comparison.parse(content, winner, OBJECTIVE)
    assert replace(again, placement=found.placement) == found
    assert [ap.to_json() for ap in again.placement.access_points] == [ap.to_json() for ap in APS]
    assert (content["gain_db"] is None) == penalised
    if not penalised:
        assert content["gain_db"] == pytest.approx(winner - value)


@pytest.mark.parametrize(
    "damage",
    [
        {"kind": "best_of_all"},
        {"trials": -1},
        {"access_points": [{"position_m": [1, 2], "direction": [0, 0, 1], "power_dbm": 1}]},
        {"access_points": 5},
        {"genes": [1]},
        {"p5_rss_dbm": "high"},
        {"p5_rss_dbm": float("nan")},
    ],
)
def test_what_is_none_is_refused(damage: dict[str, Any]) -> None:
    content = FOUND.to_json(OBJECTIVE) | damage
    with pytest.raises((KeyError, ValueError, TypeError, AttributeError)):
        Comparison.parse(content, -50.2, OBJECTIVE)


def test_the_first_version_s_number_lives_on_under_its_true_name() -> None:
    content = {
        "without_reflector_p5_rss_dbm": -69.7,
        "without_reflector_p5_error_db": 0.3,
        "p5_error_db": 0.4,
        "access_points": [ap.to_json() for ap in APS],
        "genes": {"x1": 1.0, "refl_u": 0.5, "focal_x": 3.0},
    }
    (found,) = of_first_version(content, OBJECTIVE)
    again = Comparison.parse(found, -50.2, OBJECTIVE)
    assert again.gain_error == pytest.approx(0.5)
    assert (again.kind, again.value, again.trials, again.genes) == ("same_access_points", -69.7, None, {"x1": 1.0})
    assert of_first_version(content | {"without_reflector_p5_rss_dbm": None}, OBJECTIVE) == []
