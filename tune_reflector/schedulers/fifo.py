"""No scheduler: every trial climbs all rungs."""

from typing import TYPE_CHECKING, Literal

from trainables.trial_plan import TrialPlan
from tune_reflector.schedulers.settings import SchedulerSettings
from tune_reflector.searchers.settings import SearcherSettings

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


@SchedulerSettings.register
class FifoSettings(SchedulerSettings):
    """Every trial climbs all rungs."""

    kind: Literal["fifo"] = "fifo"

    def check(self, plan: TrialPlan, searcher: SearcherSettings) -> None:
        """Accept everything."""

    def build(self, plan: TrialPlan) -> "TrialScheduler":
        from ray.tune.schedulers import FIFOScheduler

        return FIFOScheduler()
