"""Which searcher, and its settings. Free of Ray, so that a config is checked at once."""

import math
from typing import Annotated, Literal

from pydantic import Field

from search_spaces.model import Model
from search_spaces.placement import PlacementSpace


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

    def size(self, space: PlacementSpace) -> int:
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


SearcherSettings = Annotated[
    RandomSettings | GridSettings | CmaesSettings | OptunaSettings | HyperOptSettings, Field(discriminator="kind")
]
