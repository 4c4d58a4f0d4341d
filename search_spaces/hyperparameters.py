"""Hyperparameters that can be searched beside the placement: the settings of a gradient ascent.

Each setting is a number, or a range; a range becomes a gene of its own, next to those of the start placement or, where
the start is given, alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Discriminator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Tag, model_validator
from pydantic_core import CoreSchema, core_schema

from search_spaces.genes import Gene, Genes
from search_spaces.model import Model
from search_spaces.placement import PlacementSpace


class Range(Model):
    """A setting that the search chooses."""

    low: float = Field(description="smallest value")
    high: float = Field(description="largest value")
    log: bool = Field(False, description="whether equal factors count the same, as for a learning rate")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be < high={self.high:g}, but got {self.low:g}; swap them")
        if self.log and self.low <= 0:
            raise ValueError(f"low must be > 0 with log: true, but got {self.low:g}; raise it or drop log")
        return self


NUMBER, RANGE = TAGS = ("number", "range")
"""What pydantic calls the two forms of a setting in its errors."""

Hyperparameter = Annotated[
    Annotated[float, Tag(NUMBER)] | Annotated[Range, Tag(RANGE)],
    Discriminator(lambda value: RANGE if isinstance(value, Mapping | Range) else NUMBER),
]


@dataclass(frozen=True)
class RangeBounds:
    """A number, or both ends of a range, must be > ``low`` (or ``low`` itself, with ``low_itself``) and <= ``high``."""

    low: float
    high: float
    low_itself: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The bounds, for whoever reads the model: the configuration reference."""
        return {**handler(schema), "minimum" if self.low_itself else "exclusiveMinimum": self.low, "maximum": self.high}

    def _check(self, value: Hyperparameter) -> Hyperparameter:
        for number in (value.low, value.high) if isinstance(value, Range) else (value,):
            if not (self.low < number <= self.high or (self.low_itself and number == self.low)):
                bracket = "[" if self.low_itself else "("
                raise ValueError(
                    f"must lie in {bracket}{self.low:g}, {self.high:g}], but got {number:g}; move it there"
                )
        return value


class AscentHyperparameters(Model):
    """How a gradient trial climbs; every one may be a number or a range {low, high, log}."""

    learning_rate: Annotated[Hyperparameter, RangeBounds(0, 1)] = Field(
        0.04, description="step of the access points' genes, as a share of their ranges"
    )
    plate_learning_rate: Annotated[Hyperparameter, RangeBounds(0, 1)] = Field(
        0.04, description="step of the reflector's genes, as a share of their ranges"
    )
    temperature_db: Annotated[Hyperparameter, RangeBounds(0, 100)] = Field(
        3.0, description="softness of the minimum over the receiver points [dB]; 0 would be the weakest alone"
    )
    momentum: Annotated[Hyperparameter, RangeBounds(0, 0.999, low_itself=True)] = Field(
        0.8, description="share of the direction that a step keeps from the one before (Adam's beta_1)"
    )

    def values(self, config: Mapping[str, float]) -> dict[str, float]:
        """Values of all hyperparameters by name: from ``config`` where one is searched, as it was given otherwise."""
        return {name: float(config[name] if name in config else getattr(self, name)) for name in self._names()}

    def searched(self) -> tuple[Gene, ...]:
        """A gene for each range."""
        ranges = {name: getattr(self, name) for name in self._names()}
        return tuple(
            Gene(name, value.low, value.high, "hyperparameter", value.log)
            for name, value in ranges.items()
            if isinstance(value, Range)
        )

    @staticmethod
    def _names() -> tuple[str, ...]:
        return tuple(AscentHyperparameters.model_fields)


@dataclass(frozen=True)
class TrialSpace:
    """Start placements together with hyperparameters, or hyperparameters alone.

    Args:
        placement: where starts come from; None if the start is given.
        hyperparameters: a gene for each one that is searched.
    """

    placement: PlacementSpace | None
    hyperparameters: tuple[Gene, ...]

    @property
    def genes(self) -> tuple[Gene, ...]:
        """The placement's genes, then the hyperparameters'."""
        return (*(self.placement.genes if self.placement else ()), *self.hyperparameters)

    @property
    def starts(self) -> list[dict[str, float]]:
        """The placements', with each hyperparameter in the middle of its range; none where nothing is known."""
        middle = {gene.name: gene.denormalize(0.5) for gene in self.hyperparameters}
        return [start | middle for start in self.placement.starts] if self.placement else []

    def violation(self, genes: Genes) -> float:
        """By how much the start cannot be built."""
        return self.placement.violation(genes) if self.placement else 0.0

    def blamed(self, genes: Genes) -> tuple[str, ...]:
        """Names of genes of which one must change before the start can be built."""
        return self.placement.blamed(genes) if self.placement else ()

    def sample(self, rng: np.random.Generator) -> dict[str, float]:
        """A feasible start and hyperparameters, uniform in what counts the same."""
        drawn = self.placement.sample(rng) if self.placement else {}
        return drawn | {gene.name: gene.denormalize(rng.uniform()) for gene in self.hyperparameters}

    def repaired(self, genes: Genes, rng: np.random.Generator) -> dict[str, float]:
        """A start near the given one that can be built, with the same hyperparameters."""
        mended = self.placement.repaired(genes, rng) if self.placement else {}
        return mended | {gene.name: float(genes[gene.name]) for gene in self.hyperparameters}
