"""Run a search in this process, one trial after another, without a Ray cluster: for debugging and tests.

The trainable, the searcher, the scheduler and the callbacks are the very same; this is the loop that Tune's controller
would run for a single worker. A trial that fails leaves its traceback in ``errors.txt``.
"""

import json
import signal
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import gettempdir
from types import FrameType
from typing import Any, TypeVar

from ray.tune.schedulers import TrialScheduler

from callbacks.files import write_json
from trainables.trial import SceneTrial
from tune_reflector.launch import Launch, trial_class
from tune_reflector.searchers.base import METRIC, MODE

Trial = TypeVar("Trial", bound=SceneTrial)

ERRORS_FILE = "errors.txt"
_SEARCHER_STATE = "local-searcher-state"
_PROGRESS = "local-progress.json"


@dataclass
class LocalTrial:
    """What searchers, schedulers and callbacks need to know of a trial."""

    trial_id: str
    config: dict[str, float]
    status: str = "RUNNING"

    def __hash__(self) -> int:
        return hash(self.trial_id)


class _NoOthers:
    """Stands for Tune's controller: no trial runs beside the one in hand."""

    def get_live_trials(self) -> list[LocalTrial]:
        return []


def run(launch: Launch) -> bool:
    """Run or resume a search.

    Returns:
        Whether it ran to its end (False: Ctrl-C or SIGTERM interrupted it and it can be resumed).
    """
    session = _Session(launch)
    launch.scheduler.set_search_properties(METRIC, MODE)
    for callback in launch.callbacks:
        callback.setup()
    try:
        with _gentle_signals(session):
            session.run()
        return True
    except KeyboardInterrupt:
        session.save()
        return False
    finally:
        for callback in launch.callbacks:
            callback.on_experiment_end(trials=session.trials)


@contextmanager
def _gentle_signals(session: "_Session") -> Iterator[None]:
    """Ctrl-C and SIGTERM end the session between two iterations; a second one ends it at once.

    In the middle of a callback, Ctrl-C could leave a lock of TensorBoard's writer taken for ever.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def interrupt(number: int, frame: FrameType | None) -> None:
        session.interrupted = True
        restore()

    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        restore()


class _Session:
    """The state of the loop."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._searcher = launch.searcher
        self._scheduler = launch.scheduler
        self._controller = _NoOthers()
        self._worker: SceneTrial | None = None
        self._pending: LocalTrial | None = None
        self._ended = 0
        self.trials: list[LocalTrial] = []
        self.interrupted = False
        if launch.resume:
            self._restore()

    def run(self) -> None:
        start = time.monotonic()
        limit_s = self._launch.time_s
        while self._ended < self._launch.config.num_trials:
            if limit_s is not None and time.monotonic() - start > limit_s:
                break
            if self._launch.out_of_rays():
                break
            self._heed_interruption()
            self._pending = trial = self._pending or self._suggest()
            if trial is None:
                break
            self._call("on_step_begin", trials=self.trials)
            self._run_trial(trial)
            self._pending = None
            self._ended += 1
            self.save()
            self._call("on_step_end", trials=self.trials)
        if self._worker is not None:
            self._worker.stop()

    def _suggest(self) -> LocalTrial | None:
        trial_id = uuid.uuid4().hex[:8]
        genes = self._searcher.suggest(trial_id)
        return None if genes is None or isinstance(genes, str) else LocalTrial(trial_id, genes)

    def _run_trial(self, trial: LocalTrial) -> None:
        self.trials.append(trial)
        self._scheduler.on_trial_add(self._controller, trial)
        about = {"trials": self.trials, "trial": trial}
        try:
            result = self._climb(trial, about)
        except Exception:
            with (self._launch.folder / ERRORS_FILE).open("a", encoding="utf-8") as errors:
                errors.write(f"trial {trial.trial_id}, {trial.config}\n{traceback.format_exc()}\n")
            trial.status = "ERROR"
            self._scheduler.on_trial_error(self._controller, trial)
            self._searcher.on_trial_complete(trial.trial_id, error=True)
            self._call("on_trial_error", **about)
        else:
            trial.status = "TERMINATED"
            self._searcher.on_trial_complete(trial.trial_id, result)
            self._call("on_trial_complete", **about)

    def _climb(self, trial: LocalTrial, about: dict[str, Any]) -> dict[str, Any]:
        """Rung after rung, until the trial is done or the scheduler stops it; the last result."""
        worker = self._worker_for(trial)
        while True:
            self._heed_interruption()
            result: dict[str, Any] = worker.train()
            self._call("on_trial_result", **about, result=result)
            if result["done"]:
                self._scheduler.on_trial_complete(self._controller, trial, result)
                return result
            self._searcher.on_trial_result(trial.trial_id, result)
            if self._scheduler.on_trial_result(self._controller, trial, result) == TrialScheduler.STOP:
                return result
            if self._launch.out_of_rays():
                return result

    def _heed_interruption(self) -> None:
        if self.interrupted:
            raise KeyboardInterrupt

    def _worker_for(self, trial: LocalTrial) -> SceneTrial:
        config = dict(trial.config)
        if self._worker is None:
            self._worker = in_process(trial_class(self._launch.config))(config)
        else:
            self._worker.reset(config)
        return self._worker

    def _call(self, hook: str, **about: Any) -> None:
        for callback in self._launch.callbacks:
            getattr(callback, hook)(iteration=len(self.trials), **about)

    def save(self) -> None:
        """Keep what a later session needs: the searcher, and the trial that was under way.

        Tune's schedulers cannot be saved alone; a later session's scheduler begins anew.
        """
        folder = self._launch.folder
        self._searcher.save(str(folder / _SEARCHER_STATE))
        pending = [self._pending.trial_id, self._pending.config] if self._pending else None
        write_json(folder / _PROGRESS, {"ended": self._ended, "pending": pending})

    def _restore(self) -> None:
        folder = self._launch.folder
        if (folder / _PROGRESS).exists():
            self._searcher.restore(str(folder / _SEARCHER_STATE))
            progress = json.loads((folder / _PROGRESS).read_text(encoding="utf-8"))
            self._ended = progress["ended"]
            self._pending = LocalTrial(*progress["pending"]) if progress["pending"] else None


def in_process(trainable: type[Trial]) -> type[Trial]:
    """The trainable outside of Ray, where it would make a folder in the user's home for every candidate."""

    def set_up_logdir(self: Trial) -> None:
        self._logdir = gettempdir()

    return type(trainable.__name__, (trainable,), {"_setup_logdir": set_up_logdir, "__module__": trainable.__module__})
