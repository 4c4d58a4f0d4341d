"""What all trainables share: a worker loads its scene once and keeps it from trial to trial."""

import faulthandler
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from ray import tune

from search_records.result import COPY, NO_COPY, RSS_MAP, Powers, RankedScore, TrialResult
from trainables import checkpoint
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.robust_evaluator import RobustEvaluator
from trainables.settings.base import PopulationLife, TrainableSettings
from trainables.variants.base import Worlds


class SceneTrainable(tune.Trainable):
    """A Tune trainable that owns a scene; get one for a problem with ``for_problem``.

    A kind says with ``start`` how a trial begins, with ``advance`` what an iteration does, and with ``state`` and
    ``load_state`` what of it a checkpoint keeps. Tune is told the flat form of each result, and of the best that this
    worker has seen also the map ``rss_w``, ``[num_ap, num_cells]``, W: what people look at costs no transfer for all
    the others.
    """

    problem: ClassVar[PlacementProblem]
    settings: ClassVar[TrainableSettings]
    on_loaded: ClassVar[Callable[[], None]]
    population: ClassVar[PopulationLife | None] = None
    """How its trials live in a population; None: each is its own."""
    worlds: ClassVar[Worlds | None] = None
    """The worlds by whose worst its trials are scored; None: by the model's own."""
    setup_timeout_s: ClassVar[float | None] = None
    """A worker that takes longer to load its scene ends itself; None: it may take as long as it likes."""

    @classmethod
    def for_problem(
        cls, problem: PlacementProblem, on_loaded: Callable[[], None] = lambda: None, **attributes: Any
    ) -> type[Self]:
        """A trainable for ``problem``; it travels to workers with the class, not with every trial.

        Args:
            problem: what to score.
            on_loaded: called in the worker once its scene is loaded and warm; may wait for others.
            attributes: of the class, by name; ``settings`` among them.
        """
        members = {"problem": problem, "on_loaded": staticmethod(on_loaded), "__module__": cls.__module__, **attributes}
        return type(cls.__name__, (cls,), members)

    def setup(self, config: Mapping[str, Any]) -> None:
        if self.setup_timeout_s is not None:  # a thread of its own, which a deadlock in native code does not stop
            faulthandler.dump_traceback_later(self.setup_timeout_s, exit=True)
        threads = self.problem.resources.cpus_per_trial
        self._evaluator = (
            RobustEvaluator(self.problem, self.worlds, threads)
            if self.worlds
            else PlacementEvaluator(self.problem, threads)
        )
        self._best_seen: RankedScore | None = None
        self.warm_up()
        type(self).on_loaded()
        faulthandler.cancel_dump_traceback_later()
        self._begin(config)

    def reset_config(self, new_config: Mapping[str, Any]) -> bool:
        self._begin(new_config)
        return True

    def _begin(self, config: Mapping[str, Any]) -> None:
        genes = {gene.name for gene in (*self._evaluator.site.space.genes, *self.settings.searched())}
        self.genes: dict[str, float] = {name: value for name, value in config.items() if name in genes}
        """What the configuration says of placement and hyperparameters."""
        self.origin: dict[str, float] = {name: value for name, value in config.items() if name not in genes}
        """What else it says: where a searcher took the candidate from."""
        self._copy = int(config.get(COPY, NO_COPY))
        self.start(config)

    def step(self) -> dict[str, Any]:
        result, rss_w = self.advance()
        flat = result.flat(self.problem.objective.metric) | {"done": result.complete}
        if rss_w is None or not result.score.feasible:
            return flat
        if self._best_seen is not None and result.ranked <= self._best_seen:
            return flat
        self._best_seen = result.ranked
        return flat | {RSS_MAP: rss_w.astype(np.float32)}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        about = {"iteration": self.iteration, "copy": self._copy}
        checkpoint.write(Path(checkpoint_dir), about | self.state())

    def load_checkpoint(self, checkpoint_dir: str | dict[str, Any] | None) -> None:
        state = checkpoint.read(Path(str(checkpoint_dir)))
        self._iteration = int(state["iteration"])  # Tune knows it only of checkpoints of the same session
        self.load_state(state, int(state["copy"]))

    def warm_up(self) -> None:
        """Compile what a trial will need, so that none waits for it."""
        self._evaluator.warm_up()

    def start(self, config: Mapping[str, Any]) -> None:
        """Begin a trial, with nothing left of the one before.

        Args:
            config: what a searcher proposed, or what population-based training made of it.
        """
        raise NotImplementedError

    def advance(self) -> tuple[TrialResult, Powers | None]:
        """One iteration: its result, and the map of the placement that the result is of; None if it has none.

        A result that is ``complete`` ends the trial.
        """
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """State of the trial as arrays: what it must know to go on later."""
        raise NotImplementedError

    def load_state(self, state: checkpoint.State, copy: int) -> None:
        """Go on from a state; ``start`` was called before.

        Args:
            state: of this trial, or of the one that this one is now a copy of.
            copy: the number of the copy whose state it is.
        """
        raise NotImplementedError
