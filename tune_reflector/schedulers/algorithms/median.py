"""Tune's median stopping rule, for trials that go on in a later session or after their worker's death.

Tune's rule knows trials by their objects. One that goes on is another object, whose earlier results would count for
nobody: its own best would be forgotten, and so would its mean, which the others are held against.
"""

from typing import TYPE_CHECKING

from ray.tune.schedulers import MedianStoppingRule

if TYPE_CHECKING:
    from ray.tune.execution.tune_controller import TuneController
    from ray.tune.experiment import Trial


class MedianRule(MedianStoppingRule):
    """Hands the results of a trial on to the object that goes on with it."""

    def on_trial_add(self, tune_controller: "TuneController", trial: "Trial") -> None:
        """Take over what was reported under the same name."""
        super().on_trial_add(tune_controller, trial)
        for past in [known for known in self._results if known.trial_id == trial.trial_id]:
            self._results[trial] = self._results.pop(past)
