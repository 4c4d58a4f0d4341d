"""One stage of a search, ready to run: what the two ways of running it have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from tune_reflector.config.search_config import SearchConfig

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.schedulers import TrialScheduler

    from trainables.scene_trainable import SceneTrainable
    from tune_reflector.execution.candidates import Candidates


@dataclass(frozen=True)
class Launch:
    """One stage of a search, ready to run.

    Args:
        config: of the stage.
        candidates: of the stage.
        scheduler: that judges its trials.
        callbacks: that are told what happens, in their order.
        workers: trials at a time.
        use_gpu: whether a worker takes a share of one.
        folder: of the run, where checkpoints and errors go.
        time_s: what is left of the time budget; None: no limit.
        out_of_rays: asked after every result, whether the rays of all sessions have reached the budget of rays.
        session_number: one that no earlier session of the run had.
        remedy: how to go on with the search should this process be killed, in words that follow a semicolon.
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
    session_number: int = 0
    remedy: str = "resume it"

    def run(self) -> None:
        """Run it in the way that the configuration asks for.

        Raises:
            Interrupted: Ctrl-C or SIGTERM ended it before its end; it can be resumed.
            OSError: the disk is full, or not there any more.
        """
        way = "local_loop" if self.config.launch == "local" else "ray_tune"
        resolve_name(f"tune_reflector.execution.{way}:run")(self)

    def trainable(self, **attributes: Any) -> "type[SceneTrainable]":
        """The configured trainable, with these attributes of its class."""
        config, plan = self.config, self.config.plan
        life = config.scheduler.population_life(plan)
        trainable: type[SceneTrainable] = config.trainable.build(
            config.problem(), life, worlds=plan.worlds, **attributes
        )
        return trainable
