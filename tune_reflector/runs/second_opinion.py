"""A second opinion of the winner: its plate by physical optics, which shares no code with the rays.

The plate's power is added to a traced map of the same access points without it. Where images are not exact for the
building, there is no second opinion.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import ObjectiveSettings
from trainables.physical_optics.rooms import NoBoxesError
from trainables.plate_optics import PlateOptics
from tune_reflector.config.sections import FinalSettings
from tune_reflector.runs.measurement import FIRST_SAMPLE
from tune_reflector.runs.score_json import finite


@dataclass(frozen=True)
class SecondOpinion:
    """What the winner scores so, and the share of cells without signal."""

    value: float
    outage: float

    def told(self, objective: ObjectiveSettings) -> str:
        """In one line: ``by physical optics of the plate: P5 -50.0 dBm``."""
        return f"by physical optics of the plate: {objective.told(self.value)}"

    def to_json(self, objective: ObjectiveSettings) -> dict[str, float | None]:
        """As ``best.json`` tells it; a penalty is no power."""
        named = None if objective.penalty(self.value) else self.value
        return {objective.metric: named, "score": self.value, "outage": self.outage}

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """From what ``to_json`` gives; ``KeyError``, ``TypeError`` or ``ValueError`` if it is not that."""
        return cls(finite(content["score"]), finite(content["outage"]))


def second_opinion(evaluator: PlacementEvaluator, placement: Placement, settings: FinalSettings) -> SecondOpinion:
    """Score a placement with its plate by physical optics, beside a map that is traced without it.

    That is one of the measurement's samples: what the plate brings decides, and is free of the rays' noise.

    Raises:
        NoBoxesError: images are not exact there.
        MapError: its map cannot be.
    """
    if evaluator.problem.carriers.further:
        raise NoBoxesError("there are several carriers")
    optics = PlateOptics.of(evaluator.problem, placement)
    alone_w = evaluator.trace(placement.without_reflectors(), settings.rays_per_ap, FIRST_SAMPLE).rss_w
    with_plate_w = alone_w + optics.power_w(alone_w.max(axis=0))
    score = evaluator.problem.objective.score(with_plate_w, evaluator.site.cells)
    return SecondOpinion(score.value, score.outage)
