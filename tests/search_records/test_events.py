"""Events: what is written of one is read back as it was, and what is none is told of in one line."""

import json
import re
import zlib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from search_records.events import (
    EndedWithoutWinner,
    Event,
    Failed,
    Finished,
    Proposed,
    RefinementBegun,
    Repeated,
    Reported,
    SessionBegun,
    Stopped,
    decode,
    encode,
    ends_trial,
)
from search_records.journal import JournalError, read_journal
from search_records.result import ResultColumns, Score, TrialResult
from tests.records import reported, trial_result

COLUMNS = ResultColumns("p10_rss_dbm", ("x1", "y1"), ("generation", "copy"), steps=True, hyperparameters=("rate",))

PATH = Path("journal.log")

numbers = st.floats(allow_nan=False)
counts = st.integers(0, 2**53)
trials = st.from_regex(r"([1-9]-)?[0-9]{5,7}", fullmatch=True, alphabet="0123456789-")
configs = st.dictionaries(st.text(), numbers)
stages = st.integers(1, 9)
milliseconds = st.integers(0, 10**10).map(lambda ms: ms / 1000)
budgets = st.fixed_dictionaries({"trials": counts, "time_s": st.none() | numbers})
results = st.builds(
    TrialResult,
    genes=st.fixed_dictionaries({"x1": numbers, "y1": numbers}, optional={"rate": numbers}),
    origin=st.fixed_dictionaries({}, optional={"generation": counts, "copy": counts}),
    score=st.builds(Score, numbers, numbers, numbers, numbers, numbers, feasible=st.booleans()),
    rung=st.integers(0, 9),
    iteration_rays_per_ap=counts,
    rays_per_ap=counts,
    trace_time_s=numbers,
    complete=st.booleans(),
    step_value=st.none() | numbers,
)

KINDS: dict[type, st.SearchStrategy[Event]] = {
    Proposed: st.builds(Proposed, trials, configs, stages),
    Reported: st.builds(Reported, trials, counts, milliseconds, st.booleans(), results, st.none() | configs, stages),
    Repeated: st.builds(Repeated, trials, counts, stages),
    Failed: st.builds(Failed, trials, st.text(), stages),
    Stopped: st.builds(Stopped, trials, stages),
    RefinementBegun: st.builds(RefinementBegun, stages, st.lists(configs), budgets),
    SessionBegun: st.builds(SessionBegun, stages),
    Finished: st.builds(Finished, budgets),
    EndedWithoutWinner: st.builds(EndedWithoutWinner),
}
events = st.one_of(*KINDS.values())

EXAMPLES: tuple[Event, ...] = (
    Proposed("00001", {"x1": 0.5}),
    Reported("00001", 1, 2.5, True, trial_result(-60.0), {"x1": 0.5}),
    Repeated("00001", 1),
    Failed("00001", "a cause"),
    Stopped("00001"),
    RefinementBegun(2, [{"x1": 0.5}], {"trials": 10}),
    SessionBegun(),
    Finished({"trials": 10}),
    EndedWithoutWinner(),
)

MAY_LACK = {"stage", "config of reported"}
"""A journal of an early version knows no stages, and few results are of a copy."""


def written(event: Event) -> dict[str, Any]:
    """As a file holds it."""
    return dict(json.loads(json.dumps(encode(event, COLUMNS))))


def read_line(data: dict[str, Any]) -> list[Event]:
    """What the journal makes of a whole line that says this."""
    text = json.dumps({"n": 0, **data}).encode()
    PATH.write_bytes(b"%08x %b\n" % (zlib.crc32(text), text))
    return read_journal(PATH, COLUMNS)


