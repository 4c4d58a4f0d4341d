"""Fidelity: how many rays each iteration of a trial traces, coarse to fine."""

from abc import abstractmethod
from itertools import pairwise
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from search_spaces.kinds import Kind

MAX_RUNGS = 20
"""Each has a kernel of its own, which every worker compiles."""


class FidelitySettings(Kind):
    """The rungs of a trial."""

    default_kind: ClassVar[str] = "rungs"

    @abstractmethod
    def rays_per_ap(self) -> tuple[int, ...]:
        """Rays of rung 1, 2, ...; each number is a lattice of its own."""

    def coarse(self) -> "FidelitySettings":
        """The first rung alone, for scores that need few rays; the same where a kind has no such thing."""
        return self

    @model_validator(mode="after")
    def _rising(self) -> Self:
        rungs = self.rays_per_ap()
        if len(rungs) > MAX_RUNGS:
            raise ValueError(f"rungs must be at most {MAX_RUNGS}, but are {len(rungs)}; leave out some")
        if not rungs or rungs[0] < 1 or any(b < 1.05 * a for a, b in pairwise(rungs)):
            raise ValueError(
                f"rungs must be positive and rise by 5 % or more, for their lattices to differ, but got {list(rungs)}; "
                "spread them"
            )
        return self


@FidelitySettings.register
class ListedRungs(FidelitySettings):
    """The rungs, one by one."""

    kind: Literal["rungs"] = "rungs"
    rungs: tuple[int, ...] = Field(
        (30_000, 100_000),
        min_length=1,
        description="rays per access point of iteration 1, 2, ...; coarse to fine",
    )

    def rays_per_ap(self) -> tuple[int, ...]:
        return self.rungs

    def coarse(self) -> FidelitySettings:
        return ListedRungs(rungs=self.rungs[:1])
