"""A scheduler that is told of earlier sessions goes on to judge as if there had been only one."""

from typing import Any

import numpy as np
import pytest
from ray.tune.schedulers import TrialScheduler

from search_records.events import Event, Failed, Proposed, Reported
from search_records.result import TrialResult
from tests.records import trial_result
from tune_reflector.config.config_file import validate
from tune_reflector.schedulers.build import build_scheduler
from tune_reflector.schedulers.replay import NO_OTHERS, PastTrial

KINDS: list[dict[str, Any]] = [{"kind": "asha", "reduction_factor": 2}, {"kind": "median", "min_trials": 2}]
RUNGS = [1_000, 2_000, 4_000]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["kind"])


def result(number: int, iteration: int) -> TrialResult:
    value = -60.0 - 10 * float(np.random.default_rng(number).random()) + iteration
    return trial_result(value, iteration, rays_per_ap=sum(RUNGS[:iteration]), complete=iteration == len(RUNGS))


class Session:
    """A scheduler at work, one trial after another; what happens is kept as events.

    Args:
        kind: of the scheduler.
        events: of earlier sessions.
    """

    def __init__(self, kind: dict[str, Any], events: list[Event]) -> None:
        config = validate({"scheduler": kind, "fidelity": {"rungs": RUNGS}})
        self.metric = config.objective.metric
        self.scheduler = build_scheduler(config.scheduler, config.plan, events)
        self.events = list(events)

    def run(self, *numbers: int) -> dict[int, int]:
        """How many iterations each trial was given; every fifth fails."""
        return {number: self._iterations(number) for number in numbers}

    def _iterations(self, number: int) -> int:
        trial = PastTrial(f"{number:05d}")
        self.events.append(Proposed(trial.trial_id, {"x1": 1.0}))
        self.scheduler.on_trial_add(NO_OTHERS, trial)
        return self.go_on(trial, number, 1)

    def go_on(self, trial: Any, number: int, first: int) -> int:
        """From an iteration on, until it ends."""
        for iteration in range(first, len(RUNGS) + 1):
            told = result(number, iteration)
            flat = told.flat(self.metric) | {"training_iteration": iteration}
            ends = told.complete or self.scheduler.on_trial_result(NO_OTHERS, trial, flat) == TrialScheduler.STOP
            self.events.append(Reported(trial.trial_id, iteration, 1.0, ends, told))
            if ends:
                self.scheduler.on_trial_complete(NO_OTHERS, trial, flat)
                return iteration
            if number % 5 == 4:
                self.scheduler.on_trial_error(NO_OTHERS, trial)
                self.events.append(Failed(trial.trial_id, "its worker died"))
                return iteration
        raise AssertionError("a trial ends with its last rung")


@each_kind
def test_decisions_go_on_as_in_a_single_session(kind: dict[str, Any]) -> None:
    whole, first = Session(kind, []), Session(kind, [])
    expected = whole.run(*range(40))
    assert len(set(expected.values())) > 1
    begun = first.run(*range(15))
    again = Session(kind, first.events)
    assert begun | again.run(*range(15, 40)) == expected
    forgetful = Session(kind, [])
    assert begun | forgetful.run(*range(15, 40)) != expected  # else there would be nothing to tell


class Continued:
    """A trial that goes on: another object of the same name, as in a later session."""

    def __init__(self, trial_id: str) -> None:
        self.trial_id = trial_id


@each_kind
@pytest.mark.parametrize("reported", [1, 2])
def test_a_trial_that_goes_on_is_judged_by_all_that_it_has_reported(kind: dict[str, Any], reported: int) -> None:
    """And others are judged by it: whether it was interrupted makes no difference to anybody."""
    for number in range(20, 40):
        whole, broken = Session(kind, []), Session(kind, [])
        for session in (whole, broken):
            session.run(*range(12))
        expected = whole.run(number, *range(50, 60))
        if expected[number] <= reported or number % 5 == 4:
            continue
        trial_id = f"{number:05d}"
        broken.events.append(Proposed(trial_id, {"x1": 1.0}))
        broken.events += [Reported(trial_id, i, 1.0, False, result(number, i)) for i in range(1, reported + 1)]
        again = Session(kind, broken.events)
        trial = Continued(trial_id)
        again.scheduler.on_trial_add(NO_OTHERS, trial)  # type: ignore[arg-type]
        assert again.go_on(trial, number, reported + 1) == expected[number]
        found = again.run(*range(50, 60))
        assert {number: expected[number]} | found == expected
