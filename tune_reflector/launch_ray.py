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
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")  # its header ignores verbose=0
os.environ.setdefault("RAY_worker_niceness", "0")  # at Ray's 15, workers starve beside any other program

import ray
from ray import tune
from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.search import BasicVariantGenerator
from ray.tune.stopper import Stopper

from tune_reflector.config_file import ConfigError
from tune_reflector.launch import Launch, trial_class
from tune_reflector.schedulers import PopulationSettings, trials_in_flight
from tune_reflector.searchers.base import METRIC, MODE, KnownTrial
from tune_reflector.searchers.settings import GaSettings, GridSettings
from tune_reflector.workers import Gate, keep_workers

_TRIAL_PREFIX = "trial-"

_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}


def run(launch: Launch) -> bool:
    """Run or resume a search.

    Returns:
        Whether it ran to its end (False: it was interrupted and can be resumed).
    """
    logging.getLogger("ray").setLevel(logging.ERROR)
    interruption = _Interruption()
    # Tune's snapshot grows with the trials: every second at first, so that a killed driver loses little, then seldom.
    os.environ["TUNE_GLOBAL_CHECKPOINT_S"] = str(min(30, max(1, launch.config.num_trials // 500)))
    with local_cluster(launch), keep_workers():
        try:
            _tune(launch, interruption)
        finally:
            interruption.restore()
    return not interruption.happened


def _tune(launch: Launch, interruption: "_Interruption") -> None:
    config = launch.config
    to_come = config.num_trials - launch.ended
    if isinstance(config.searcher, GridSettings):
        to_come = min(to_come, config.searcher.size(config.space()))
    if isinstance(config.searcher, GaSettings):
        to_come = min(to_come, config.searcher.most_at_once)
    gate = Gate(max(1, min(launch.workers, to_come)))
    resources: dict[str, float] = {"cpu": config.resources.cpus_per_trial}
    if launch.use_gpu:
        resources["gpu"] = config.resources.gpus_per_trial
    folder = launch.folder
    search_alg: Any = launch.searcher
    domains: dict[str, Any] = {}
    if isinstance(config.scheduler, PopulationSettings):  # Tune takes no searcher then: all starts are drawn now
        starts = [launch.searcher.suggest(str(number)) for number in range(config.num_trials)]
        search_alg = BasicVariantGenerator(points_to_evaluate=starts)
        domains = {name: tune.uniform(0.0, 1.0) for name in starts[0]}
    reconciles = launch.resume and hasattr(launch.searcher, "reconcile")
    tune.run(
        trial_class(config, gate.arrive),
        name=folder.name,
        storage_path=str(folder.parent),
        metric=METRIC,
        mode=MODE,
        config=domains,
        search_alg=search_alg,
        scheduler=launch.scheduler,
        num_samples=config.num_trials,
        time_budget_s=launch.time_s,
        stop=_OutOfRays.of(launch),
        max_concurrent_trials=trials_in_flight(config.scheduler, len(config.rays_per_iteration()), launch.workers),
        resources_per_trial=resources,
        reuse_actors=True,
        max_failures=1,
        checkpoint_config=tune.CheckpointConfig(num_to_keep=3, checkpoint_at_end=False),
        callbacks=[*launch.callbacks, *([_Reconciliation(launch.searcher)] if reconciles else []), interruption],
        resume=launch.resume and any(folder.glob("experiment_state-*.json")),
        trial_dirname_creator=_trial_folder,
        raise_on_failed_trial=False,
        verbose=0,
    )
    for trial_folder in folder.glob(_TRIAL_PREFIX + "*"):
        with suppress(OSError):
            trial_folder.rmdir()  # Tune makes one a trial; only one with a checkpoint in it is worth keeping


def _trial_folder(trial: Trial) -> str:
    return f"{_TRIAL_PREFIX}{trial.trial_id}"


class _OutOfRays(Stopper):
    """Ends the search once its budget of rays is spent; Tune asks after it has told a result to the callbacks.

    Tune pickles it into its snapshots, and a resumed search gets that copy: what it asks belongs to the class, so that
    the copy asks this session.
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
    ray.init(
        address="local",
        num_cpus=launch.workers * resources.cpus_per_trial,
        num_gpus=math.ceil(launch.workers * resources.gpus_per_trial) if launch.use_gpu else 0,
        include_dashboard=False,
        **_QUIET,
    )
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


class _Reconciliation(Callback):
    """After an interruption, tells the searcher which trials Tune remembers, before it is asked for the next.

    Tune saves the two one after the other, so a crash may leave them at different moments.
    """

    def __init__(self, searcher: Any) -> None:
        self._searcher = searcher
        self._done = False

    def on_step_begin(self, iteration: int, trials: list[Trial], **_: Any) -> None:
        if self._done:
            return
        self._done = True
        self._searcher.reconcile(
            [KnownTrial(t.trial_id, t.config, t.last_result, t.is_finished(), t.status == Trial.ERROR) for t in trials]
        )


class _Interruption(Callback):
    """Notices that Ctrl-C or SIGTERM ended the search, and makes SIGTERM end it as gently as Ctrl-C.

    Tune installs its own handler for SIGINT just before ``setup`` is called: it finishes the current event, writes
    the last snapshot and returns. This one goes on top while Tune runs; ``restore`` brings back what was before.
    """

    def __init__(self) -> None:
        self.happened = False
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def setup(self, *_: Any, **__: Any) -> None:
        tunes_handler = signal.getsignal(signal.SIGINT)

        def interrupt(number: int, frame: FrameType | None) -> None:
            self.happened = True
            self.restore()  # a second signal stops at once
            if callable(tunes_handler):
                tunes_handler(number, frame)

        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, interrupt)

    def restore(self) -> None:
        """Handle signals as before the search."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
