"""Run a search in this process, one trial after another, without a Ray cluster: for debugging and tests.

The trainable, the searcher, the scheduler and the callbacks are the very same; this is the loop that Tune's controller
would run for a single worker. A trial that fails leaves its traceback in ``errors.txt``.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import gettempdir
from typing import Any, TypeVar

from ray.tune.schedulers import TrialScheduler

from trainables.scene_trainable import SceneTrainable
from tune_reflector.execution import trial_checkpoints
from tune_reflector.execution.candidates import Candidate
from tune_reflector.execution.failures import FailureLog
from tune_reflector.execution.launch import Launch
from tune_reflector.execution.retries import Retries
from tune_reflector.execution.signals import GracefulShutdown, Interrupted
from tune_reflector.runs.layout import CHECKPOINTS_FOLDER
from tune_reflector.schedulers.replay import NO_OTHERS

Trainable = TypeVar("Trainable", bound=SceneTrainable)


@dataclass
class LocalTrial:
    """A trial, as far as schedulers and callbacks need to know it."""

    trial_id: str
    config: dict[str, float]
    status: str = "RUNNING"

    def __hash__(self) -> int:
        return hash(self.trial_id)


def run(launch: Launch) -> None:
    """Run or resume a stage of a search; errors are those of ``ray_tune.run``."""
    loop = _Loop(launch)
    for callback in launch.callbacks:
        callback.setup()
    # Heeded between two iterations: in the middle of a callback Ctrl-C could leave a lock of TensorBoard's taken.
    signals = loop.signals
    signals.install()
    try:
        loop.run()
    finally:
        signals.restore()
        for callback in launch.callbacks:
            callback.on_experiment_end(trials=loop.trials)


class _Loop:
    """What Tune's controller does, for one worker."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._candidates = launch.candidates
        self._scheduler = launch.scheduler
        self._folder = launch.folder / CHECKPOINTS_FOLDER
        self._failures = FailureLog(launch.folder)
        self._retries = Retries(launch.candidates, self._failures, launch.config.faults.max_failures)
        self._worker: SceneTrainable | None = None
        self.signals = GracefulShutdown(lambda number, frame: None)
        self.trials: list[LocalTrial] = []

    def run(self) -> None:
        start = time.monotonic()
        limit_s = self._launch.time_s
        while not self._candidates.finished:
            if limit_s is not None and time.monotonic() - start > limit_s:
                break
            if self._launch.out_of_rays():
                break
            self._heed_signals()
            candidate = self._candidates.next()
            if candidate is None:
                break
            self._call("on_step_begin", trials=self.trials)
            self._run_trial(candidate)
            self._call("on_step_end", trials=self.trials)
        if self._worker is not None:
            self._worker.stop()
        if self._candidates.finished and not self._candidates.live:
            trial_checkpoints.clear_all(self._folder, self._candidates.trial_ids)

    def _run_trial(self, candidate: Candidate) -> None:
        trial = LocalTrial(candidate.trial_id, candidate.config)
        self.trials = [trial]
        self._scheduler.on_trial_add(NO_OTHERS, trial)
        about = {"trials": self.trials, "trial": trial}
        try:
            with _work_of_the_trial():
                self._worker = self._start(candidate)
            ended = False
            while not ended and not self._launch.out_of_rays():
                self._heed_signals()
                with _work_of_the_trial():
                    result: dict[str, Any] = self._worker.train()
                ended = self._take(trial, result, about)
        except _TrialError as error:
            trial.status = "ERROR"
            self._scheduler.on_trial_error(NO_OTHERS, trial)
            self._retries.handle(trial.trial_id, self._failures.read(error.__cause__))
            self._call("on_trial_error", **about)
        else:
            trial.status = "TERMINATED"
            self._call("on_trial_complete", **about)
        if self._candidates.has_ended(trial.trial_id):
            trial_checkpoints.clear(self._folder, trial.trial_id)

    def _start(self, candidate: Candidate) -> SceneTrainable:
        """The worker, where this trial has come to."""
        config = dict(candidate.config)
        if self._worker is None:
            worker: SceneTrainable = in_process(self._launch.trainable())(config)
        else:
            worker = self._worker
            worker.reset(config)
        if checkpoint := trial_checkpoints.newest(self._folder, candidate.trial_id, candidate.reported):
            worker.load_checkpoint(str(checkpoint))
        return worker

    def _take(self, trial: LocalTrial, result: dict[str, Any], about: dict[str, Any]) -> bool:
        """Let scheduler and callbacks know of a result; whether it is the trial's last."""
        if result["done"]:
            self._scheduler.on_trial_complete(NO_OTHERS, trial, result)
        elif self._scheduler.on_trial_result(NO_OTHERS, trial, result) == TrialScheduler.STOP:
            self._scheduler.on_trial_complete(NO_OTHERS, trial, result)
            result["done"] = True
        self._call("on_trial_result", **about, result=result)
        if not result["done"]:
            self._save(trial, int(result["training_iteration"]))
        return bool(result["done"])

    def _save(self, trial: LocalTrial, iteration: int) -> None:
        assert self._worker is not None
        trial_folder = self._folder / trial_checkpoints.trial_folder(trial.trial_id, self._launch.session_number)
        folder = trial_folder / f"checkpoint_{iteration:06d}"
        folder.mkdir(parents=True, exist_ok=True)  # a trial that is tried again repeats what was not saved
        with _work_of_the_trial():
            self._worker.save_checkpoint(str(folder))
        trial_checkpoints.thin_out(trial_folder)

    def _heed_signals(self) -> None:
        if self.signals.number is not None:
            raise Interrupted(self.signals.number)

    def _call(self, hook: str, **about: Any) -> None:
        for callback in self._launch.callbacks:
            getattr(callback, hook)(iteration=0, **about)


class _TrialError(Exception):
    """A trial has failed; the cause says why."""


@contextmanager
def _work_of_the_trial() -> Iterator[None]:
    """Within this context an error is the trial's; elsewhere it is the disk's, or this program's."""
    try:
        yield
    except Exception as error:
        raise _TrialError from error


def in_process(trainable: type[Trainable]) -> type[Trainable]:
    """The trainable outside of Ray, where it would make a folder in the user's home for every candidate."""

    def set_up_logdir(self: Trainable) -> None:
        self._logdir = gettempdir()

    return type(trainable.__name__, (trainable,), {"_setup_logdir": set_up_logdir, "__module__": trainable.__module__})
