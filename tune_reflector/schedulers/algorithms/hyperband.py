"""Tune's Hyperband, without its hang.

When a bracket ends while one of its trials is still saving itself in order to pause, Tune overlooks that trial: it is
marked as paused once the save is done, nobody wakes it, and the search never ends. A trial that is paused although its
bracket is finished, or has dropped it, is stopped here for good.
"""

from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import HyperBandScheduler


class HyperBandWithoutStalls(HyperBandScheduler):
    """Hyperband (Li et al. 2018) that ends the trials which it has dropped."""

    def on_trial_error(self, tune_controller: Any, trial: Trial) -> None:
        # Its worker may have died in the middle of a pause, of which the next trial of its name must not know.
        tune_controller._cached_trial_decisions.pop(trial.trial_id, None)
        super().on_trial_error(tune_controller, trial)

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        for trial, (bracket, _) in self._trial_info.items():
            dropped = bracket.finished() or trial not in bracket.current_trials()
            if dropped and trial.status == Trial.PAUSED:
                tune_controller.stop_trial(trial)
        return super().choose_trial_to_run(tune_controller)
