"""The tally: what has ended, what it cost, and the best score of the top rung."""

from types import SimpleNamespace
from typing import Any

import pytest

from callbacks.rows import Row
from callbacks.tally import Tally

SCORE = "p5_rss_dbm"


def values(score: float, rays: float = 100, complete: bool = True, feasible: bool = True) -> dict[str, float]:
    flags = {"rung": 1 + complete, "complete": complete, "feasible": feasible}
    return {SCORE: score, "iteration_rays_per_ap": rays, **flags}


def trial(trial_id: str, status: str = "RUNNING") -> Any:
    return SimpleNamespace(trial_id=trial_id, status=status)


def report(tally: Tally, trial_id: str, result: dict[str, float]) -> None:
    tally.on_trial_result(iteration=1, trials=[], trial=trial(trial_id), result=result)


def test_nothing_has_happened_at_first() -> None:
    tally = Tally(SCORE, 2)
    assert (tally.best, tally.ended, tally.failed, tally.rays_per_ap) == (None, 0, 0, 0)


def test_the_best_is_the_largest_score_of_a_complete_feasible_trial() -> None:
    tally = Tally(SCORE, 2)
    report(tally, "stopped", values(-10, complete=False))
    report(tally, "impossible", values(-20, feasible=False))
    assert tally.best is None
    for trial_id, score in (("a", -70.0), ("b", -60.0), ("c", -65.0)):
        report(tally, trial_id, values(score))
    assert tally.best == -60


def test_rays_of_a_trial_grow_with_its_rungs_and_add_up_over_trials() -> None:
    tally = Tally(SCORE, 2)
    for trial_id, rays in (("a", 100), ("b", 100), ("a", 300)):
        report(tally, trial_id, values(-60, rays, complete=False))
    assert tally.rays_per_ap == 500


def test_a_trial_ends_once_whether_it_completes_or_fails() -> None:
    tally = Tally(SCORE, 2)
    tally.on_trial_complete(iteration=1, trials=[], trial=trial("a"))
    tally.on_trial_complete(iteration=1, trials=[], trial=trial("a"))
    tally.on_trial_error(iteration=1, trials=[], trial=trial("b"))
    assert (tally.ended, tally.failed) == (2, 1)


def test_rows_of_an_earlier_session_count() -> None:
    rows = [
        Row("a", 1, 1.0, values(-50, 100, complete=False)),
        Row("a", 2, 2.0, values(-61, 300)),
        Row("b", 1, 3.0, values(-40, 100, complete=False)),
    ]
    tally = Tally(SCORE, 2, rows)
    assert (tally.best, tally.ended, tally.rays_per_ap) == (-61, 1, 500)
    report(tally, "b", values(-58, 300))
    tally.on_trial_complete(iteration=1, trials=[], trial=trial("b"))
    assert (tally.best, tally.ended, tally.rays_per_ap) == (-58, 2, 800)


@pytest.mark.parametrize(("status", "ended"), [("TERMINATED", 1), ("ERROR", 1), ("PENDING", 0), ("RUNNING", 0)])
def test_trials_that_a_resumed_search_brings_along_count_if_they_ended(status: str, ended: int) -> None:
    tally = Tally(SCORE, 2)
    tally.on_step_begin(iteration=0, trials=[trial("old", status)])
    assert tally.ended == ended


def test_a_higher_rung_of_a_second_stage_counts_before_any_score_of_the_first() -> None:
    tally = Tally(SCORE, 1)
    report(tally, "first", values(-50, complete=False))
    assert tally.best == -50
    report(tally, "second", values(-55, complete=True))
    assert tally.best == -55
    report(tally, "first again", values(-40, complete=False))
    assert tally.best == -55
