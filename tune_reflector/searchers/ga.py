"""Settings of the genetic algorithm."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from search_spaces.genes import SearchSpace
from search_spaces.model import Model
from tune_reflector.searchers.settings import MAX_TRIALS, SearcherSettings

if TYPE_CHECKING:
    from ray.tune import Callback


class MutationSteps(Model):
    """Standard deviation of a mutation, for each kind of gene a share of that gene's own range."""

    position: float = Field(0.1, gt=0, le=1, description="x, y of an access point")
    direction: float = Field(0.1, gt=0, le=1, description="dir_x, dir_y of an access point")
    pick: float = Field(0.1, gt=0, le=1, description="number of the spot of an access point")
    wall: float = Field(0.1, gt=0, le=1, description="u, v of the reflector on its wall")
    focal: float = Field(0.1, gt=0, le=1, description="x, y of the reflector's focal point")
    hyperparameter: float = Field(0.1, gt=0, le=1, description="searched settings of a gradient trial")


@SearcherSettings.register
class GaSettings(SearcherSettings):
    """A genetic algorithm over the genes: tournaments, blend crossover, Gaussian mutation, elites."""

    implementation: ClassVar[str | None] = "tune_reflector.searchers.algorithms.genetic:GeneticSearcher"
    origin: ClassVar[tuple[str, ...]] = ("individual", "generation", "parent_1", "parent_2")

    kind: Literal["ga"] = "ga"
    mode: Literal["generational", "steady_state"] = Field(
        "generational",
        description="generational: breed from a whole generation; "
        "steady_state: from all but the last `lag` individuals, so that nobody waits",
    )
    population: int = Field(24, ge=2, le=100_000, description="individuals that may become parents; twice the 12 genes")
    tournament: int = Field(3, ge=1, description="individuals of which the best becomes a parent; at most population")
    crossover_probability: float = Field(0.9, ge=0, le=1, description="share of children that have two parents")
    blend_alpha: float = Field(
        0.5,
        ge=0,
        le=10,
        description="how far beyond its parents a child may lie, in their distances; 0.5 keeps the spread (BLX-alpha)",
    )
    mutation_probability: float = Field(0.25, ge=0, le=1, description="share of a child's genes that mutate")
    mutation_steps: MutationSteps = Field(MutationSteps(), description="size of a mutation, by kind of gene")
    elites: int = Field(
        2, ge=0, description="best individuals that pass into the next generation unchanged (generational)"
    )
    lag: int = Field(
        16,
        ge=1,
        le=MAX_TRIALS,
        description="individual k is bred from results 0 to k - lag; at least the number of workers (steady_state)",
    )
    hall_of_fame: int = Field(10, ge=1, le=1000, description="best individuals that are written to hall_of_fame.json")

    @model_validator(mode="after")
    def _fits_the_population(self) -> Self:
        if self.tournament > self.population:
            raise ValueError(
                f"tournament must be at most population={self.population}, but got {self.tournament}; lower it"
            )
        if self.elites >= self.population:
            raise ValueError(f"elites must be fewer than population={self.population}, but got {self.elites}; lower it")
        if self.crossover_probability == 0 and self.mutation_probability == 0:
            raise ValueError(
                "crossover_probability and mutation_probability must not both be 0, or children are copies; raise one"
            )
        return self

    def most_at_once(self, space: SearchSpace) -> int:
        """A generation less its elites, or the lag."""
        return self.population - self.elites if self.mode == "generational" else self.lag

    def warnings(self, space: SearchSpace, workers: int) -> list[str]:
        most = self.most_at_once(space)
        if most >= workers:
            return []
        what = "population less elites" if self.mode == "generational" else "lag"
        return [f"searcher's {what} is {most}, below the {workers} workers, of which some will idle"]

    def callbacks(self, searcher: Any, folder: Path, metric: str, workers: int) -> "list[Callback]":
        """The table of generations and the hall of fame."""
        from callbacks.generations import GenerationsKeeper

        keeper = GenerationsKeeper(
            folder,
            statistics=lambda: searcher.statistics,
            hall_of_fame=lambda: searcher.hall_of_fame,
            names={f"{prefix}score": f"{prefix}{metric}" for prefix in ("", "best_", "mean_")},
            waiting_workers=workers if self.mode == "generational" else 1,
        )
        return [keeper]
