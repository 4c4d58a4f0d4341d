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
from tune_reflector.schedulers.replay import NO_OTHERS, PastTrial, of_ended_trials

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
        for iteration in range(1, len(RUNGS) + 1):
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


def test_of_a_trial_that_goes_on_the_median_is_told_nothing() -> None:
    """It knows trials by their objects, so that one that goes on would be two."""
    session = Session(KINDS[1], [])
    session.run(4, 0, 1, 2)
    session.events += [Proposed("00009", {"x1": 1.0}), Reported("00009", 1, 1.0, False, result(9, 1))]
    told = list(of_ended_trials(session.events))
    assert told == session.events[:-2]
    assert {event.trial_id for event in told if isinstance(event, Failed)} == {"00004"}
    again = Session(KINDS[1], session.events)
    assert PastTrial("00009") not in again.scheduler._results
    assert {PastTrial(f"{number:05d}") for number in (0, 1, 2)} <= set(again.scheduler._results)
