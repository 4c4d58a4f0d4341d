"""The history that is counted event by event, held against what the whole list of events says."""

import math
import pickle
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_records.events import (
    EndedWithoutWinner,
    Event,
    Failed,
    Finished,
    Proposed,
    RefinementBegun,
    Reported,
    SessionBegun,
    Stopped,
)
from search_records.journal import Journal
from search_records.ranking import ranked_placements
from search_records.result import TrialResult
from tests.records import reported, trial_result
from tune_reflector.config.config_file import load_config
from tune_reflector.runs import history
from tune_reflector.runs.history import History
from tune_reflector.runs.layout import JOURNAL_FILE

RUNGS = 3

OVERRIDES = ["access_points.count=1", "reflector=null", "fidelity.rungs=[1000, 2000, 4000]"]
CONFIG = load_config(None, OVERRIDES)
GENES = ("x1", "y1", "dir1_x", "dir1_y")


def result(value: float, rung: int, x1: float = 0.0, feasible: bool = True) -> TrialResult:
    """Of a search with three rungs; placements differ in one gene."""
    genes = dict.fromkeys(GENES, 0.5) | {"x1": x1}
    rays, complete = 10 * rung, rung == RUNGS
    return trial_result(value, rung, genes=genes, feasible=feasible, iteration_rays_per_ap=rays, complete=complete)


@st.composite
def searches(draw: st.DrawFn) -> list[Event]:
    """Trials side by side: some climb all rungs, some are stopped, paused and dropped, or fail; placements repeat."""
    climbs = {
        f"{number:05d}": [
            result(
                draw(st.sampled_from([-90.0, -70.5, -70.0, -50.0, math.nan])),
                rung,
                float(draw(st.integers(0, 3))),
                draw(st.booleans()),
            )
            for rung in range(1, draw(st.integers(1, RUNGS)) + 1)
        ]
        for number in range(draw(st.integers(0, 8)))
    }
    events: list[Event] = []
    while climbs:
        trial = draw(st.sampled_from(sorted(climbs)))
        found = climbs[trial].pop(0)
        done = not climbs[trial] and (found.complete or draw(st.booleans()))
        events.append(reported(trial, found.rung, found, elapsed_s=float(len(events)), done=done))
        if not climbs[trial]:
            del climbs[trial]
            if not done:
                ending: Event = draw(st.sampled_from((Failed(trial, "x"), Stopped(trial))))
                events.append(ending)
    return events


@given(events=searches(), shown=st.integers(1, 5))
@settings(max_examples=150)
def test_counting_along_says_the_same_as_counting_at_the_end(events: list[Event], shown: int) -> None:
    found = History(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "MOST_PLACEMENTS", shown)
        for event in events:
            found.add([event])
        results = [event for event in events if isinstance(event, Reported)]
        assert found.ranked == ranked_placements(results, GENES)[:shown]
    tops = [event.result.score for event in results if event.result.rung == RUNGS]
    scores = [score.value for score in tops if score.feasible and math.isfinite(score.value)]
    assert [best for _, _, best in found.curve] == sorted(set(_running_best(scores)))
    assert found.progress.best.value == max(scores, default=None)
    assert found.progress.rays_per_ap == sum(event.result.iteration_rays_per_ap for event in results)
    assert found.progress.results == len(results)
    assert found.progress.elapsed_s == max((event.elapsed_s for event in results), default=0)
    for rays, at_s, best in found.curve:
        so_far = [event for event in results if event.elapsed_s <= at_s]
        assert rays == sum(event.result.iteration_rays_per_ap for event in so_far)
        assert so_far[-1].result.score.value == best
    last = {event.trial_id: event.iteration for event in results}
    for iteration in last.values():
        assert found.reached[iteration] == sum(at >= iteration for at in last.values())
    dropped = Counter(last[event.trial_id] for event in events if isinstance(event, Stopped))
    stopped = Counter(event.iteration for event in results if event.done and not event.result.complete)
    assert +found.stopped == +(dropped + stopped)
    failed = sum(isinstance(event, Failed) for event in events)
    assert found.failures == Counter({"x": failed} if failed else {})
    assert found.progress.failed == failed
    not_built = {event.trial_id for event in results if event.iteration == 1 and not event.result.score.feasible}
    said = f"{len(not_built)} of {found.trials} candidates could not be built, and were not traced"
    assert found.infeasible == (said if not_built else None)
    assert found.progress.ended == found.trials == len(last)


