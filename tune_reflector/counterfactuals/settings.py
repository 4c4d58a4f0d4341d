"""Settings of counterfactuals: against what the winner is measured, and what finding that may cost."""

from typing import Literal

from pydantic import Field, field_validator

from search_spaces.model import Model

CounterfactualKind = Literal["best_without_reflector", "one_more_ap", "same_access_points"]


class CounterfactualSettings(Model):
    """What the reflector is worth: the winner against what could be built without one."""

    kinds: tuple[CounterfactualKind, ...] = Field(
        ("best_without_reflector",),
        description="what the winner is measured against, the headline's first: the best placement without a "
        "reflector; the best one with one more access point instead; the winner's access points alone, which were "
        "placed for the reflector, so that this flatters it",
    )
    share: float = Field(
        0.2,
        gt=0,
        le=1,
        description="budget of each that is searched for, as a share of the search's own (rays and time); it "
        "comes on top",
    )

    @field_validator("kinds")
    @classmethod
    def _once_each(cls, kinds: tuple[CounterfactualKind, ...]) -> tuple[CounterfactualKind, ...]:
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"each must be named once, but got {list(kinds)}; drop what stands there twice")
        return kinds
