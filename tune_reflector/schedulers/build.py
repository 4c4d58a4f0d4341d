"""Building a scheduler that is ready to judge: it is told the metric, and what happened before."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from search_records.events import Event
from search_records.result import MODE
from trainables.trial_plan import TrialPlan
from tune_reflector.schedulers.settings import SchedulerSettings

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


def build_scheduler(settings: SchedulerSettings, plan: TrialPlan, events: Iterable[Event] = ()) -> "TrialScheduler":
    """A scheduler of the configured kind.

    Args:
        settings: which, and how strict.
        plan: of the trials that it will judge.
        events: of the stage, in earlier sessions.
    """
    scheduler = settings.build(plan)
    scheduler.set_search_properties(plan.problem.objective.metric, MODE)
    settings.replay(scheduler, events)
    return scheduler
