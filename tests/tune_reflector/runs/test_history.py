"""The history that is counted event by event, held against what the whole list of events says."""

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_records.journal import Event
from search_records.rows import Row, ranked
from tune_reflector.runs import history
from tune_reflector.runs.history import History

RUNGS = 3


@st.composite
def searches(draw: st.DrawFn) -> list[Event]:
    """Trials side by side: some climb all rungs, some are stopped, paused and dropped, or fail; placements repeat."""
    climbs = {
        f"{number:05d}": [
            {
                "x1": float(draw(st.integers(0, 3))),
                "p5_rss_dbm": draw(st.sampled_from([-90.0, -70.5, -70.0, -50.0, math.nan])),
                "feasible": draw(st.booleans()),
                "rung": rung,
                "iteration_rays_per_ap": 10.0 * rung,
                "complete": rung == RUNGS,
            }
            for rung in range(1, draw(st.integers(1, RUNGS)) + 1)
        ]
        for number in range(draw(st.integers(0, 8)))
    }
    events: list[Event] = []
    while climbs:
        trial = draw(st.sampled_from(sorted(climbs)))
        result = climbs[trial].pop(0)
        done = not climbs[trial] and (result["complete"] or draw(st.booleans()))
        about = {"trial": trial, "iteration": result["rung"], "elapsed_s": float(len(events)), "stage": 1}
        events.append({"event": "reported", **about, "done": done, "result": result})
        if not climbs[trial]:
            del climbs[trial]
            if not done:
                ending: dict[str, Any] = draw(
                    st.sampled_from([{"event": "failed", "cause": "x"}, {"event": "dropped"}])
                )
                events.append({**ending, "trial": trial, "stage": 1})
    return events


@given(events=searches(), shown=st.integers(1, 5))
@settings(max_examples=150)
def test_counting_along_says_the_same_as_counting_at_the_end(events: list[Event], shown: int) -> None:
    found = History(["x1"], RUNGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "SHOWN_PLACEMENTS", shown)
        for event in events:
            found.add([event])
        results = [event for event in events if event["event"] == "reported"]
        rows = [Row(e["trial"], e["iteration"], e["elapsed_s"], e["result"]) for e in results]
        assert found.ranked == ranked(rows, ["x1"])[:shown]
    tops = [(e["elapsed_s"], e["result"]["p5_rss_dbm"]) for e in results if e["result"]["rung"] == RUNGS]
    tops = [(at, score) for (at, score), e in zip(tops, _at_top(results), strict=True) if e["feasible"]]
    scores = [score for _, score in tops if math.isfinite(score)]
    assert [best for _, _, best in found.curve] == sorted(set(_running_best(scores)))
    assert found.standing.rays_per_ap == sum(e["result"]["iteration_rays_per_ap"] for e in results)
    last = {e["trial"]: e["iteration"] for e in results}
    for iteration in last.values():
        assert found.reached[iteration] == sum(at >= iteration for at in last.values())
    dropped = Counter(last[e["trial"]] for e in events if e["event"] == "dropped")
    stopped = Counter(e["iteration"] for e in results if e["done"] and not e["result"]["complete"])
    assert +found.stopped == +(dropped + stopped)
    assert found.failures.total() == sum(e["event"] == "failed" for e in events)
    assert found.ended == len(last)


def _at_top(results: list[Event]) -> list[dict[str, Any]]:
    return [e["result"] for e in results if e["result"]["rung"] == RUNGS]


def _running_best(scores: list[float]) -> list[float]:
    return [max(scores[: number + 1]) for number in range(len(scores))]


def test_a_state_is_that_of_the_last_session() -> None:
    found = History([], 1)
    states = []
    for kind in ("session", "finished", "session", "without winner"):
        found.add([{"event": kind}])
        states.append(found.state)
    assert states == ["session", "finished", "session", "without winner"]


def test_only_the_first_stage_is_a_funnel() -> None:
    """A second one starts from the best: its trials are not those that were left over."""
    result = {
        "p5_rss_dbm": -60.0,
        "feasible": True,
        "rung": 1,
        "iteration_rays_per_ap": 1.0,
        "complete": True,
        "x1": 0.0,
    }
    about = {"event": "reported", "iteration": 1, "elapsed_s": 1.0, "done": True, "result": result}
    found = History(["x1"], 1)
    found.add([{**about, "trial": "00000", "stage": 1}, {**about, "trial": "2-00000", "stage": 2}])
    assert found.reached == {1: 1}
    assert found.ended == 2
