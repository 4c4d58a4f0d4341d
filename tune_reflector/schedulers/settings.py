"""Settings of schedulers: what every kind of them answers. Free of Ray, so that a config is checked at once.

All compare trials at the same iteration only, which costs every trial the same rays.
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from search_records.events import Event
from search_spaces.kinds import Kind
from trainables.settings.base import PopulationLife
from trainables.trial_plan import TrialPlan
from tune_reflector.searchers.settings import SearcherSettings

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


class SchedulerSettings(Kind):
    """What stops a poor trial before it has spent its rays, or turns it into a copy of a good one."""

    default_kind: ClassVar[str] = "fifo"

    pauses_trials: ClassVar[bool] = False
    """Whether trials wait for each other in the middle, which they cannot where one runs after the other."""

    copies_trials: ClassVar[bool] = False
    """Whether a trial may become a copy of another, whose checkpoint must then be there, also after its end."""

    origin: ClassVar[tuple[str, ...]] = ()
    """What it adds to a trial's configuration: numbers that become columns of the table."""

    needs_rungs: ClassVar[bool] = True
    """Whether it judges a trial before its end, for which that must have several iterations."""

    name_part: ClassVar[str | None] = None
    """What the name of a run says of it, after searcher and trainable; None: nothing."""

    def check(self, plan: TrialPlan, searcher: SearcherSettings) -> None:
        """Raise ``ValueError`` where these settings do not fit the trials, or what proposes them."""
        if self.needs_rungs and len(plan.rays_per_iteration) == 1:
            raise ValueError(
                f"scheduler.kind must be fifo for trials of a single iteration, but got {self.kind!r}; "
                f"{plan.trainable.more_iterations} or set scheduler.kind=fifo"
            )

    def scaled(self, share: float) -> Self:
        """For a share of the budget; the same, unless a kind has a budget of its own."""
        return self

    def num_trials(self, budget: int) -> int:
        """Trials of a search whose budget is so many."""
        return budget

    def trials_in_flight(self, iterations: int, workers: int) -> int | None:
        """Most trials, of so many iterations, that may have begun and not ended; None: no limit."""
        return workers

    def mean_rays_per_ap(self, plan: TrialPlan) -> float:
        """Rays per access point that a trial traces on average, as far as that can be known."""
        return plan.rays_per_iteration[-1]

    def kept_shares(self, rays_per_iteration: Sequence[int]) -> tuple[float, ...]:
        """The share of trials that go on after each iteration but the last; 1 where it stops none.

        Args:
            rays_per_iteration: rays per access point that a trial has traced after each iteration.
        """
        return (1.0,) * (len(rays_per_iteration) - 1)

    def population_life(self, plan: TrialPlan) -> PopulationLife | None:
        """The life of trials in a population; None where each is its own."""
        return None

    def replay(self, scheduler: "TrialScheduler", events: Iterable[Event]) -> None:
        """Tell a fresh scheduler what happened in earlier sessions, if it can be told.

        Args:
            scheduler: that was built from these settings.
            events: of the stage, in their order.
        """

    @abstractmethod
    def build(self, plan: TrialPlan) -> "TrialScheduler":
        """A fresh scheduler."""
