"""Settings of the placement trial: one fixed placement, one rung an iteration."""

from itertools import accumulate
from typing import ClassVar, Literal

from trainables.settings.base import Rungs, TrainableSettings


@TrainableSettings.register
class PlacementSettings(TrainableSettings):
    """One fixed placement, one rung an iteration."""

    implementation: ClassVar[str | None] = "trainables.placement:PlacementTrainable"

    kind: Literal["placement"] = "placement"

    def rays_per_ap(self, rungs: Rungs) -> tuple[int, ...]:
        return tuple(accumulate(rungs))

    def describe(self, rungs: Rungs) -> str:
        return "one placement, rays per AP at each rung " + ", ".join(f"{rays:,}" for rays in rungs)
