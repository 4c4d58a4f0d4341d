"""Asynchronous successive halving. Its clock is ``rays_per_ap``, the resource that iterations really spend."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from search_records.events import Event
from trainables.trial_plan import TrialPlan
from tune_reflector.schedulers.replay import replay
from tune_reflector.schedulers.settings import SchedulerSettings

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


@SchedulerSettings.register
class AshaSettings(SchedulerSettings):
    """Asynchronous successive halving (Li et al. 2020): at each milestone the best 1/n go on."""

    kind: Literal["asha"] = "asha"
    reduction_factor: float = Field(
        3.0,
        ge=1.1,
        le=1000,
        description="one in this many trials goes on; a milestone each time the rays have grown so much",
    )

    def mean_rays_per_ap(self, plan: TrialPlan) -> float:
        """One in ``reduction_factor`` trials goes on past each milestone."""
        total, share, before, milestone = 0.0, 1.0, 0, 0.0
        for rays in plan.rays_per_iteration:
            total += share * (rays - before)
            before = rays
            if rays >= milestone:
                share /= self.reduction_factor
                milestone = rays * self.reduction_factor
        return total

    def replay(self, scheduler: "TrialScheduler", events: Iterable[Event]) -> None:
        """Tell it all results of earlier sessions: it judges by them, too."""
        replay(scheduler, events, scheduler.metric)

    def build(self, plan: TrialPlan) -> "TrialScheduler":
        from ray.tune.schedulers import AsyncHyperBandScheduler

        return AsyncHyperBandScheduler(
            time_attr="rays_per_ap",
            grace_period=plan.rays_per_iteration[0],
            max_t=plan.rays_per_iteration[-1] + 1,  # the trial itself ends at its last iteration
            reduction_factor=self.reduction_factor,
        )
