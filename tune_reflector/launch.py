"""What the two ways of running a search have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainables.settings import GradientTrialSettings, PlacementTrialSettings
from tune_reflector.config import SearchConfig
from tune_reflector.schedulers import PopulationSettings

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.schedulers import TrialScheduler
    from ray.tune.search import Searcher

    from trainables.trial import SceneTrial


def trial_class(config: SearchConfig, on_loaded: Callable[[], None] = lambda: None) -> "type[SceneTrial]":
    """The configured trainable; ``on_loaded`` is called in a worker once its scene is loaded."""
    population = config.scheduler if isinstance(config.scheduler, PopulationSettings) else None
    match config.trainable:
        case PlacementTrialSettings():
            from trainables.placement import PlacementTrial

            iterations = config.copy_interval * population.generations if population else None
            return PlacementTrial.for_problem(config.problem(), on_loaded, iterations=iterations)
        case GradientTrialSettings():
            from trainables.gradient import GradientTrial

            jitter = population.jitter if population else 0.0
            return GradientTrial.for_problem(config.problem(), on_loaded, ascent=config.trainable, jitter=jitter)


@dataclass(frozen=True)
class Launch:
    """One search, ready to run.

    ``folder`` is where Tune's own state goes, ``resume`` says whether there was an earlier session, ``ended`` how many
    trials ended in it, ``time_s`` what is left of the time budget (None: no limit), and ``out_of_rays``, asked after
    every result, whether the rays of all sessions have reached the budget of rays.
    """

    config: SearchConfig
    searcher: "Searcher"
    scheduler: "TrialScheduler"
    callbacks: Sequence["Callback"]
    workers: int
    use_gpu: bool
    folder: Path
    time_s: float | None = None
    resume: bool = False
    ended: int = 0
    out_of_rays: Callable[[], bool] = lambda: False
