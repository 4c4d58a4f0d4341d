"""What the two ways of running a search have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tune_reflector.config import SearchConfig

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.schedulers import TrialScheduler
    from ray.tune.search import Searcher

    from trainables.trial import SceneTrial


def trial_class(config: SearchConfig, on_loaded: Callable[[], None] = lambda: None) -> "type[SceneTrial]":
    """The configured trainable; ``on_loaded`` is called in a worker once its scene is loaded."""
    from trainables.placement import PlacementTrial

    match config.trainable.kind:
        case "placement":
            return PlacementTrial.for_problem(config.problem(), on_loaded)


@dataclass(frozen=True)
class Launch:
    """One search, ready to run.

    ``resume`` says whether there was an earlier session, ``ended`` how many trials ended in it, and ``time_s`` what
    is left of the time budget (None: no limit).
    """

    config: SearchConfig
    searcher: "Searcher"
    scheduler: "TrialScheduler"
    callbacks: Sequence["Callback"]
    workers: int
    use_gpu: bool
    time_s: float | None = None
    resume: bool = False
    ended: int = 0
