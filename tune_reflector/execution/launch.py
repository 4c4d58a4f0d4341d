"""What the two ways of running a search have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables.settings import GradientSettings, PlacementSettings
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.schedulers.settings import PopulationSettings

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.schedulers import TrialScheduler

    from trainables.scene_trainable import SceneTrainable
    from tune_reflector.execution.candidates import Candidates


def trainable_class(
    config: SearchConfig, on_loaded: Callable[[], None] = lambda: None, setup_timeout_s: float | None = None
) -> "type[SceneTrainable]":
    """The configured trainable.

    Args:
        config: of the search.
        on_loaded: called in a worker once its scene is loaded.
        setup_timeout_s: how long a worker may take for that; None: as long as it likes.
    """
    population = config.scheduler if isinstance(config.scheduler, PopulationSettings) else None
    shared: dict[str, Any] = {"on_loaded": on_loaded, "setup_timeout_s": setup_timeout_s}
    match config.trainable:
        case PlacementSettings():
            from trainables.placement import PlacementTrainable

            iterations = config.copy_interval * population.generations if population else None
            return PlacementTrainable.for_problem(config.problem(), iterations=iterations, **shared)
        case GradientSettings():
            from trainables.gradient import GradientTrainable

            jitter = population.jitter if population else 0.0
            return GradientTrainable.for_problem(config.problem(), ascent=config.trainable, jitter=jitter, **shared)


@dataclass(frozen=True)
class Launch:
    """One stage of a search, ready to run.

    ``folder`` is where checkpoints and errors go, ``time_s`` what is left of the time budget (None: no limit), and
    ``out_of_rays``, asked after every result, whether the rays of all sessions have reached the budget of rays.
    ``say`` tells people what happens, ``warn`` what they should not miss.
    """

    config: SearchConfig
    candidates: "Candidates"
    scheduler: "TrialScheduler"
    callbacks: Sequence["Callback"]
    workers: int
    use_gpu: bool
    folder: Path
    time_s: float | None = None
    out_of_rays: Callable[[], bool] = lambda: False
    say: Callable[[str], None] = print
    warn: Callable[[str], None] = print
