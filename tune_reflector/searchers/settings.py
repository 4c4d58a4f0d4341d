"""Which searcher, and its settings. Free of Ray, so that a config is checked at once."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from search_spaces.model import Model
from search_spaces.placement import SearchSpace


class RandomSettings(Model):
    """Independent, uniform, feasible placements: the baseline that every other kind has to beat."""

    kind: Literal["random"] = "random"


class GridSettings(Model):
    """Every combination of evenly spaced values of the genes, feasible ones only."""

    kind: Literal["grid"] = "grid"
    points_per_gene: int = Field(
        2, ge=1, le=10_000, description="values of each gene not named in `points`; 1: the middle of its bounds"
    )
    points: dict[str, Annotated[int, Field(ge=1, le=10_000)]] = Field(
        {}, description="values of single genes, by name, for instance {refl_u: 9}"
    )

    def points_of(self, name: str) -> int:
        """Number of values of the gene ``name``."""
        return self.points.get(name, self.points_per_gene)

    def size(self, space: SearchSpace) -> int:
        """Number of combinations, infeasible ones included."""
        return math.prod(self.points_of(gene.name) for gene in space.genes)


class OptunaSettings(Model):
    """Optuna's samplers."""

    kind: Literal["optuna"] = "optuna"
    sampler: Literal["tpe", "cmaes", "qmc", "gp"] = Field(
        "tpe",
        description="tpe: tree-structured Parzen estimator; cmaes: covariance matrix adaptation from the middle; "
        "qmc: Sobol points; gp: Gaussian process (needs the extra [gp])",
    )
    startup_trials: int = Field(
        40, ge=1, description="random trials before the model is used; about three a gene (tpe, gp)"
    )
    candidates: int = Field(24, ge=1, description="draws of which the most promising is taken (tpe); Optuna's default")


class CmaesSettings(Model):
    """Covariance matrix adaptation that starts from the best of some random placements, and restarts."""

    kind: Literal["cmaes"] = "cmaes"
    startup_trials: int = Field(40, ge=1, description="random trials before each climb, which starts from the best")
    initial_step: float = Field(
        0.12, gt=0, le=1, description="standard deviation of a climb's first steps, as a share of a gene's range"
    )
    population: int = Field(
        12, ge=4, le=10_000, description="trials between two updates; Hansen's 4 + 3 ln(12 genes), rounded up"
    )
    patience: int = Field(12, ge=1, description="updates without a new best after which the next climb begins")


class HyperOptSettings(Model):
    """HyperOpt's tree-structured Parzen estimator."""

    kind: Literal["hyperopt"] = "hyperopt"
    startup_trials: int = Field(40, ge=1, description="random trials before the model is used")
    gamma: float = Field(0.25, gt=0, lt=1, description="share of trials that count as good; HyperOpt's default")


class MutationSteps(Model):
    """Standard deviation of a mutation, for each kind of gene a share of that gene's own range."""

    position: float = Field(0.1, gt=0, le=1, description="x, y of an access point")
    direction: float = Field(0.1, gt=0, le=1, description="dir_x, dir_y of an access point")
    wall: float = Field(0.1, gt=0, le=1, description="u, v of the reflector on its wall")
    focal: float = Field(0.1, gt=0, le=1, description="x, y of the reflector's focal point")
    hyperparameter: float = Field(0.1, gt=0, le=1, description="searched settings of a gradient trial")


class GaSettings(Model):
    """A genetic algorithm over the genes: tournaments, blend crossover, Gaussian mutation, elites."""

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
        description="individual k is bred from results 0 to k - lag; at least the number of workers (steady_state)",
    )
    hall_of_fame: int = Field(10, ge=1, le=1000, description="best individuals that are written to hall_of_fame.json")

    @property
    def most_at_once(self) -> int:
        """Trials that can run side by side before one of them has ended."""
        return self.population - self.elites if self.mode == "generational" else self.lag

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


SearcherSettings = Annotated[
    RandomSettings | GridSettings | CmaesSettings | GaSettings | OptunaSettings | HyperOptSettings,
    Field(discriminator="kind"),
]
