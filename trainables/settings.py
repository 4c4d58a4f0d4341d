"""What one trial does, and what it costs. Free of Ray and Sionna, so that a config is checked at once."""

from itertools import accumulate
from typing import Annotated, Literal

from pydantic import Field

from search_spaces.hyperparameters import AscentHyperparameters
from search_spaces.model import Model

COPY = "copy"
"""Key of a trial's configuration that population-based training gives to a copy: a number of its own."""


PATH_RAY_TIME = 15.0
"""How much longer a ray takes that looks for paths and their slopes than one of the radio map; measured, roughly."""


class PlacementSettings(Model):
    """One fixed placement, one rung an iteration."""

    kind: Literal["placement"] = "placement"

    def rays_per_ap(self, rungs: tuple[int, ...], has_reflector: bool) -> tuple[int, ...]:
        """Rays per access point that a trial has traced after each of its iterations."""
        return tuple(accumulate(rungs))

    def time_per_ray(self, rungs: tuple[int, ...], has_reflector: bool) -> float:
        """How long an average ray of a trial takes, over one of the radio map."""
        return 1.0


class AscentSettings(AscentHyperparameters):
    """Gradient ascent, one step an iteration."""

    steps: int = Field(30, ge=1, le=100_000, description="ascent steps, one an iteration")
    rung: int | None = Field(
        None,
        ge=1,
        description="rung of fidelity.rungs at which every step is scored, the first being 1; null: the last",
    )
    points: int = Field(12, ge=1, le=10_000, description="receiver cells around the quantile, felt by the gradient")
    path_rays_per_ap: int = Field(
        10_000,
        ge=100,
        le=10_000_000,
        description="rays per access point with which a step looks for paths to them; fewer miss the reflector",
    )

    def scored_rungs(self, rungs: tuple[int, ...]) -> tuple[int, ...]:
        """The rungs that are traced and merged to score a placement."""
        return rungs[: self.rung or len(rungs)]

    def rays_per_ap(self, rungs: tuple[int, ...], has_reflector: bool) -> tuple[int, ...]:
        """Rays per access point that a trial has traced after each of its iterations."""
        score = sum(self.scored_rungs(rungs))
        step = self.path_rays_per_ap + (2 * rungs[0] if has_reflector else 0) + score
        return tuple(score + step * number for number in range(1, self.steps + 1))

    def time_per_ray(self, rungs: tuple[int, ...], has_reflector: bool) -> float:
        """How long an average ray of a trial takes, over one of the radio map."""
        of_paths = self.steps * self.path_rays_per_ap / self.rays_per_ap(rungs, has_reflector)[-1]
        return 1.0 + of_paths * (PATH_RAY_TIME - 1.0)


class GradientSettings(AscentSettings):
    """Gradient ascent from a start placement."""

    kind: Literal["gradient"] = "gradient"
    start: dict[str, float] | None = Field(
        None, description="genes of the start, by name; null: each trial's comes from the searcher"
    )


TrainableSettings = Annotated[PlacementSettings | GradientSettings, Field(discriminator="kind")]
