"""Comparisons: the winner against what could be built in its place, and what people are told of that.

The same access points without the plate were placed for the plate: taking it away from them tells a gain that nobody
gets. What a plate is worth is told by the best placement that was found without one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from search_records.result import count
from search_spaces.design import AccessPoint, Placement
from trainables.objectives.base import ObjectiveSettings
from tune_reflector.counterfactuals.alternatives import LABELS
from tune_reflector.counterfactuals.settings import CounterfactualKind
from tune_reflector.runs.measurement import shown_error
from tune_reflector.runs.score_json import finite, parse_score, score_json


@dataclass(frozen=True)
class Comparison:
    """The winner against one alternative.

    Args:
        kind: what the alternative is.
        value: its score, measured as the winner's is.
        error: half-width of that.
        winner: the winner's score.
        gain_error: half-width of the difference of the two; 0 where one of them is a penalty.
        trials: candidates that were tried to find it; None where nothing was searched for.
        placement: the alternative.
        genes: its genes.
        plates: that the winner has.
    """

    kind: CounterfactualKind
    value: float
    error: float
    winner: float
    gain_error: float
    trials: int | None
    placement: Placement
    genes: dict[str, float]
    plates: int = 1

    @property
    def gain(self) -> float:
        """By how much the winner is better, in the unit of a difference of scores."""
        return self.winner - self.value

    def to_json(self, objective: ObjectiveSettings) -> dict[str, Any]:
        """As ``best.json`` tells it; the gain is null where one of the two is a penalty."""
        is_gain = objective.difference(self.winner, self.value) is not None
        there = self.placement.reflectors
        return {
            "kind": self.kind,
            **score_json(self.value, self.error, objective),
            objective.gain_metric: self.gain if is_gain else None,
            objective.gain_error_metric: self.gain_error if is_gain else None,
            "trials": self.trials,
            "access_points": [ap.to_json() for ap in self.placement.access_points],
            **({"reflectors": [plate.to_json() for plate in there]} if there else {}),
            "genes": self.genes,
        }

    @classmethod
    def parse(
        cls, content: Mapping[str, Any], winner: float, objective: ObjectiveSettings, plates: int = 1
    ) -> "Comparison":
        """From the form in ``best.json``.

        Raises:
            KeyError, ValueError, TypeError, AttributeError, OverflowError: it lacks something, or something is not what
                it should be.
        """
        kind, trials, gain_error = content["kind"], content["trials"], content[objective.gain_error_metric]
        if kind not in get_args(CounterfactualKind):
            raise ValueError(f"no comparison is called {kind!r:.60}")
        access_points = tuple(AccessPoint.from_json(ap) for ap in content["access_points"])
        return cls(
            kind,
            *parse_score(content, objective),
            winner,
            0.0 if gain_error is None else finite(gain_error),
            None if trials is None else count(trials),
            Placement(access_points),
            {str(name): float(value) for name, value in content["genes"].items()},
            plates,
        )

    @property
    def label(self) -> str:
        """What the alternative is, for people."""
        return LABELS[self.kind].replace("the reflector", self._plates)

    @property
    def _plates(self) -> str:
        return "the reflector" if self.plates == 1 else "the reflectors"

    def told(self, objective: ObjectiveSettings) -> str:
        """What the comparison says of the reflector's worth, in one line."""
        trials = "" if self.trials is None else f", {self.trials:,} trials"
        other = f"{self.label} {objective.told(self.value, shown_error(self.error))}{trials}"
        gain = objective.difference(self.winner, self.value)
        bar = f"{shown_error(self.gain_error):.1f} {objective.difference_unit}"
        s, it = ("s", "it") if self.plates == 1 else ("", "them")
        if self.kind == "same_access_points":
            less = "" if gain is None else f": {gain:+.1f} +- {bar}, but they were placed for {it}"
            return f"{other}{less}"
        if gain is None:
            return f"{'worth it' if self.gain > 0 else 'not worth it'}: {other}"
        if abs(gain) <= self.gain_error:
            return f"{self._plates} bring{s} nothing beyond the error ({gain:+.1f} +- {bar}): {other}"
        if gain < 0:
            return f"{self._plates} cost{s} {-gain:.1f} +- {bar}, leave {it} out: {other}"
        return f"worth {gain:+.1f} +- {bar}: {other}"


def of_first_version(content: Mapping[str, Any], objective: ObjectiveSettings) -> list[dict[str, Any]]:
    """The comparisons of a ``best.json`` that tells of the same access points without the plate alone."""
    if (value := content[f"without_reflector_{objective.metric}"]) is None:
        return []
    of_plate = ("refl_", "focal_")
    errors = content[objective.error_metric], content[f"without_reflector_{objective.error_metric}"]
    found = {
        "kind": "same_access_points",
        objective.metric: value,
        objective.error_metric: errors[1],
        objective.gain_error_metric: math.hypot(*errors),
        "trials": None,
        "access_points": content["access_points"],
        "genes": {name: gene for name, gene in content["genes"].items() if not name.startswith(of_plate)},
    }
    return [found]
