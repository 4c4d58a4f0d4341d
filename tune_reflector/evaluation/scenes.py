"""The scenes of one configuration, loaded when they are needed: placements are measured in them, one after another."""

from threading import RLock

from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import MapError
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.evaluation.evaluation import Evaluation
from tune_reflector.evaluation.given import Given, hung
from tune_reflector.experiment import preflight
from tune_reflector.runs.measurement import Measurement, measure

_TURN = RLock()
"""One thread traces at a time: a scene has one placement in it."""


class Scenes:
    """Measures placements with a configuration.

    The number of access points is part of a scene's kernels: each number has a scene of its own.

    Args:
        config: of the problem, and how it is measured.
    """

    def __init__(self, config: SearchConfig) -> None:
        self.config = config
        self._evaluators: dict[int, PlacementEvaluator] = {}

    def load(self, num_ap: int) -> PlacementEvaluator:
        """The scene for so many access points.

        Raises:
            ConfigError: it cannot be traced on this machine.
        """
        if num_ap not in self._evaluators:
            self._evaluators[num_ap] = preflight.load_scene(self.config, num_ap)
            preflight.check_bounds(self._evaluators[num_ap])
        return self._evaluators[num_ap]

    def evaluate(self, given: Given, without_reflectors: bool = True) -> Evaluation:
        """Measure a placement and, if asked for, its access points without plates.

        Raises:
            ConfigError: it cannot be traced, or its map cannot be.
        """
        with _TURN:
            evaluator = self.load(len(given.placement.access_points))
            placement = hung(given.placement, evaluator.site)
            measured = self.measure(given)
            alone = None
            if without_reflectors and placement.hung_reflectors:
                alone = self.measure(Given(f"{given.name} without reflectors", placement.without_reflectors()))
        return Evaluation(given.name, self.config, evaluator.site, placement, given.genes, measured, alone)

    def measure(self, given: Given) -> Measurement:
        """Its score alone.

        Raises:
            ConfigError: as ``evaluate``.
        """
        with _TURN:
            evaluator = self.load(len(given.placement.access_points))
            evaluator.set_threads(None)
            try:
                return measure(evaluator, given.placement, self.config.final)
            except MapError as error:
                raise ConfigError(f"{given.name}: must be a placement with a map, but {error}; move it") from None
