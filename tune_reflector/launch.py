"""What the two ways of running a search have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tune_reflector.config import SearchConfig

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.schedulers import TrialScheduler
    from ray.tune.search import Searcher

    from trainables.placement import PlacementTrial


def trial_class(config: SearchConfig) -> "type[PlacementTrial]":
    """The trainable of the configured kind."""
    from trainables.placement import PlacementTrial

    match config.trainable.kind:
        case "placement":
            return PlacementTrial


@dataclass(frozen=True)
class Launch:
    """One search, ready to run.

    ``resume`` says whether there was an earlier session, ``ended`` how many trials ended in it, ``time_s`` what
    is left of the time budget (None: no limit), and ``out_of_rays``, asked after every result, whether the rays of
    all sessions have reached the budget of rays.
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
    out_of_rays: Callable[[], bool] = lambda: False
