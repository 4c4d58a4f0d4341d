"""The plan of a trial: a problem and a trainable together, as schedulers and searchers ask about them."""

from dataclasses import dataclass
from functools import cached_property

from search_records.result import ResultColumns
from search_spaces.genes import SearchSpace
from search_spaces.placement import PlacementSpace
from trainables.problem import PlacementProblem
from trainables.settings.base import Rungs, TrainableSettings
from trainables.variants.base import Worlds


@dataclass(frozen=True)
class TrialPlan:
    """The plan of every trial: what is known of it before it has begun.

    Args:
        problem: what is scored.
        trainable: what a trial does.
        worlds: by whose worst it is scored; None: by the model's own.
    """

    problem: PlacementProblem
    trainable: TrainableSettings
    worlds: Worlds | None = None

    @cached_property
    def placement_space(self) -> PlacementSpace:
        """The space of placements."""
        return self.problem.site().space

    @cached_property
    def space(self) -> SearchSpace:
        """The space that a searcher searches."""
        return self.trainable.space(self.placement_space)

    @cached_property
    def rays_per_iteration(self) -> tuple[int, ...]:
        """Rays per access point that a trial has traced after each of its iterations, if it is left alone."""
        return self.trainable.rays_per_ap(self._rungs)

    @property
    def time_per_ray(self) -> float:
        """Time of an average ray of a trial, over that of one of the radio map."""
        return self.trainable.time_per_ray(self._rungs)

    @property
    def top_rung(self) -> int:
        """The rung whose scores may be told."""
        return len(self.trainable.scored_rungs(self.problem.rungs))

    @property
    def gene_names(self) -> tuple[str, ...]:
        """Names of the genes of placements, and of hyperparameters that are searched."""
        return tuple(dict.fromkeys(gene.name for gene in (*self.placement_space.genes, *self.space.genes)))

    def columns(self, origin: tuple[str, ...] = ()) -> ResultColumns:
        """Columns of the results; ``origin`` is what a searcher tells of its candidates."""
        return ResultColumns(
            self.problem.objective.metric,
            tuple(gene.name for gene in self.placement_space.genes),
            origin,
            steps=self.trainable.moves_placement,
            hyperparameters=tuple(gene.name for gene in self.trainable.searched()),
        )

    def describe(self) -> str:
        """A trial in a few words, for people."""
        trial = self.trainable.describe(self._rungs)
        return f"{trial}; each score {self.worlds.told}" if self.worlds else trial

    @property
    def _rungs(self) -> Rungs:
        """Rays per access point of each rung, in all worlds together."""
        worlds = self.worlds.count if self.worlds else 1
        return tuple(worlds * rays for rays in self.problem.rungs)
