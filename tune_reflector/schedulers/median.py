"""Stop a trial whose score is below the median of the others."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from search_records.events import Event
from trainables.trial_plan import TrialPlan
from tune_reflector.schedulers.replay import replay
from tune_reflector.schedulers.settings import SchedulerSettings

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


@SchedulerSettings.register
class MedianSettings(SchedulerSettings):
    """Stop a trial whose score is below the median of the others at its rung (Golovin et al. 2017)."""

    kind: Literal["median"] = "median"
    min_trials: int = Field(10, ge=1, le=10_000_000, description="trials at a rung before any is stopped there")

    def kept_shares(self, rays_per_iteration: Sequence[int]) -> tuple[float, ...]:
        """The better half, once there are ``min_trials``."""
        return (0.5,) * (len(rays_per_iteration) - 1)

    def replay(self, scheduler: "TrialScheduler", events: Iterable[Event]) -> None:
        """Tell it all results of earlier sessions: it judges by them, too."""
        replay(scheduler, events, scheduler.metric)

    def build(self, plan: TrialPlan) -> "TrialScheduler":
        from tune_reflector.schedulers.algorithms.median import MedianRule

        return MedianRule(
            time_attr="training_iteration",
            grace_period=1,
            min_samples_required=self.min_trials,
        )
