"""Refinement by tighter bounds: a searcher goes on around each of the best placements."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator

from search_spaces.neighbourhood import Neighbourhood
from search_spaces.placement import PlacementSpace
from trainables.settings.base import TrainableSettings
from tune_reflector.refinement.settings import RefinementSettings
from tune_reflector.searchers.cmaes import CmaesSettings
from tune_reflector.searchers.settings import SearcherSettings

if TYPE_CHECKING:
    from ray.tune.search import Searcher


@RefinementSettings.register
class BoundsRefinement(RefinementSettings):
    """Search again, within bounds tightened around each of the best placements."""

    kind: Literal["bounds"] = "bounds"
    trials: int = Field(150, ge=1, le=10_000_000, description="candidates to try, shared evenly by the neighbourhoods")
    margin: float = Field(0.1, gt=0, le=1, description="how far a gene may go to either side, as a share of its range")
    searcher: SearcherSettings = Field(
        CmaesSettings(startup_trials=10, initial_step=0.2),
        description="what proposes candidates there: any kind but grid",
    )

    @field_validator("searcher")
    @classmethod
    def _can_start(cls, searcher: SearcherSettings) -> SearcherSettings:
        if not searcher.begins_at_start:
            raise ValueError(
                f"kind must be one that begins where it is told to, but {searcher.kind!r} does not; choose another"
            )
        return searcher

    def missing_package(self) -> str | None:
        missing = self.searcher.missing_package()
        return None if missing is None else f"searcher.{missing}"

    def stage_trainable(self, first_stage: TrainableSettings) -> TrainableSettings:
        return first_stage.refining()

    @property
    def stage_searcher(self) -> SearcherSettings:
        return self.searcher

    def num_trials(self, num_starts: int) -> int:
        return self.trials

    def scaled(self, share: float) -> Self:
        return super().scaled(share).model_copy(update={"trials": max(1, round(share * self.trials))})

    def describe(self) -> str:
        return f"{self.trials} more trials around the best {self.candidates} by {self.searcher.kind}"

    def build(self, space: PlacementSpace, starts: Sequence[Mapping[str, float]], seed: int) -> "Searcher":
        from tune_reflector.searchers.algorithms.starts import RoundRobinSearcher

        around = [Neighbourhood(space, start, self.margin) for start in starts]
        return RoundRobinSearcher([self.searcher.build(near, seed + i) for i, near in enumerate(around, start=1)])
