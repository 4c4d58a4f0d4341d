"""From coarse to fine: a second stage that starts from the best distinct placements of the first.

It is part of the same run: the same table, the same winner. Either the bounds are tightened around each of them and
a searcher goes on there, or each of them climbs along its gradient.
"""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from search_records.rows import Row, ranked
from search_spaces.model import Model
from search_spaces.neighbourhood import distance
from search_spaces.placement import PlacementSpace
from trainables.settings import AscentSettings
from tune_reflector.searchers.settings import (
    CmaesSettings,
    GaSettings,
    HyperOptSettings,
    OptunaSettings,
    RandomSettings,
)


class _Refinement(Model):
    """What both kinds share."""

    candidates: int = Field(3, ge=1, le=1000, description="best placements of the first stage that are refined")
    distance: float = Field(
        0.05,
        ge=0,
        le=1,
        description="least distance between two of them: root mean square over the genes, as shares of their ranges",
    )


class BoundsRefinement(_Refinement):
    """Search again, within bounds tightened around each of the best placements."""

    kind: Literal["bounds"] = "bounds"
    trials: int = Field(150, ge=1, le=10_000_000, description="candidates to try, shared evenly by the neighbourhoods")
    margin: float = Field(0.1, gt=0, le=1, description="how far a gene may go to either side, as a share of its range")
    searcher: Annotated[
        RandomSettings | CmaesSettings | GaSettings | OptunaSettings | HyperOptSettings, Field(discriminator="kind")
    ] = Field(CmaesSettings(startup_trials=10, initial_step=0.2), description="what proposes candidates there")


class GradientRefinement(_Refinement, AscentSettings):
    """Climb from each of the best placements along its gradient."""

    kind: Literal["gradient"] = "gradient"

    @model_validator(mode="after")
    def _nothing_to_search(self) -> Self:
        for gene in self.searched():
            raise ValueError(f"{gene.name} must be a number here, but got a range; only trainable's can be searched")
        return self


Refinement = Annotated[BoundsRefinement | GradientRefinement, Field(discriminator="kind")]


def distinct_starts(
    rows: Iterable[Row], space: PlacementSpace, settings: BoundsRefinement | GradientRefinement
) -> list[dict[str, float]]:
    """Genes of the best placements of the first stage that are far enough apart, best first."""
    names = [gene.name for gene in space.genes]
    starts: list[dict[str, float]] = []
    for row in ranked(rows, names):
        genes = {name: row.values[name] for name in names}
        if all(distance(space, genes, start) >= settings.distance for start in starts):
            starts.append(genes)
        if len(starts) == settings.candidates:
            break
    return starts