def test_every_kind_of_event_is_tried() -> None:
    assert set(KINDS) == {type(event) for event in EXAMPLES} == set(get_args(Event))
    assert len({encode(event, COLUMNS)["event"] for event in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_an_event_reads_back_as_it_was_written(kind: type, data: st.DataObject) -> None:
    event = data.draw(KINDS[kind])
    again = decode(written(event), COLUMNS)
    assert type(again) is kind
    assert again == event


@given(event=events)
def test_a_file_holds_nothing_that_changes_when_it_is_written_again(event: Event) -> None:
    assert written(decode(written(event), COLUMNS)) == written(event)


def test_a_score_that_is_not_a_number_reads_back_as_none() -> None:
    event = decode(written(reported("00001", 1, trial_result(float("nan"), complete=True))), COLUMNS)
    assert isinstance(event, Reported)
    assert event.result.score.value != event.result.score.value
    assert event.result.complete


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_what_an_event_lacks_is_named(event: Event) -> None:
    whole = written(event)
    for name in whole:
        data = {other: value for other, value in whole.items() if other != name}
        if name in MAY_LACK or f"{name} of {whole['event']}" in MAY_LACK:
            decode(data, COLUMNS)
        else:
            with pytest.raises(KeyError, match=f"^'{name}'$"):
                decode(data, COLUMNS)
            with pytest.raises(JournalError, match=re.escape(f"{PATH}: line 1 must be an event of this search, but")):
                read_line(data)


@pytest.mark.parametrize("name", ["p10_rss_dbm", "coverage", "feasible", "rung", "complete", "rays_per_ap"])
def test_what_a_result_lacks_is_named(name: str) -> None:
    """As that of another objective does."""
    data = written(EXAMPLES[1])
    del data["result"][name]
    with pytest.raises(JournalError, match=f"it lacks '{name}'; it is of another version or configuration"):
        read_line(data)


@pytest.mark.parametrize(
    ("number", "name", "value"),
    [
        (0, "event", "a\nkind"),
        (0, "trial", 1),
        (0, "trial", "../../00001"),
        (0, "trial", "00001/.."),
        (0, "config", {"x1": "wide"}),
        (1, "iteration", 2**60),
        (1, "elapsed_s", float("nan")),
        (1, "elapsed_s", -1.0),
        (0, "event", None),
        (0, "event", {}),
        (0, "config", 1),
        (0, "config", [1]),
        (0, "stage", None),
        (0, "stage", "first\nstage"),
        (1, "iteration", [1]),
        (1, "iteration", float("inf")),
        (1, "elapsed_s", {}),
        (1, "result", None),
        (1, "result", []),
        (1, "result", "nothing"),
        (1, "config", "x1"),
        (2, "iteration", "one"),
        (5, "number", float("nan")),
        (5, "starts", 3),
        (5, "starts", [3]),
        (5, "budget", 3),
        (6, "stage", float("inf")),
        (7, "budget", "all"),
    ],
)
def test_odd_content_is_an_error_of_one_line(number: int, name: str, value: Any) -> None:
    data = written(EXAMPLES[number]) | {name: value}
    with pytest.raises(JournalError) as error:
        read_line(data)
    assert len(str(error.value).splitlines()) == 1
    assert str(error.value).startswith(f"{PATH}: line 1 must be an event of this search, but ")
    assert str(error.value).endswith(": start a new run")


@pytest.mark.parametrize("value", ["much", None, [], {}, float("inf")])
@pytest.mark.parametrize("name", ["rung", "iteration_rays_per_ap", "rays_per_ap"])
def test_an_odd_number_of_a_result_is_an_error_of_one_line(name: str, value: Any) -> None:
    data = written(EXAMPLES[1])
    data["result"][name] = value
    with pytest.raises(JournalError) as error:
        read_line(data)
    assert len(str(error.value).splitlines()) == 1


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(event=st.sampled_from(EXAMPLES), data=st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_line_says_there_is_an_event_or_an_error_of_one_line(event: Event, data: st.DataObject) -> None:
    content = written(event)
    place = content["result"] if "result" in content and data.draw(st.booleans()) else content
    assume(place)
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(odd)
    said = ""
    try:
        found = len(read_line(content))
    except JournalError as error:
        found, said = 0, str(error)
    assert (found, len(said.splitlines())) in ((1, 0), (0, 1))


def test_a_trial_ends_once() -> None:
    ending = [event for event in EXAMPLES if ends_trial(event)]
    assert [type(event) for event in ending] == [Reported, Failed, Stopped]
    assert not ends_trial(reported("00001", 1, trial_result(-60.0)))
