"""Settings of the gradient trial: it climbs from a start placement, one step an iteration."""

from collections.abc import Callable
from typing import ClassVar, Literal

from pydantic import Field

from search_spaces.genes import Genes, SearchSpace
from search_spaces.hyperparameters import AscentHyperparameters, TrialSpace
from search_spaces.placement import PlacementSpace
from trainables.fidelity import MAX_RUNGS
from trainables.problem import PlacementProblem
from trainables.settings.base import Rungs, TrainableSettings
from trainables.settings.placement import PlacementSettings

PATH_RAY_TIME = 15.0
"""How much longer a ray takes that looks for paths and their slopes than one of the radio map; measured, roughly."""

COPY_INTERVAL = 4
"""Steps between two copies in a population."""


class AscentSettings(AscentHyperparameters):
    """Gradient ascent, one step an iteration."""

    steps: int = Field(30, ge=1, le=100_000, description="ascent steps, one an iteration")
    rung: int | None = Field(
        None,
        ge=1,
        le=MAX_RUNGS,
        description="rung of fidelity.rungs at which every step is scored, the first being 1; null: the last",
    )
    points: int = Field(
        12, ge=1, le=200, description="receiver cells around the quantile, felt by the gradient; 100 take 1 GB"
    )
    path_rays_per_ap: int = Field(
        10_000,
        ge=100,
        le=1_000_000,
        description="rays per access point with which a step looks for paths to them; fewer miss the reflector",
    )

    def check_rung(self, field: str, num_rungs: int) -> None:
        """Raise ``ValueError`` unless ``rung`` is one of them; ``field`` is the section that holds these settings."""
        if self.rung is not None and self.rung > num_rungs:
            raise ValueError(
                f"{field}.rung must be at most {num_rungs}, the number of fidelity.rungs, but got {self.rung}; lower "
                "it or add rungs"
            )

    def check_objective(self, field: str, problem: PlacementProblem) -> None:
        """Raise ``ValueError`` where the objective asks for more than power; ``field`` holds these settings."""
        why = problem.objective.misled(problem.access_points.total)
        if problem.carriers.further:
            why = "there are several carriers"
        if why is not None:
            raise ValueError(
                f"{field}.kind must not be 'gradient', which climbs to more power, with objective.kind "
                f"{problem.objective.kind!r}, but {why}; choose another kind"
            )


@TrainableSettings.register
class GradientSettings(AscentSettings, TrainableSettings):
    """Gradient ascent from a start placement."""

    implementation: ClassVar[str | None] = "trainables.gradient:GradientTrainable"
    moves_placement: ClassVar[bool] = True
    more_iterations: ClassVar[str] = "raise trainable.steps"
    name_part: ClassVar[str | None] = "gradient"

    kind: Literal["gradient"] = "gradient"
    start: dict[str, float] | None = Field(
        None, description="genes of the start, by name; null: each trial's comes from the searcher"
    )

    def check(self, problem: PlacementProblem) -> None:
        """The rung is one of the fidelity's, and the start can be built."""
        self.check_rung("trainable", len(problem.rungs))
        self.check_objective("trainable", problem)
        if self.start is not None:
            problem.site().space.check_start(self.start, "trainable.start")

    def space(self, placement: PlacementSpace) -> SearchSpace:
        """Starts, unless one is given, and hyperparameters."""
        return TrialSpace(None if self.start else placement, self.searched())

    def adapted(self, adapt: Callable[[Genes], dict[str, float] | None]) -> TrainableSettings:
        """The same ascent from the start as it is there."""
        return self if self.start is None else self.model_copy(update={"start": adapt(self.start)})

    def refining(self) -> TrainableSettings:
        """Fixed placements: an ascent would leave its neighbourhood. Their scores mean the same."""
        return PlacementSettings()

    def scored_rungs(self, rungs: Rungs) -> Rungs:
        """The rungs up to ``rung``: their maps are merged."""
        return rungs[: self.rung or len(rungs)]

    def rays_per_ap(self, rungs: Rungs) -> tuple[int, ...]:
        """Rays of paths and of the score, step by step; the reflector's slope takes none."""
        score = sum(self.scored_rungs(rungs))
        step = self.path_rays_per_ap + score
        return tuple(score + step * number for number in range(1, self.steps + 1))

    def time_per_ray(self, rungs: Rungs) -> float:
        """Rays that look for paths take ``PATH_RAY_TIME`` times as long."""
        of_paths = self.steps * self.path_rays_per_ap / self.rays_per_ap(rungs)[-1]
        return 1.0 + of_paths * (PATH_RAY_TIME - 1.0)

    def copy_interval(self, rungs: Rungs) -> int:
        """A few steps, in which a trial can show what it is worth."""
        return COPY_INTERVAL

    def describe(self, rungs: Rungs) -> str:
        rays = self.rays_per_ap(rungs)[-1]
        return f"gradient ascent, {self.steps} steps, {rays:,} rays per AP in all"
