"""The tally: what has ended, what it cost, and the best score of the top rung."""

from types import SimpleNamespace
from typing import Any

from callbacks.progress_counter import ProgressCounter
from search_records.rows import Row

SCORE = "p5_rss_dbm"


NONE = SimpleNamespace(ended=0, failed=0)


def values(score: float, rays: float = 100, complete: bool = True, feasible: bool = True) -> dict[str, float]:
    flags = {"rung": 1 + complete, "complete": complete, "feasible": feasible}
    return {SCORE: score, "iteration_rays_per_ap": rays, **flags}


def report(tally: ProgressCounter, trial_id: str, result: dict[str, float], iteration: int = 1) -> None:
    trial: Any = SimpleNamespace(trial_id=trial_id)
    tally.on_trial_result(iteration=1, trials=[], trial=trial, result={**result, "training_iteration": iteration})


def test_nothing_has_happened_at_first() -> None:
    tally = ProgressCounter(SCORE, 2, NONE)
    assert (tally.best, tally.ended, tally.failed, tally.rays_per_ap) == (None, 0, 0, 0)


def test_the_best_is_the_largest_score_of_a_complete_feasible_trial() -> None:
    tally = ProgressCounter(SCORE, 2, NONE)
    report(tally, "stopped", values(-10, complete=False))
    report(tally, "impossible", values(-20, feasible=False))
    assert tally.best is None
    for trial_id, score in (("a", -70.0), ("b", -60.0), ("c", -65.0)):
        report(tally, trial_id, values(score))
    assert tally.best == -60


def test_rays_of_a_trial_grow_with_its_rungs_and_add_up_over_trials() -> None:
    tally = ProgressCounter(SCORE, 2, NONE)
    for trial_id, rays, iteration in (("a", 100, 1), ("b", 100, 1), ("a", 300, 2)):
        report(tally, trial_id, values(-60, rays, complete=False), iteration)
    assert tally.rays_per_ap == 500


def test_a_result_counts_once_however_often_it_is_reported() -> None:
    tally = ProgressCounter(SCORE, 2, NONE)
    for _ in range(3):
        report(tally, "a", values(-60, 100))
    assert tally.rays_per_ap == 100


def test_what_is_not_a_number_is_never_the_best() -> None:
    tally = ProgressCounter(SCORE, 2, NONE)
    for number, score in enumerate((float("nan"), -70.0, float("nan"), float("inf"), -60.0)):
        report(tally, f"t{number}", values(score))
    assert tally.best == -60


def test_rows_of_an_earlier_session_count() -> None:
    rows = [
        Row("a", 1, 1.0, values(-50, 100, complete=False)),
        Row("a", 2, 2.0, values(-61, 300)),
        Row("b", 1, 3.0, values(-40, 100, complete=False)),
    ]
    trials = SimpleNamespace(ended=1, failed=1)
    tally = ProgressCounter(SCORE, 2, trials, rows)
    assert (tally.best, tally.ended, tally.failed, tally.rays_per_ap) == (-61, 1, 1, 500)
    report(tally, "b", values(-58, 300), iteration=2)
    trials.ended += 1
    assert (tally.best, tally.ended, tally.rays_per_ap) == (-58, 2, 800)


def test_a_higher_rung_of_a_second_stage_counts_before_any_score_of_the_first() -> None:
    tally = ProgressCounter(SCORE, 1, NONE)
    report(tally, "first", values(-50, complete=False))
    assert tally.best == -50
    report(tally, "second", values(-55, complete=True))
    assert tally.best == -55
    report(tally, "first again", values(-40, complete=False))
    assert tally.best == -55
