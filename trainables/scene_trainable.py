"""What all trials share: a worker loads its scene once and keeps it from trial to trial."""

import faulthandler
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from ray import tune

from trainables import checkpoint
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.settings import COPY

RSS_MAP = "rss_w"
"""Key of the map in a result."""

NO_COPY = 0
"""Number of a trial that is no copy of another."""


class SceneTrainable(tune.Trainable):
    """A Tune trainable that owns a scene; get one for a problem with ``for_problem``.

    Each result holds the genes that its score belongs to, what else the configuration says (where a searcher took the
    candidate from, hyperparameters), and:

    - ``p5_rss_dbm``, ``coverage``, ``outage``, ``mean_rss_dbm``, ``min_rss_dbm``, ``feasible``;
    - ``rung``: how many rungs of ``fidelity`` the score rests on; scores of different rungs do not compare;
    - ``iteration_rays_per_ap``: rays that this iteration has traced;
    - ``rays_per_ap``, ``trace_time_s``: what the way to this score has cost, of a copy that of the trial it was copied
      from included;
    - ``complete``: whether the trial came to its own end and was not stopped by a scheduler;
    - ``rss_w``: the map itself, ``[num_ap, num_cells]``, W, but only if it is the best that this worker has seen:
      what people look at costs no transfer for all the others.
    """

    problem: ClassVar[PlacementProblem]
    on_loaded: ClassVar[Callable[[], None]]
    setup_timeout_s: ClassVar[float | None] = None
    """A worker that takes longer to load its scene ends itself; None: it may take as long as it likes."""

    @classmethod
    def for_problem(
        cls, problem: PlacementProblem, on_loaded: Callable[[], None] = lambda: None, **settings: Any
    ) -> type[Self]:
        """A trainable for ``problem``; it travels to workers with the class, not with every trial.

        Args:
            problem: what to score.
            on_loaded: called in the worker once its scene is loaded and warm; may wait for others.
            settings: attributes of the trainable, by name.
        """
        members = {"problem": problem, "on_loaded": staticmethod(on_loaded), "__module__": cls.__module__, **settings}
        return type(cls.__name__, (cls,), members)

    def setup(self, config: Mapping[str, Any]) -> None:
        if self.setup_timeout_s is not None:  # a thread of its own, which a deadlock in native code does not stop
            faulthandler.dump_traceback_later(self.setup_timeout_s, exit=True)
        self._evaluator = PlacementEvaluator(self.problem, threads=self.problem.resources.cpus_per_trial)
        self._best_seen: tuple[float, float] | None = None
        self.warm_up()
        type(self).on_loaded()
        faulthandler.cancel_dump_traceback_later()
        self._begin(config)

    def reset_config(self, new_config: Mapping[str, Any]) -> bool:
        self._begin(new_config)
        return True

    def _begin(self, config: Mapping[str, Any]) -> None:
        self._config: dict[str, Any] = dict(config)
        self._copy = int(config.get(COPY, NO_COPY))
        self.start(config)

    def with_map(self, result: dict[str, Any], rss_w: npt.NDArray[np.float64] | None) -> dict[str, Any]:
        """``result``, and the map of its placement if that is worth looking at."""
        standing = (result["rung"], result["p5_rss_dbm"])
        if rss_w is None or not result["feasible"] or (self._best_seen is not None and standing <= self._best_seen):
            return result
        self._best_seen = standing
        return result | {RSS_MAP: rss_w.astype(np.float32)}

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
        """Begin a trial, with nothing left of the one before."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """What a trial that goes on later must know, as arrays."""
        raise NotImplementedError

    def load_state(self, state: checkpoint.State, copy: int) -> None:
        """Go on from a state; ``start`` was called before.

        Args:
            state: of this trial, or of the one that this one is now a copy of.
            copy: the number of the copy whose state it is.
        """
        raise NotImplementedError