def _running_best(scores: list[float]) -> list[float]:
    return [max(scores[: number + 1]) for number in range(len(scores))]


def test_its_last_event_is_that_of_the_last_session() -> None:
    found = History(CONFIG)
    assert found.last is None
    states: list[Event | None] = []
    events = (SessionBegun(), Finished({}), SessionBegun(2), EndedWithoutWinner())
    for event in events:
        found.add([event, Proposed("00000", {})])
        states.append(found.last)
    assert tuple(states) == events


def test_only_the_first_stage_is_a_funnel() -> None:
    """A second one starts from the best: its trials are not those that were left over."""
    one = result(-60.0, RUNGS)
    found = History(load_config(None, [*OVERRIDES, "refine.kind=gradient"]))
    found.add([reported("00000", 1, one, done=True), RefinementBegun(2, [{}, {}], {})])
    found.add([reported("2-00000", 1, one, done=True, stage=2)])
    assert found.reached == {1: 1}
    assert found.progress.ended == found.trials == 2
    assert found.refinements == [2]


def test_a_trial_that_reports_an_iteration_again_is_one_trial() -> None:
    """As a copy does, which goes on from where another trial is."""
    found = History(CONFIG)
    found.add([reported("00000", iteration, result(-60.0, 1), done=False) for iteration in (1, 2, 2, 1)])
    assert found.reached == {2: 1}
    assert found.trials == 1


def test_it_remembers_the_best_placements_and_nothing_else_of_trials_that_have_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "MOST_PLACEMENTS", 5)
    found, sizes = History(CONFIG), []
    for number in range(1_000):
        trial = f"{number:05d}"
        found.add([reported(trial, 1, result(-60.0 - number, 1, number), done=False)])
        ending = (reported(trial, 2, result(-60.0 - number, 2, number), done=True), Failed(trial, "x"), Stopped(trial))
        found.add([ending[number % 3]])
        sizes.append(len(pickle.dumps(found)))
    assert max(sizes[100:]) <= max(sizes[:100]) + 100


def test_it_is_read_from_the_journal_as_it_is_counted() -> None:
    events = [reported("00000", rung, result(-60.0 - rung, rung), float(rung), rung == RUNGS) for rung in (1, 2, 3)]
    assert History.read(CONFIG, Path()).trials == 0
    with closing(Journal(Path(JOURNAL_FILE), CONFIG.columns())) as journal:
        for event in events:
            journal.append(event)
    found = History.read(CONFIG, Path())
    assert found.ranked == [events[-1]]
    assert found.curve == [(60, 3.0, -63.0)]


@given(searches())
@settings(max_examples=200)
def test_climbs_are_of_those_that_came_to_the_top_with_a_score_at_every_rung(events: list[Event]) -> None:
    results = [event for event in events if isinstance(event, Reported)]
    expected = []
    for top in results:
        scores = [event.result.score for event in results if event.trial_id == top.trial_id]
        usable = all(score.feasible and math.isfinite(score.value) for score in scores)
        if top.result.rung == RUNGS and len(scores) == RUNGS and usable:
            expected.append(tuple(score.value for score in scores))
    found = History(CONFIG)
    found.add(events)
    assert found.climbs == expected


def test_a_placement_that_takes_the_place_of_another_climbs_from_the_foot() -> None:
    """As in population-based training; a result that comes again after a trial was set back counts once."""
    values = [(-90, 1), (-80, 2), (-70, 1), (-60, 2), (-60, 2), (-50, 3), (-50, 3)]
    found = History(CONFIG)
    found.add(reported("a", n, result(value, rung)) for n, (value, rung) in enumerate(values, start=1))
    assert found.climbs == [(-70, -60, -50)]
