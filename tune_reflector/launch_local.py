"""Run a search in this process, one trial after another, without a Ray cluster: for debugging and tests.

The trainable, the searcher, the scheduler and the callbacks are the very same; this is the loop that Tune's controller
would run for a single worker.
"""

import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from ray.tune import Callback
from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from trainables.placement import PlacementTrial
from tune_reflector.launch import Launch
from tune_reflector.searchers.base import METRIC, MODE

_SEARCHER_STATE = "local-searcher-state"
_PENDING = "local-pending.json"


@dataclass
class LocalTrial:
    """What searchers, schedulers and callbacks need to know of a trial."""

    trial_id: str
    config: dict[str, float]
    status: str = "RUNNING"
    last_result: dict[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.trial_id)


class _InProcessTrial(PlacementTrial):
    """The trial outside of Ray, where it would make a folder in the user's home for every candidate."""

    def _setup_logdir(self) -> None:
        self._logdir = gettempdir()


def run(launch: Launch) -> bool:
    """Run or resume a search.

    Returns:
        Whether it ran to its end (False: Ctrl-C interrupted it and it can be resumed).
    """
    session = _Session(launch)
    launch.scheduler.set_search_properties(METRIC, MODE)
    for callback in launch.callbacks:
        callback.setup()
    try:
        session.run()
        return True
    except KeyboardInterrupt:
        return False
    finally:
        session.save()
        for callback in launch.callbacks:
            callback.on_experiment_end(trials=session.trials)


class _Session:
    """The state of the loop."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._searcher: Searcher = launch.searcher
        self._scheduler: TrialScheduler = launch.scheduler
        self._callbacks: list[Callback] = list(launch.callbacks)
        self._worker: PlacementTrial | None = None
        self._pending: LocalTrial | None = None
        self.trials: list[LocalTrial] = []
        if launch.resume:
            self._restore()

    def run(self) -> None:
        config = self._launch.config
        start = time.monotonic()
        limit_s = config.budget.time_s
        for iteration in range(config.budget.trials - self._launch.ended):
            if limit_s is not None and time.monotonic() - start > limit_s:
                break
            trial = self._pending or self._suggest()
            if trial is None:
                break
            self._pending = trial
            self._call("on_step_begin", iteration=iteration, trials=self.trials)
            self._run_trial(iteration, trial)
            self._pending = None
            self._call("on_step_end", iteration=iteration, trials=self.trials)
        if self._worker is not None:
            self._worker.stop()

    def _suggest(self) -> LocalTrial | None:
        trial_id = uuid.uuid4().hex[:8]
        genes = self._searcher.suggest(trial_id)
        return None if genes is None or isinstance(genes, str) else LocalTrial(trial_id, genes)

    def _run_trial(self, iteration: int, trial: LocalTrial) -> None:
        self.trials.append(trial)
        self._scheduler.on_trial_add(None, trial)
        about = {"iteration": iteration, "trials": self.trials, "trial": trial}
        try:
            worker = self._worker_for(trial)
            while True:
                result = worker.train()
                trial.last_result = result
                self._call("on_trial_result", **about, result=result)
                if result["done"]:
                    self._scheduler.on_trial_complete(None, trial, result)
                    break
                self._searcher.on_trial_result(trial.trial_id, result)
                if self._scheduler.on_trial_result(None, trial, result) == TrialScheduler.STOP:
                    break
        except Exception:
            trial.status = "ERROR"
            self._scheduler.on_trial_error(None, trial)
            self._searcher.on_trial_complete(trial.trial_id, error=True)
            self._call("on_trial_error", **about)
            return
        trial.status = "TERMINATED"
        self._searcher.on_trial_complete(trial.trial_id, result)
        self._call("on_trial_complete", **about)

    def _worker_for(self, trial: LocalTrial) -> PlacementTrial:
        config = dict(trial.config)
        if self._worker is None:
            self._worker = _InProcessTrial.for_problem(self._launch.config.problem())(config)
        else:
            self._worker.reset(config)
        return self._worker

    def _call(self, hook: str, **about: Any) -> None:
        for callback in self._callbacks:
            getattr(callback, hook)(**about)

    def save(self) -> None:
        """Keep what a later session needs: the searcher, and the trial that was under way."""
        folder = self._launch.config.run_dir
        self._searcher.save(str(folder / _SEARCHER_STATE))
        pending = [self._pending.trial_id, self._pending.config] if self._pending else None
        (folder / _PENDING).write_text(json.dumps(pending), encoding="utf-8")

    def _restore(self) -> None:
        folder: Path = self._launch.config.run_dir
        if (folder / _SEARCHER_STATE).exists():
            self._searcher.restore(str(folder / _SEARCHER_STATE))
            pending = json.loads((folder / _PENDING).read_text(encoding="utf-8"))
            self._pending = LocalTrial(*pending) if pending else None
