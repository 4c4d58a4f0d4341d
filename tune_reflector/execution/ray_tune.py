"""Run a search on Ray: every worker owns a scene, Tune hands it one trial after another."""

import logging
import math
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, ClassVar

os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")  # one table, not 5 files a trial
os.environ.setdefault("TUNE_PRINT_ALL_TRIAL_ERRORS", "0")  # they go to errors.txt
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")  # its header ignores verbose=0
os.environ.setdefault("RAY_worker_niceness", "0")  # at Ray's 15, workers starve beside any other program

import ray
from ray import tune
from ray.tune import Callback
from ray.tune.error import TuneError
from ray.tune.stopper import Stopper

from search_records.journal import JournalError
from tune_reflector.errors import ConfigError
from tune_reflector.execution import trial_checkpoints
from tune_reflector.execution.launch import Launch
from tune_reflector.execution.signals import GracefulShutdown, Interrupted
from tune_reflector.execution.tune_trials import (
    CandidateTrials,
    CheckpointEveryResult,
    ForgetEndedTrials,
    StopWithoutJournal,
)
from tune_reflector.execution.watchdog import Watchdog
from tune_reflector.execution.worker_pool import Gate, keep_workers

_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}

_NEVER_S = 10**9

_log = logging.getLogger(__name__)

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
    with local_cluster(launch), keep_workers():
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
    callbacks = [*launch.callbacks, CheckpointEveryResult(), StopWithoutJournal(candidates)]
    callbacks += [] if config.scheduler.copies_trials else [ForgetEndedTrials()]
    timeout_s = config.faults.trial_timeout_s
    callbacks += [] if timeout_s is None else [Watchdog(trials.trials, timeout_s)]
    folder = launch.folder / trial_checkpoints.FOLDER
    with suppress(FileNotFoundError):
        for state in folder.glob("*.*"):
            state.unlink()  # of Tune's earlier sessions; never read
    tune.run(
        launch.trainable(on_loaded=gate.arrive, setup_timeout_s=timeout_s and max(timeout_s, LEAST_SETUP_TIMEOUT_S)),
        name=folder.name,
        storage_path=str(folder.parent),
        search_alg=trials,
        scheduler=launch.scheduler,
        time_budget_s=launch.time_s,
        stop=_OutOfRays.of(launch),
        reuse_actors=True,
        callbacks=[*callbacks, interruption],
        raise_on_failed_trial=False,
        verbose=0,
    )
    if candidates.finished and not candidates.live:
        trial_checkpoints.clear_all(folder, candidates.trial_ids)


def _reason(error: Exception) -> BaseException:
    """What went wrong inside of Tune, which wraps it: a full disk for instance."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError | JournalError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return error


class _OutOfRays(Stopper):
    """Ends the search once its budget of rays is spent; Tune asks after it has told a result to the callbacks.

    Tune pickles it into its snapshots, so what it asks belongs to the class.
    """

    spent: ClassVar[Callable[[], bool]]

    @classmethod
    def of(cls, launch: Launch) -> "_OutOfRays":
        """The one of this session."""
        cls.spent = staticmethod(launch.out_of_rays)
        return cls()

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return type(self).spent()


@contextmanager
def local_cluster(launch: Launch) -> Iterator[None]:
    """A Ray cluster of this machine, for one search; nothing is started if one is connected already."""
    if ray.is_initialized():
        yield
        return
    resources = launch.config.resources
    context = ray.init(
        address="local",
        num_cpus=launch.workers * resources.cpus_per_trial,
        num_gpus=math.ceil(launch.workers * resources.gpus_per_trial) if launch.use_gpu else 0,
        include_dashboard=launch.config.ray.dashboard,
        dashboard_host="127.0.0.1",
        **_QUIET,
    )
    if launch.config.ray.dashboard:
        where = f"http://{context.dashboard_url}"
        _log.info("dashboard %s (it asks for the token that 'ray get-auth-token' prints)", where)
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def existing_cluster(address: str) -> Iterator[dict[str, float]]:
    """Connect to a running cluster; yields its resources.

    Raises:
        ConfigError: there is none at ``address``.
    """
    try:
        if address != "auto":  # Ray itself waits for minutes, and then aborts the process
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), timeout=10).close()
        ray.init(address=address, **_QUIET)
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"ray.address: must be that of a running cluster, but {address!r} is not: {reason}; "
            "start one or set it to null"
        ) from None
    try:
        yield ray.cluster_resources()
    finally:
        ray.shutdown()


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
