"""A measured score in a file: what it is called after, and the score as searches see it.

Where cells without signal decide, a score is a penalty and no power: the named quantity is null then.
"""

from collections.abc import Mapping
from typing import Any

from search_records.result import MOST
from trainables.objectives.base import ObjectiveSettings


def score_json(value: float, error: float, objective: ObjectiveSettings) -> dict[str, float | None]:
    """The score and its half-width, by name."""
    named = (None, None) if objective.penalty(value) else (value, error)
    return {
        objective.metric: named[0],
        objective.error_metric: named[1],
        "score": value,
        "score_error": error,
    }


def parse_score(content: Mapping[str, Any], objective: ObjectiveSettings) -> tuple[float, float]:
    """The score and its half-width.

    Raises:
        KeyError, ValueError, TypeError, OverflowError: one is missing, or no score.
    """
    named = content[objective.metric] is not None  # always in files of the first version
    value, error = (objective.metric, objective.error_metric) if named else ("score", "score_error")
    return finite(content[value]), finite(content[error])


def finite(number: Any) -> float:
    """A number that a score can be; ``ValueError`` or ``TypeError`` if it is none."""
    value = float(number)
    if not abs(value) <= MOST:  # nor if it is not a number
        raise ValueError(f"{value} is no score")
    return value
