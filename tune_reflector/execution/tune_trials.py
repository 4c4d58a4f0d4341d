"""Candidates as Ray Tune's trials.

Tune would keep its own record of every trial and write it all again at each snapshot. Here the journal is the record:
trials have the journal's names, go on from the checkpoint that fits it, and leave nothing behind once they have ended.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune.experiment import Trial
from ray.tune.result import SHOULD_CHECKPOINT
from ray.tune.search import SearchAlgorithm

from trainables.objectives import METRIC
from tune_reflector.execution import trial_checkpoints
from tune_reflector.execution.candidates import Candidate, Candidates
from tune_reflector.execution.failures import Failure, FailureLog
from tune_reflector.execution.launch import Launch

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
        """What Tune's snapshots hold of this trial: nothing, as they are never read."""
        return "{}", "{}"


class CandidateTrials(SearchAlgorithm):
    """Hands candidates to Tune, as trials, no more at a time than there is room for.

    Args:
        launch: the search.
        in_flight: trials that may have begun and not ended; None: no limit.
        resources: of each trial.
        session: number of this session.
        tidy: delete a trial's checkpoints when it ends; others may need them still in a population.
    """

    _metric = METRIC

    def __init__(
        self, launch: Launch, in_flight: int | None, resources: dict[str, float], session: int, tidy: bool
    ) -> None:
        self._launch = launch
        self._candidates = launch.candidates
        self._limit = in_flight
        self._resources = resources
        self._session = session
        self._tidy = tidy
        self._log = FailureLog(launch.folder)
        self._tries: Counter[str] = Counter()
        self._folder = launch.folder / trial_checkpoints.FOLDER
        self.trials: dict[str, CandidateTrial] = {}
        """Those that have not ended."""

    @property
    def total_samples(self) -> int:
        return self._candidates.to_come

    def add_configurations(self, experiments: Any) -> None:
        (experiment,) = experiments
        self._spec = experiment.spec

    def next_trial(self) -> Trial | None:
        if self.is_finished() or (self._limit is not None and len(self.trials) >= self._limit):
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
            trial_dirname_creator=lambda trial: trial_checkpoints.trial_folder(trial.trial_id, self._session),
        )
        trial.log = self._log
        return trial

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """A trial has ended. Its results were taken down before; what is left is how it ended without one."""
        trial = self.trials.pop(trial_id, None)
        if trial is not None and trial_id in self._candidates.live:
            if error:
                assert trial.failure is not None
                self._has_failed(trial, trial.failure)
            else:
                self._candidates.mark_stopped(trial_id)
        if self._tidy and trial is not None:
            trial.release_memory()
        if self._tidy and self._candidates.has_ended(trial_id):
            trial_checkpoints.clear(self._folder, trial_id)
            trial_checkpoints.clear(Path(self._spec["storage"].experiment_driver_staging_path), trial_id)

    def _has_failed(self, trial: CandidateTrial, failure: Failure) -> None:
        """Try the candidate again, from its newest whole checkpoint, or give it up."""
        trial_id = trial.trial_id
        if failure.disk is not None:
            raise failure.disk
        self._log.write(trial_id, failure)
        if failure.out_of_memory and self._limit is not None and self._limit > 1:
            self._limit = max(1, min(self._limit, self._launch.workers) - 1)
            self._candidates.requeue(trial_id)
            self._launch.warn(
                f"{failure.cause}; going on with {self._limit} trials at a time: lower budget.max_concurrent"
                + (" or raise resources.gpus_per_trial" if self._launch.use_gpu else "")
            )
            return
        tries = 1 if failure.hang else self._launch.config.faults.max_failures
        alone = failure.out_of_memory and self._limit == 1
        if self._tries[trial_id] < tries and not alone and not failure.repeatable:
            self._tries[trial_id] += 1
            self._candidates.requeue(trial_id)
            return
        cause = failure.cause
        if alone:
            cause += "; even alone: lower fidelity.rungs, or the number of receiver cells"
        self._candidates.fail(trial_id, cause)

    def is_finished(self) -> bool:
        return self._finished or self._candidates.finished


class Housekeeping(tune.Callback):
    """Keeps a long search as quick as a short one, and its trials safe.

    Args:
        candidates: of the search.
        forgets: drop ended trials from Tune's list, all of which its schedulers go through at every step.
    """

    def __init__(self, candidates: Candidates, forgets: bool) -> None:
        self._candidates = candidates
        self._forgets = forgets

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **_: Any) -> None:
        result[SHOULD_CHECKPOINT] = not result.get("done", False) and not trial.is_saving

    def on_step_end(self, iteration: int, trials: list[Trial], **_: Any) -> None:
        if self._candidates.error is not None:  # Tune passes over some of a searcher's errors
            raise self._candidates.error
        if self._forgets and len(trials) > _REMEMBERED:
            trials[:] = [trial for trial in trials[:-1] if not trial.is_finished()] + trials[-1:]
