"""Synchronous successive halving in brackets. After an interruption it fills new ones."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trainables.trial_plan import TrialPlan
from tune_reflector.schedulers.settings import SchedulerSettings
from tune_reflector.searchers.settings import SearcherSettings

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


@SchedulerSettings.register
class HyperbandSettings(SchedulerSettings):
    """Synchronous successive halving in brackets (Li et al. 2018); trials pause until their bracket is full."""

    pauses_trials: ClassVar[bool] = True

    kind: Literal["hyperband"] = "hyperband"
    reduction_factor: float = Field(
        2.0, ge=1.1, le=100, description="one in this many trials goes on; at most the number of rungs"
    )

    def check(self, plan: TrialPlan, searcher: SearcherSettings) -> None:
        """A bracket halves at least once."""
        super().check(plan, searcher)
        iterations = len(plan.rays_per_iteration)
        if self.reduction_factor > iterations:
            raise ValueError(
                f"scheduler.reduction_factor must be at most {iterations}, the iterations of a trial, for hyperband to "
                f"stop any, but got {self.reduction_factor:g}; lower it or {plan.trainable.more_iterations}"
            )

    def kept_shares(self, rays_per_iteration: Sequence[int]) -> tuple[float, ...]:
        """Those of the bracket that halves most: at iterations 1, n, n^2, ... the best 1/n go on."""
        shares, milestone = [], 1.0
        for iteration in range(1, len(rays_per_iteration)):
            judged = iteration >= milestone
            shares.append(1 / self.reduction_factor if judged else 1.0)
            milestone *= self.reduction_factor if judged else 1.0
        return tuple(shares)

    def trials_in_flight(self, iterations: int, workers: int) -> int:
        """At least a full bracket: a paused trial counts as begun, so with fewer none would ever fill."""
        halvings: float = math.log(iterations, self.reduction_factor)
        bracket: float = (halvings + 1) * self.reduction_factor**halvings
        return max(workers, math.ceil(bracket))

    def build(self, plan: TrialPlan) -> "TrialScheduler":
        from tune_reflector.schedulers.algorithms.hyperband import HyperBandWithoutStalls

        return HyperBandWithoutStalls(
            time_attr="training_iteration",
            max_t=len(plan.rays_per_iteration),
            reduction_factor=self.reduction_factor,
        )
