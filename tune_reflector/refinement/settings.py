"""Refinement, from coarse to fine: what every kind of second stage answers.

It starts from the best distinct placements of the first stage, and is part of the same run: the same table, the same
winner.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field

from search_spaces.kinds import Kind
from search_spaces.placement import PlacementSpace
from trainables.settings.base import TrainableSettings
from trainables.trial_plan import TrialPlan
from tune_reflector.searchers.settings import NEIGHBOURHOOD, SearcherSettings

if TYPE_CHECKING:
    from ray.tune.search import Searcher


class RefinementSettings(Kind):
    """A second stage that starts from the best placements of the first."""

    default_kind: ClassVar[str] = "bounds"

    origin: ClassVar[tuple[str, ...]] = (NEIGHBOURHOOD,)
    """What its proposals tell of themselves, beside what ``stage_searcher`` tells."""

    candidates: int = Field(3, ge=1, le=1000, description="best placements of the first stage that are refined")
    distance: float = Field(
        0.05,
        ge=0,
        le=1,
        description="least distance between two of them: root mean square over the genes, as shares of their ranges",
    )

    def check(self, first_stage: TrialPlan) -> None:
        """Raise ``ValueError`` where these settings do not fit the first stage."""

    @abstractmethod
    def stage_trainable(self, first_stage: TrainableSettings) -> TrainableSettings:
        """Settings of the second stage's trials, which refine what those of the first have found."""

    @property
    @abstractmethod
    def stage_searcher(self) -> SearcherSettings:
        """Settings of what proposes its candidates, near each start; how many of them at a time binds the stage."""

    @abstractmethod
    def num_trials(self, num_starts: int) -> int:
        """Trials of a stage that begins from so many starts."""

    def scaled(self, share: float) -> Self:
        """A smaller one: of a share of the candidates."""
        return self.model_copy(update={"candidates": max(1, round(share * self.candidates))})

    @abstractmethod
    def describe(self) -> str:
        """In a few words, for people."""

    @abstractmethod
    def build(self, space: PlacementSpace, starts: Sequence[Mapping[str, float]], seed: int) -> "Searcher":
        """The searcher of the second stage."""
