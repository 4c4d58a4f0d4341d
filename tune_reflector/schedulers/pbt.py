"""Population-based training: trials live side by side, and the poor become shaken copies of the good.

After an interruption the population is ranked anew.
"""

import warnings
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field

from search_records.result import COPY
from search_spaces.genes import Gene
from trainables.settings.base import PopulationLife
from trainables.trial_plan import TrialPlan
from tune_reflector.schedulers.settings import SchedulerSettings
from tune_reflector.searchers.settings import SearcherSettings

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


class PopulationSettings(SchedulerSettings):
    """Settings that both kinds of population-based training share."""

    pauses_trials: ClassVar[bool] = True
    copies_trials: ClassVar[bool] = True
    origin: ClassVar[tuple[str, ...]] = (COPY,)

    population: int = Field(
        16, ge=2, le=10_000, description="trials that live side by side; takes the place of budget.trials"
    )
    interval: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="iterations between copies; null: the rungs of a placement, or 4 steps of an ascent",
    )
    quantile: float = Field(
        0.25, gt=0, le=0.5, description="share of the population that gives itself up for a copy of the best such share"
    )
    jitter: float = Field(
        0.05,
        ge=0,
        le=1,
        description="how much the placement of a copy is shaken: standard deviation, as a share of a gene's range",
    )
    generations: int = Field(
        20, ge=2, le=100_000, description="intervals that a trial lives (trainable placement; an ascent has its steps)"
    )

    @abstractmethod
    def mutable(self, plan: TrialPlan) -> tuple[Gene, ...]:
        """Genes that Tune changes by its own rule, before a placement is shaken."""

    def check(self, plan: TrialPlan, searcher: SearcherSettings) -> None:
        """Refuse a searcher that learns, copies that cannot differ, and intervals without an iteration to copy."""
        if searcher.learns or searcher.needs_genes:
            raise ValueError(
                f"searcher.kind must be random with scheduler.kind={self.kind}, but got {searcher.kind!r}; {self.kind} "
                "moves its candidates itself, and a searcher would learn from placements that it did not choose"
            )
        moves = plan.trainable.moves_placement
        if self.jitter == 0 and (not moves or not self.mutable(plan)):
            what = "hyperparameter or placement" if moves else "placement"
            raise ValueError(
                f"scheduler.jitter must be > 0 where {self.kind} has no other {what} to change, but got 0; raise it, "
                "or give a hyperparameter of a gradient trial a range {low, high}"
            )
        interval, iterations = self._interval(plan), len(plan.rays_per_iteration)
        if not moves and interval < iterations:
            raise ValueError(
                f"scheduler.interval must be at least {iterations}, the number of rungs, but got {interval}; change it"
            )
        if moves and interval >= iterations:
            raise ValueError(
                f"scheduler.interval must be below {iterations}, trainable.steps, but got {interval}; change it"
            )

    def _interval(self, plan: TrialPlan) -> int:
        return self.interval or plan.trainable.copy_interval(plan.problem.rungs)

    def scaled(self, share: float) -> Self:
        """A smaller population."""
        return self.model_copy(update={"population": max(2, round(share * self.population))})

    def num_trials(self, budget: int) -> int:
        """The whole population, whatever the budget."""
        return self.population

    def trials_in_flight(self, iterations: int, workers: int) -> None:
        """A population lives all at once."""

    def mean_rays_per_ap(self, plan: TrialPlan) -> float:
        """A trial that does not end by itself is handed another placement at each interval, if it is a poor one."""
        rays = super().mean_rays_per_ap(plan)
        return rays if plan.trainable.moves_placement else rays * (1 + self.quantile * (self.generations - 1))

    def population_life(self, plan: TrialPlan) -> PopulationLife:
        return PopulationLife(self._interval(plan), self.generations, self.jitter)

    def _shared(self, plan: TrialPlan) -> dict[str, Any]:
        """Arguments of both of Tune's schedulers."""
        from tune_reflector.schedulers.explore import Explore

        return {
            "top_rung": plan.top_rung,
            "time_attr": "training_iteration",
            "perturbation_interval": self._interval(plan),
            "quantile_fraction": self.quantile,
            "custom_explore_fn": Explore(plan, self.mutable(plan), self.jitter),
            "log_config": False,
        }


@SchedulerSettings.register
class PbtSettings(PopulationSettings):
    """Population-based training (Jaderberg et al. 2017): the poor become shaken copies of the good."""

    name_part: ClassVar[str | None] = "pbt"

    kind: Literal["pbt"] = "pbt"
    resample_probability: float = Field(
        0.25, ge=0, le=1, description="share of hyperparameters that are drawn anew instead of changed by a fifth"
    )

    def mutable(self, plan: TrialPlan) -> tuple[Gene, ...]:
        """Hyperparameters."""
        return plan.trainable.searched()

    def build(self, plan: TrialPlan) -> "TrialScheduler":
        from ray import tune

        from tune_reflector.schedulers.algorithms.whole_rungs import WholeRungsPbt

        domains = {
            gene.name: (tune.loguniform if gene.log else tune.uniform)(gene.low, gene.high)
            for gene in self.mutable(plan)
        }
        return WholeRungsPbt(
            hyperparam_mutations=domains, resample_probability=self.resample_probability, **self._shared(plan)
        )


@SchedulerSettings.register
class Pb2Settings(PopulationSettings):
    """Population-based bandits (Parker-Holder et al. 2020): as pbt, but a Gaussian process chooses the changes."""

    name_part: ClassVar[str | None] = "pb2"

    kind: Literal["pb2"] = "pb2"

    def mutable(self, plan: TrialPlan) -> tuple[Gene, ...]:
        """Hyperparameters; where a trial does not move its placement, the placement's genes."""
        return plan.trainable.searched() if plan.trainable.moves_placement else plan.placement_space.genes

    def check(self, plan: TrialPlan, searcher: SearcherSettings) -> None:
        """There is something to model."""
        super().check(plan, searcher)
        if not self.mutable(plan):
            raise ValueError(
                "scheduler.kind must not be pb2 where no hyperparameter is a range, as it models those; give one of "
                "trainable's a range {low, high} or use pbt"
            )

    def build(self, plan: TrialPlan) -> "TrialScheduler":
        from sklearn.exceptions import ConvergenceWarning

        from tune_reflector.schedulers.algorithms.whole_rungs import WholeRungsPb2

        # With the few points of a small population its fits often end at a bound; nothing to tell a user.
        warnings.simplefilter("ignore", ConvergenceWarning)
        bounds = {gene.name: [gene.low, gene.high] for gene in self.mutable(plan)}
        return WholeRungsPb2(hyperparam_bounds=bounds, **self._shared(plan))
