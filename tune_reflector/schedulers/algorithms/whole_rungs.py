"""Population-based training that compares whole scores only.

Tune does not save its schedulers, so after an interruption the first result of a trial is judged at once, whatever its
rung. A score of a lower rung is biased; here it is never judged.
"""

from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import PopulationBasedTraining, TrialScheduler
from ray.tune.schedulers.pb2 import PB2


class _WholeRungs(PopulationBasedTraining):
    """Judges results whose ``rung`` is the top one; all other arguments are Tune's."""

    def __init__(self, top_rung: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._top_rung = top_rung

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        if result["rung"] < self._top_rung:
            return str(TrialScheduler.CONTINUE)
        return str(super().on_trial_result(tune_controller, trial, result))


class WholeRungsPbt(_WholeRungs):
    """Population-based training."""


class WholeRungsPb2(_WholeRungs, PB2):
    """Population-based bandits."""
