"""Settings of trainables: what every kind answers of what a trial does and costs. Free of Ray and Sionna."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from search_spaces.genes import Gene, Genes, SearchSpace
from search_spaces.kinds import Kind
from search_spaces.placement import PlacementSpace
from trainables.problem import PlacementProblem

if TYPE_CHECKING:
    from ray import tune

Rungs = tuple[int, ...]
"""Rays per access point of each rung."""


@dataclass(frozen=True)
class PopulationLife:
    """The life of a trial in a population.

    Args:
        interval: iterations between two copies.
        generations: intervals that a trial lives which does not end by itself.
        jitter: how much the placement of a copy is shaken: standard deviation, as a share of a gene's range.
    """

    interval: int
    generations: int
    jitter: float


class TrainableSettings(Kind):
    """What a trial does with a candidate."""

    default_kind: ClassVar[str] = "placement"

    needs_implementation: ClassVar[bool] = True
    """A ``SceneTrainable``."""

    moves_placement: ClassVar[bool] = False
    """Whether a trial moves its placement itself, and so keeps it in its checkpoint; else its genes say what it is."""

    more_iterations: ClassVar[str] = "add fidelity.rungs"
    """What a user does for a trial to have more iterations."""

    name_part: ClassVar[str | None] = None
    """What the name of a run says of it, after the searcher; None: nothing."""

    def check(self, problem: PlacementProblem) -> None:
        """Raise ``ValueError`` where these settings do not fit the problem."""

    def searched(self) -> tuple[Gene, ...]:
        """Hyperparameters that the search chooses."""
        return ()

    def space(self, placement: PlacementSpace) -> SearchSpace:
        """The space that a searcher searches: placements, unless a kind has more or other genes."""
        return placement

    def adapted(self, adapt: Callable[[Genes], dict[str, float] | None]) -> "TrainableSettings":
        """Settings for another space of placements; ``adapt`` makes genes there of genes here, or None if it cannot."""
        return self

    def refining(self) -> "TrainableSettings":
        """Trials that refine the placements of these within tighter bounds; their scores compare with these."""
        return self

    def scored_rungs(self, rungs: Rungs) -> Rungs:
        """The rungs on which the best score of a trial rests; only such a score may be told."""
        return rungs

    @abstractmethod
    def rays_per_ap(self, rungs: Rungs) -> tuple[int, ...]:
        """Rays per access point that a trial has traced after each of its iterations, if it is left alone."""

    def time_per_ray(self, rungs: Rungs) -> float:
        """Time of an average ray of a trial, over that of one of the radio map."""
        return 1.0

    def copy_interval(self, rungs: Rungs) -> int:
        """Iterations between two copies in a population, where the scheduler's settings give none."""
        return len(rungs)

    def describe(self, rungs: Rungs) -> str:
        """A trial in a few words, for people."""
        rays = self.rays_per_ap(rungs)
        return f"{self.kind}, {len(rays)} iterations, {rays[-1]:,} rays per AP in all"

    def build(
        self, problem: PlacementProblem, population: PopulationLife | None = None, **attributes: Any
    ) -> "type[tune.Trainable]":
        """The trainable for a problem.

        Args:
            problem: what is scored.
            population: how its trials live, if they live in a population.
            attributes: of the class, by name; for ``SceneTrainable.for_problem``.
        """
        implementation = self.resolve_implementation()
        built: type[tune.Trainable] = implementation.for_problem(
            problem, settings=self, population=population, **attributes
        )
        return built
