"""Asynchronous successive halving. Its clock is ``rays_per_ap``, the resource that iterations really spend."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from operator import mul
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
        rays = plan.rays_per_iteration
        begun = accumulate(self.kept_shares(rays), mul, initial=1.0)
        return sum(share * (after - before) for share, (before, after) in zip(begun, pairwise((0, *rays)), strict=True))

    def kept_shares(self, rays_per_iteration: Sequence[int]) -> tuple[float, ...]:
        """One in ``reduction_factor`` at each milestone."""
        shares, milestone = [], 0.0
        for rays in rays_per_iteration[:-1]:
            judged = rays >= milestone
            shares.append(1 / self.reduction_factor if judged else 1.0)
            milestone = rays * self.reduction_factor if judged else milestone
        return tuple(shares)

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
