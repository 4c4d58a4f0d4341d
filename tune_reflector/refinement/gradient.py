"""Refinement along the gradient: each of the best placements climbs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from search_spaces.placement import PlacementSpace
from trainables.settings.base import TrainableSettings
from trainables.settings.gradient import AscentSettings, GradientSettings
from trainables.trial_plan import TrialPlan
from tune_reflector.refinement.settings import RefinementSettings
from tune_reflector.searchers.random import RandomSettings
from tune_reflector.searchers.settings import SearcherSettings

if TYPE_CHECKING:
    from ray.tune.search import Searcher


@RefinementSettings.register
class GradientRefinement(AscentSettings, RefinementSettings):
    """Climb from each of the best placements along its gradient."""

    kind: Literal["gradient"] = "gradient"

    @model_validator(mode="after")
    def _nothing_to_search(self) -> Self:
        for gene in self.searched():
            raise ValueError(f"{gene.name} must be a number here, but got a range; only trainable's can be searched")
        return self

    def check(self, first_stage: TrialPlan) -> None:
        """Refuse a rung below that of the first stage: its scores are to be told; and what power does not serve."""
        self.check_objective("refine", first_stage.problem)
        self.check_rung("refine", len(first_stage.problem.rungs))
        if self.rung is not None and self.rung < first_stage.top_rung:
            raise ValueError(
                f"refine.rung must be at least {first_stage.top_rung}, the rung that scores the first stage, but got "
                f"{self.rung}; raise it or leave it out"
            )

    def stage_trainable(self, first_stage: TrainableSettings) -> TrainableSettings:
        return GradientSettings(**{name: getattr(self, name) for name in AscentSettings.model_fields})

    @property
    def stage_searcher(self) -> SearcherSettings:
        return RandomSettings()

    def num_trials(self, num_starts: int) -> int:
        return num_starts

    def describe(self) -> str:
        return f"the best {self.candidates} climb {self.steps} steps"

    def build(self, space: PlacementSpace, starts: Sequence[Mapping[str, float]], seed: int) -> "Searcher":
        from tune_reflector.searchers.algorithms.starts import StartSearcher

        return StartSearcher(starts)
