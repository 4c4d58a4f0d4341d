"""Candidates as Ray Tune's trials.

Tune would keep its own record of every trial and write it all again at each snapshot. Here the journal is the record:
trials have the journal's names, go on from the checkpoint that fits it, and leave nothing behind once they have ended.
"""

from pathlib import Path
from typing import Any

from ray import tune
from ray.train._internal.storage import _VALIDATE_STORAGE_MARKER_FILENAME
from ray.tune.experiment import Trial
from ray.tune.result import SHOULD_CHECKPOINT
from ray.tune.search import SearchAlgorithm

from tune_reflector.execution import trial_checkpoints
from tune_reflector.execution.candidates import Candidate, Candidates
from tune_reflector.execution.failures import Failure, FailureLog
from tune_reflector.execution.launch import Launch
from tune_reflector.execution.retries import Retries
from tune_reflector.runs.layout import CHECKPOINTS_FOLDER

_REMEMBERED = 100


class CandidateTrial(Trial):
    """A trial that knows why it failed, and of which Tune keeps no statistics."""

    log: FailureLog
    failure: Failure | None = None
    expected: Failure | None = None
    """What the failure will be: whoever ends the worker says why."""

    def handle_error(self, exc: Any = None) -> None:
        """Tune would write files of its own for it, and may do so for a trial whose worker dies after its end."""
        self.failure = self.expected or self.log.read(exc)
        self.temporary_state.saving_to = None  # else Tune would end the next trial of this name after its first save

    def should_recover(self) -> bool:
        """Tune would go on from the last checkpoint, whole or not; ``CandidateTrials`` makes a new trial instead."""
        return False

    def update_last_result(self, result: dict[str, Any]) -> None:
        super().update_last_result(result)
        self.run_metadata.metric_analysis.clear()
        self.run_metadata.metric_n_steps.clear()

    def release_memory(self) -> None:
        """Forget what an ended trial need not know; Tune keeps every trial to the end of the search."""
        kept = self.run_metadata.checkpoint_manager
        self.run_metadata.last_result = {}
        self.run_metadata.checkpoint_manager = type(kept)(checkpoint_config=kept.checkpoint_config)
        self._default_result_or_future = None

    def get_json_state(self) -> tuple[str, str]:
        """Give Tune's snapshots nothing, as they are never read."""
        return "{}", "{}"


class CandidateTrials(SearchAlgorithm):
    """Hands candidates to Tune, as trials, no more at a time than there is room for.

    Args:
        launch: the stage.
        in_flight: trials that may have begun and not ended; None: no limit.
        resources: of each trial.
    """

    def __init__(self, launch: Launch, in_flight: int | None, resources: dict[str, float]) -> None:
        config = launch.config
        self._metric = config.objective.metric
        self._candidates = launch.candidates
        self._resources = resources
        self._session_number = launch.session_number
        self._tidy = not config.scheduler.copies_trials
        self._log = FailureLog(launch.folder)
        self._retries = Retries(
            launch.candidates,
            self._log,
            config.faults.max_failures,
            in_flight,
            launch.workers,
            "lower budget.max_concurrent" + (" or raise resources.gpus_per_trial" if launch.use_gpu else ""),
        )
        self._folder = launch.folder / CHECKPOINTS_FOLDER
        self.trials: dict[str, CandidateTrial] = {}
        """Those that have not ended."""

    @property
    def total_samples(self) -> int:
        return self._candidates.to_come

    def add_configurations(self, experiments: Any) -> None:
        (experiment,) = experiments
        self._spec = experiment.spec

    def next_trial(self) -> Trial | None:
        at_once = self._retries.at_once
        if self.is_finished() or (at_once is not None and len(self.trials) >= at_once):
            return None
        candidate = self._candidates.next()
        if candidate is None:
            return None
        trial = self.trials[candidate.trial_id] = self._trial(candidate)
        return trial

    def _trial(self, candidate: Candidate) -> CandidateTrial:
        start = trial_checkpoints.newest(self._folder, candidate.trial_id, candidate.reported)
        trial = CandidateTrial(
            self._spec["run"],
            config=dict(candidate.config),
            trial_id=candidate.trial_id,
            storage=self._spec["storage"],
            placement_group_factory=self._resources,
            checkpoint_config=tune.CheckpointConfig(
                num_to_keep=trial_checkpoints.KEPT if self._tidy else None, checkpoint_at_end=False
            ),
            restore_path=str(start) if start else None,
            trial_dirname_creator=lambda trial: trial_checkpoints.trial_folder(trial.trial_id, self._session_number),
        )
        trial.log = self._log
        return trial

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """A trial has ended. Its results were taken down before; what is left is how it ended without one."""
        trial = self.trials.pop(trial_id, None)
        if trial is not None and trial_id in self._candidates.live:
            if error:
                assert trial.failure is not None
                self._retries.handle(trial_id, trial.failure)
            else:
                self._candidates.mark_stopped(trial_id)
        if self._tidy and trial is not None:
            trial.release_memory()
        if self._tidy and self._candidates.has_ended(trial_id):
            trial_checkpoints.clear(self._folder, trial_id)
            trial_checkpoints.clear(Path(self._spec["storage"].experiment_driver_staging_path), trial_id)

    def is_finished(self) -> bool:
        return self._finished or self._candidates.finished


class CheckpointEveryResult(tune.Callback):
    """Has a trial saved after each of its results but the last.

    Args:
        folder: of all checkpoints.
    """

    def __init__(self, folder: Path) -> None:
        self._mark = folder / _VALIDATE_STORAGE_MARKER_FILENAME

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **_: Any) -> None:
        result[SHOULD_CHECKPOINT] = not result.get("done", False) and not trial.is_saving
        if not self._mark.exists():  # somebody has deleted the folder; without the mark no worker would save any more
            self._mark.parent.mkdir(exist_ok=True)
            self._mark.touch()


class StopWithoutJournal(tune.Callback):
    """Ends the search once its journal cannot be written: Tune passes over some of a searcher's errors."""

    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates

    def on_step_end(self, iteration: int, trials: Any, **_: Any) -> None:
        if self._candidates.error is not None:
            raise self._candidates.error


class ForgetEndedTrials(tune.Callback):
    """Drops ended trials from Tune's list, all of which its schedulers go through at every step."""

    def on_step_end(self, iteration: int, trials: list[Trial], **_: Any) -> None:
        if len(trials) > _REMEMBERED:
            trials[:] = [trial for trial in trials[:-1] if not trial.is_finished()] + trials[-1:]
