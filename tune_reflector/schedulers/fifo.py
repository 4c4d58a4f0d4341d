"""No scheduler: every trial climbs all rungs."""

from typing import TYPE_CHECKING, ClassVar, Literal

from trainables.trial_plan import TrialPlan
from tune_reflector.schedulers.settings import SchedulerSettings

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


@SchedulerSettings.register
class FifoSettings(SchedulerSettings):
    """Every trial climbs all rungs."""

    needs_rungs: ClassVar[bool] = False

    kind: Literal["fifo"] = "fifo"

    def build(self, plan: TrialPlan) -> "TrialScheduler":
        from ray.tune.schedulers import FIFOScheduler

        return FIFOScheduler()
