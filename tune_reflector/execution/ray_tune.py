"""Run a search on Ray: every worker owns a scene, Tune hands it one trial after another."""

import logging
import math
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, ClassVar

os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")  # one table, not 5 files a trial
os.environ.setdefault("TUNE_PRINT_ALL_TRIAL_ERRORS", "0")  # they go to errors.txt
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")  # its header ignores verbose=0

from ray import tune
from ray.tune import Callback
from ray.tune.error import TuneError
from ray.tune.progress_reporter import TrialProgressCallback
from ray.tune.stopper import Stopper

from search_records.journal import JournalError
from tune_reflector.execution import trial_checkpoints
from tune_reflector.execution.launch import Launch
from tune_reflector.execution.ray_cluster import cluster
from tune_reflector.execution.signals import GracefulShutdown, Interrupted
from tune_reflector.execution.tune_trials import (
    CandidateTrials,
    CheckpointEveryResult,
    ForgetEndedTrials,
    StopWithoutJournal,
)
from tune_reflector.execution.watchdog import Watchdog
from tune_reflector.execution.worker_pool import Gate, keep_workers
from tune_reflector.runs.layout import CHECKPOINTS_FOLDER

_NEVER_S = 10**9

LEAST_SETUP_TIMEOUT_S = 300.0
"""A worker may take so long to load and compile, however short ``faults.trial_timeout_s`` is."""


def run(launch: Launch) -> None:
    """Run or resume a stage of a search.

    Raises:
        Interrupted: Ctrl-C or SIGTERM ended it before its end; it can be resumed.
        OSError: the disk is full, or not there any more.
    """
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    os.environ["TUNE_GLOBAL_CHECKPOINT_S"] = str(_NEVER_S)  # the journal takes the place of Tune's snapshots
    interruption = _Interruption()
    with cluster(launch), keep_workers():
        try:
            _tune(launch, interruption)
        except TuneError as error:
            raise _reason(error) from None
        finally:
            interruption.signals.restore()
    if interruption.signals.number is not None:
        raise Interrupted(interruption.signals.number)


def _tune(launch: Launch, interruption: "_Interruption") -> None:
    config, candidates = launch.config, launch.candidates
    first_trials = [launch.workers, candidates.to_come]
    if (most := config.searcher.most_at_once(config.space())) is not None:
        first_trials.append(most)
    gate = Gate(max(1, min(first_trials)))
    resources: dict[str, float] = {"cpu": config.resources.cpus_per_trial}
    if launch.use_gpu:
        resources["gpu"] = config.resources.gpus_per_trial
    in_flight = config.scheduler.trials_in_flight(len(config.plan.rays_per_iteration), launch.workers)
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(in_flight or config.num_trials)
    trials = CandidateTrials(launch, in_flight, resources)
    folder = launch.folder / CHECKPOINTS_FOLDER
    callbacks = [*launch.callbacks, CheckpointEveryResult(folder), StopWithoutJournal(candidates)]
    callbacks += [] if config.scheduler.copies_trials else [ForgetEndedTrials()]
    timeout_s = config.faults.trial_timeout_s
    callbacks += [] if timeout_s is None else [Watchdog(trials.trials, timeout_s)]
    with suppress(FileNotFoundError):
        for state in folder.glob("*.*"):
            state.unlink()  # of Tune's earlier sessions; never read
    tune.run(
        launch.trainable(on_loaded=gate.arrive, setup_timeout_s=timeout_s and max(timeout_s, LEAST_SETUP_TIMEOUT_S)),
        name=folder.name,
        storage_path=str(folder.parent),
        search_alg=trials,
        scheduler=launch.scheduler,
        stop=_OutOfBudget.of(launch),
        reuse_actors=True,
        callbacks=[*callbacks, interruption, _Silent()],
        raise_on_failed_trial=False,
        verbose=0,
    )
    if candidates.finished and not candidates.live:
        trial_checkpoints.clear_all(folder, candidates.trial_ids)


class _Silent(TrialProgressCallback):
    """In place of Tune's own, which tells of trials that are ended while they pause, whatever ``verbose`` says."""

    def on_trial_result(self, *args: Any, **info: Any) -> None:
        pass

    on_trial_error = on_trial_complete = on_trial_result


def _reason(error: Exception) -> BaseException:
    """What went wrong inside of Tune, which wraps it: a full disk for instance."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError | JournalError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return error


class _OutOfBudget(Stopper):
    """Ends the search once its rays or its time are spent; Tune asks after it has told a result to the callbacks.

    Tune's own limit goes by the wall clock, which may be set back. Tune pickles a stopper into its snapshots, so what
    this one asks belongs to the class.
    """

    spent: ClassVar[Callable[[], bool]]

    @classmethod
    def of(cls, launch: Launch) -> "_OutOfBudget":
        """The one of this session, whose time begins now."""
        end_s = time.monotonic() + (math.inf if launch.time_s is None else launch.time_s)
        cls.spent = staticmethod(lambda: launch.out_of_rays() or time.monotonic() > end_s)
        return cls()

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return type(self).spent()


class _Interruption(Callback):
    """Ends the search gently at Ctrl-C and SIGTERM.

    Tune installs its own handler for SIGINT just before ``setup`` is called: it finishes the current event and
    returns. This one goes on top while Tune runs.
    """

    def __init__(self) -> None:
        self.signals = GracefulShutdown(self._end)

    def setup(self, *_: Any, **__: Any) -> None:
        self._tunes_handler = signal.getsignal(signal.SIGINT)
        self.signals.install()

    def _end(self, number: int, frame: FrameType | None) -> None:
        if callable(self._tunes_handler):
            self._tunes_handler(number, frame)
