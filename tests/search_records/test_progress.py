"""The count of a search: what has ended, what it cost, and the best score of the top rung."""

import pickle
from typing import Any

from search_records.events import Event, Failed, Proposed, Repeated, Reported, SessionBegun, Stopped
from search_records.progress import ProgressCounter, RunningBest
from search_records.result import RankedScore
from tests.records import reported, trial_result


def result(
    trial_id: str,
    score: float,
    rays: int = 100,
    complete: bool = True,
    iteration: int = 1,
    rung: int | None = None,
    **more: Any,
) -> Reported:
    """Of the top rung, 2, if its trial is complete."""
    rung = 1 + complete if rung is None else rung
    found = trial_result(score, rung, iteration_rays_per_ap=rays, complete=complete, **more)
    return reported(trial_id, iteration, found, done=complete)


def counter(*events: Event, top_rung: int = 2) -> ProgressCounter:
    return ProgressCounter(top_rung, events)


def test_nothing_has_happened_at_first() -> None:
    found = counter()
    assert (found.best.value, found.best.ranked) == (None, None)
    assert (found.results, found.ended, found.failed, found.rays_per_ap, found.elapsed_s) == (0, 0, 0, 0, 0)


def test_the_best_is_the_largest_score_of_a_complete_feasible_trial() -> None:
    found = counter()
    found.add(result("stopped", -10, complete=False))
    found.add(result("impossible", -20, feasible=False))
    assert found.best.value is None
    for trial_id, score in (("a", -70.0), ("b", -60.0), ("c", -65.0)):
        found.add(result(trial_id, score))
    assert found.best.value == -60
    assert found.best.ranked == RankedScore(measured=False, rung=2, value=-60)


def test_rays_of_a_trial_grow_with_its_rungs_and_add_up_over_trials() -> None:
    found = counter()
    for trial_id, rays, iteration in (("a", 100, 1), ("b", 100, 1), ("a", 300, 2)):
        found.add(result(trial_id, -60, rays, complete=False, iteration=iteration))
    assert found.rays_per_ap == 500
    assert found.results == 3


def test_rays_of_a_result_count_once_however_often_it_is_reported() -> None:
    found = counter(*[result("a", -60, 100, complete=False)] * 3)
    assert found.rays_per_ap == 100


def test_it_remembers_nothing_of_trials_that_have_ended() -> None:
    found, sizes = counter(), []
    for number in range(2_000):
        trial = f"{number:05d}"
        found.add(result(trial, -60, complete=False))
        found.add((result(trial, -60, iteration=2), Failed(trial, "a cause"), Stopped(trial))[number % 3])
        sizes.append(len(pickle.dumps(found)))
    assert max(sizes) < sizes[0] + 100


def test_rays_of_a_copy_count_though_it_repeats_an_iteration() -> None:
    found = counter(result("a", -60, 100), result("a", -50, 100, origin={"copy": 77}))
    assert found.rays_per_ap == 200
    assert found.best.value == -50


def test_a_trial_of_a_placement_that_cannot_be_built_is_counted_once() -> None:
    bad = result("a", -170, complete=False, feasible=False)
    found = counter(bad, bad, result("b", -60), result("c", -170, feasible=False))
    assert found.infeasible == 2


def test_what_is_not_a_number_is_never_the_best() -> None:
    found = counter()
    for number, score in enumerate((float("nan"), -70.0, float("nan"), float("inf"), -60.0)):
        found.add(result(f"t{number}", score))
    assert found.best.value == -60


def test_events_of_an_earlier_session_count() -> None:
    found = counter(
        result("a", -50, 100, complete=False),
        result("a", -61, 300, iteration=2),
        result("b", -40, 100, complete=False),
        Failed("c", "a cause"),
    )
    assert (found.best.value, found.ended, found.failed, found.rays_per_ap) == (-61, 2, 1, 500)
    found.add(result("b", -58, 300, iteration=2))
    assert (found.best.value, found.ended, found.failed, found.rays_per_ap) == (-58, 3, 1, 800)


def test_a_trial_ends_with_its_last_result_or_its_failure_or_when_it_is_stopped() -> None:
    found, counts = counter(), []
    events = (
        SessionBegun(),
        Proposed("a", {"x1": 0.5}),
        result("a", -60, complete=False),
        Repeated("a", 1),
        result("a", -60, iteration=2),
        Stopped("b"),
        Failed("c", "a cause"),
    )
    for event in events:
        found.add(event)
        counts.append((found.ended, found.failed))
    assert counts == [(0, 0), (0, 0), (0, 0), (0, 0), (1, 0), (2, 0), (3, 1)]


def test_its_seconds_are_those_of_the_latest_result() -> None:
    found = counter(*(reported("a", n, trial_result(-60), elapsed_s=at) for n, at in enumerate((2.5, 7.0, 6.0))))
    assert found.elapsed_s == 7


def test_a_higher_rung_of_a_second_stage_counts_before_any_score_of_the_first() -> None:
    found = counter(top_rung=1)
    found.add(result("first", -50, complete=False))
    assert found.best.value == -50
    found.add(result("second", -55))
    assert found.best.value == -55
    found.add(result("first again", -40, complete=False))
    assert found.best.value == -55


def test_a_running_best_counts_from_its_least_rung_on() -> None:
    best, found = RunningBest(2), []
    for rung, score in ((1, -10.0), (2, -60.0), (2, -65.0), (3, -70.0), (2, -20.0), (3, -69.0)):
        best.add(trial_result(score, rung))
        found.append(best.value)
    assert found == [None, -60, -60, -70, -70, -69]
