"""The result of one iteration of a trial, and how two scores compare.

Inside the program a result is a ``TrialResult``. Where it leaves a process or becomes a row it is flat, a name for
each number; the objective names the score (``p5_rss_dbm``). ``flat`` writes that form, ``ResultColumns`` reads it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

MODE = "max"
"""More is better: of the two modes that Tune knows."""

RSS_MAP = "rss_w"
"""Key of the map, in what Tune is told of a result."""

Powers = npt.NDArray[np.float64]
"""Received power [W] of each access point in each cell, ``[num_ap, num_cells]``."""

COPY = "copy"
"""Key of a trial's configuration that population-based training gives to a copy: a number of its own."""

MOST = 2**53
"""Whole numbers up to here are floats, too."""

NO_COPY = 0
"""Number of a trial that is no copy of another."""


@dataclass(frozen=True)
class Score:
    """The worth of one radio map.

    ``value`` is the objective's number, more is better; ``coverage`` and ``outage`` are shares of the cells, in [0, 1].
    """

    value: float
    coverage: float
    outage: float
    mean_rss_dbm: float
    min_rss_dbm: float
    feasible: bool = True

    def flat(self, metric: str) -> dict[str, float | bool]:
        """By name; ``metric`` is that of the value."""
        return {
            metric: self.value,
            "coverage": self.coverage,
            "outage": self.outage,
            "mean_rss_dbm": self.mean_rss_dbm,
            "min_rss_dbm": self.min_rss_dbm,
            "feasible": self.feasible,
        }

    @classmethod
    def parse(cls, values: Mapping[str, Any], metric: str) -> "Score":
        """From the flat form; a ``KeyError`` names what it lacks."""
        return cls(
            value=float(values[metric]),
            coverage=float(values["coverage"]),
            outage=float(values["outage"]),
            mean_rss_dbm=float(values["mean_rss_dbm"]),
            min_rss_dbm=float(values["min_rss_dbm"]),
            feasible=bool(values["feasible"]),
        )


@dataclass(frozen=True, order=True)
class RankedScore:
    """A score, and what it rests on.

    Scores of different rungs do not compare: few rays are biased. So one that was measured, on fresh rays, ranks
    above any of the search's own, and a higher rung above a lower one; only within a rung do values decide.
    """

    measured: bool
    rung: int
    value: float


@dataclass(frozen=True)
class TrialResult:
    """One iteration of one trial.

    Args:
        genes: of the placement that was scored, and searched hyperparameters.
        origin: where the candidate comes from, as its searcher says: numbers by name.
        score: of that placement.
        rung: how many rungs of the fidelity the score rests on; 0 for a placement that cannot be built.
        iteration_rays_per_ap: rays per access point that this iteration has traced.
        rays_per_ap: rays per access point that the way to this score has taken.
        trace_time_s: seconds that it has taken.
        complete: whether the trial has come to its own end; one that a scheduler stops has not.
        step_value: value of the present placement, of a trial whose ``score`` is that of its best so far.
    """

    genes: Mapping[str, float]
    origin: Mapping[str, float]
    score: Score
    rung: int
    iteration_rays_per_ap: int
    rays_per_ap: int
    trace_time_s: float
    complete: bool
    step_value: float | None = None

    @property
    def ranked(self) -> RankedScore:
        """The score as it compares."""
        return RankedScore(False, self.rung, self.score.value)

    @property
    def copy(self) -> int:
        """Number of the copy that population-based training has made of the trial."""
        return int(self.origin.get(COPY, NO_COPY))

    def flat(self, metric: str) -> dict[str, Any]:
        """By name; ``metric`` is that of the score's value."""
        flat: dict[str, Any] = {
            **self.genes,
            **self.origin,
            **self.score.flat(metric),
            "iteration_rays_per_ap": self.iteration_rays_per_ap,
            "rays_per_ap": self.rays_per_ap,
            "trace_time_s": self.trace_time_s,
            "rung": self.rung,
            "complete": self.complete,
        }
        if self.step_value is not None:
            flat[step_metric(metric)] = self.step_value
        return flat


def step_metric(metric: str) -> str:
    """Name of the present placement's value."""
    return f"step_{metric}"


_FIGURES = (
    "coverage",
    "outage",
    "mean_rss_dbm",
    "min_rss_dbm",
    "iteration_rays_per_ap",
    "rays_per_ap",
    "trace_time_s",
    "feasible",
    "rung",
    "complete",
)
"""What every result tells beside its score."""


@dataclass(frozen=True)
class ResultColumns:
    """The columns of a search's flat results, in the order of the table.

    Args:
        metric: name of the score's value.
        genes: of placements; every result has them.
        origin: what searchers and schedulers tell of a candidate.
        steps: whether some trials tell the value of their present placement beside that of their best.
        hyperparameters: that are searched in some stage.
    """

    metric: str
    genes: tuple[str, ...]
    origin: tuple[str, ...] = ()
    steps: bool = False
    hyperparameters: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in their order."""
        names = (*self.genes, *self.hyperparameters, *self.origin, self.metric, *_FIGURES)
        return (*names, step_metric(self.metric)) if self.steps else names

    def parse(self, values: Mapping[str, Any]) -> TrialResult:
        """A result from its flat form, which may hold more.

        Raises:
            KeyError: it lacks a number.
            ValueError, TypeError, OverflowError: one is none.
        """
        step = values.get(step_metric(self.metric))
        return TrialResult(
            genes={name: _number(values[name]) for name in self.genes} | _given(values, self.hyperparameters),
            origin=_given(values, self.origin),
            score=Score.parse(values, self.metric),
            rung=count(values["rung"]),
            iteration_rays_per_ap=count(values["iteration_rays_per_ap"]),
            rays_per_ap=count(values["rays_per_ap"]),
            trace_time_s=float(values["trace_time_s"]),
            complete=bool(values["complete"]),
            step_value=None if step is None else float(step),
        )

    def flat(self, result: TrialResult) -> dict[str, Any]:
        """The flat form of what these columns hold of a result."""
        flat = result.flat(self.metric)
        return {name: flat[name] for name in self.names if name in flat}


def count(value: Any) -> int:
    """A whole number that any file can hold: of 0 to 2^53.

    Raises:
        ValueError, TypeError, OverflowError: it is none.
    """
    whole = int(value)
    if not 0 <= whole <= MOST:
        raise ValueError(f"a count of 0 to {MOST} is needed, but got {_short(whole)}")
    return whole


def _short(value: Any) -> str:
    return f"{value!r:.60}"


def _given(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: _number(values[name]) for name in names if values.get(name) is not None}


def _number(value: Any) -> Any:
    if type(value) is not float and not isinstance(value, Real):  # most are
        raise TypeError(f"a number is needed, but got {_short(value)}")
    return value
