"""Ends the worker of a trial that makes no progress; ``Retries`` decides what becomes of the trial."""

import time
from collections.abc import Mapping
from typing import Any

import ray
from ray.tune import Callback
from ray.tune.experiment import Trial

from tune_reflector.execution.failures import no_progress
from tune_reflector.execution.tune_trials import CandidateTrial


class Watchdog(Callback):
    """Looks after trials that have a worker.

    Args:
        trials: those that have not ended, by name.
        timeout_s: the longest that a trial may take from one sign of life to the next.
    """

    def __init__(self, trials: Mapping[str, CandidateTrial], timeout_s: float) -> None:
        self._trials = trials
        self._timeout_s = timeout_s
        self._alive_s: dict[str, float] = {}

    def on_trial_start(self, iteration: int, trials: Any, trial: Trial, **_: Any) -> None:
        self._alive_s[trial.trial_id] = time.monotonic()

    on_trial_result = on_trial_save = on_trial_start

    def on_step_end(self, iteration: int, trials: Any, **_: Any) -> None:
        """Look at every trial that has a worker, also one that is only being handed to it."""
        now = time.monotonic()
        at_work = {name: trial for name, trial in self._trials.items() if trial.temporary_state.ray_actor is not None}
        self._alive_s = {name: self._alive_s.get(name, now) for name in at_work}
        for name, trial in at_work.items():
            if now - self._alive_s[name] > self._timeout_s and trial.expected is None:
                trial.expected = no_progress(self._timeout_s)
                ray.kill(trial.temporary_state.ray_actor)
