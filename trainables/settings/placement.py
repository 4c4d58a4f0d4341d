"""Settings of the placement trial: one fixed placement, one rung an iteration."""

from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal

from trainables.problem import PlacementProblem
from trainables.settings.base import PopulationLife, Rungs, TrainableSettings

if TYPE_CHECKING:
    from trainables.scene_trainable import SceneTrainable


@TrainableSettings.register
class PlacementSettings(TrainableSettings):
    """One fixed placement, one rung an iteration."""

    kind: Literal["placement"] = "placement"

    def rays_per_ap(self, rungs: Rungs, has_reflector: bool) -> tuple[int, ...]:
        return tuple(accumulate(rungs))

    def describe(self, rungs: Rungs, has_reflector: bool) -> str:
        return "one placement, rays per AP at each rung " + ", ".join(f"{rays:,}" for rays in rungs)

    def build(
        self, problem: PlacementProblem, population: PopulationLife | None = None, **attributes: Any
    ) -> "type[SceneTrainable]":
        """In a population a trial lives on: it is handed one placement after the other."""
        from trainables.placement import PlacementTrainable

        iterations = population.interval * population.generations if population else None
        return PlacementTrainable.for_problem(problem, settings=self, iterations=iterations, **attributes)
