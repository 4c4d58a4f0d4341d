"""What the two ways of running a search have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tune_reflector.config import SearchConfig

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.schedulers import TrialScheduler
    from ray.tune.search import Searcher


@dataclass(frozen=True)
class Launch:
    """One search, ready to run.

    ``ended`` is the number of trials that ended in earlier sessions; ``resume`` says whether there was one.
    """

    config: SearchConfig
    searcher: "Searcher"
    scheduler: "TrialScheduler"
    callbacks: Sequence["Callback"]
    workers: int
    use_gpu: bool
    resume: bool = False
    ended: int = 0
