"""The events of a search, one class a kind. ``encode`` writes their form in the journal, ``decode`` reads it.

There an event has the name that it had in the first version: ``dropped`` is ``Stopped``, ``refinement``
``RefinementBegun``, ``session`` ``SessionBegun``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

from search_records.result import MOST, ResultColumns, TrialResult, count

Config = Mapping[str, float]
"""What a searcher proposes: genes, and where they come from."""

FIRST_STAGE = 1

_TRIAL = re.compile(r"[0-9]+(-[0-9]+)?", re.ASCII)
"""Its number in the search; of a later stage, after the stage's."""


class ResultKey(NamedTuple):
    """The identity of a result: a copy may repeat the iterations of the trial that it was copied from."""

    trial_id: str
    copy: int
    iteration: int


@dataclass(frozen=True)
class Proposed:
    """A searcher has proposed a candidate, which becomes a trial."""

    trial_id: str
    config: Config
    stage: int = FIRST_STAGE


@dataclass(frozen=True)
class Reported:
    """A trial has reported a result; one that is ``done`` has ended with it.

    ``config`` is the trial's new configuration, if population-based training has made it a copy; ``elapsed_s`` are the
    seconds that the search has run.
    """

    trial_id: str
    iteration: int
    elapsed_s: float
    done: bool
    result: TrialResult
    config: Config | None = None
    stage: int = FIRST_STAGE

    @property
    def key(self) -> ResultKey:
        """The identity of the result."""
        return ResultKey(self.trial_id, self.result.copy, self.iteration)


@dataclass(frozen=True)
class Repeated:
    """A trial that was set back has reported a result again that was taken down before."""

    trial_id: str
    iteration: int
    stage: int = FIRST_STAGE


@dataclass(frozen=True)
class Failed:
    """A trial has failed for good; ``cause`` is one line."""

    trial_id: str
    cause: str
    stage: int = FIRST_STAGE


@dataclass(frozen=True)
class Stopped:
    """A scheduler has stopped a trial while it paused, so that it ends without a further result."""

    trial_id: str
    stage: int = FIRST_STAGE


@dataclass(frozen=True)
class RefinementBegun:
    """A second stage begins from these placements; ``number`` is the stage's."""

    number: int
    starts: Sequence[Config]
    budget: Mapping[str, Any]


@dataclass(frozen=True)
class SessionBegun:
    """A process has taken up the search."""

    stage: int = FIRST_STAGE


@dataclass(frozen=True)
class Finished:
    """The search has come to its end with this budget, and its winner is measured."""

    budget: Mapping[str, Any]


@dataclass(frozen=True)
class EndedWithoutWinner:
    """The search has come to its end, and nothing could be measured."""


TrialEvent = Proposed | Reported | Repeated | Failed | Stopped
Event = TrialEvent | RefinementBegun | SessionBegun | Finished | EndedWithoutWinner


def ends_trial(event: Event) -> bool:
    """Tell whether a trial has ended with the event."""
    return isinstance(event, Failed | Stopped) or (isinstance(event, Reported) and event.done)


def encode(event: Event, columns: ResultColumns) -> dict[str, Any]:
    """The event as plain data, its kind under ``event``."""
    match event:
        case Proposed(trial_id, config, stage):
            return {"event": "proposed", "trial": trial_id, "config": config, "stage": stage}
        case Reported(trial_id, iteration, elapsed_s, done, result, config, stage):
            about = {"event": "reported", "trial": trial_id, "iteration": iteration, "done": done}
            about |= {"elapsed_s": round(elapsed_s, 3), "result": columns.flat(result)}
            return about | ({} if config is None else {"config": config}) | {"stage": stage}
        case Repeated(trial_id, iteration, stage):
            return {"event": "repeated", "trial": trial_id, "iteration": iteration, "stage": stage}
        case Failed(trial_id, cause, stage):
            return {"event": "failed", "trial": trial_id, "cause": cause, "stage": stage}
        case Stopped(trial_id, stage):
            return {"event": "dropped", "trial": trial_id, "stage": stage}
        case RefinementBegun(number, starts, budget):
            return {"event": "refinement", "number": number, "starts": starts, "budget": budget}
        case SessionBegun(stage):
            return {"event": "session", "stage": stage}
        case Finished(budget):
            return {"event": "finished", "budget": budget}
        case EndedWithoutWinner():
            return {"event": "without winner"}


def decode(data: Mapping[str, Any], columns: ResultColumns) -> Event:
    """The event that ``encode`` has written.

    Raises:
        KeyError: it lacks something; of a result also: it is one of another search or version.
        ValueError, TypeError, AttributeError, OverflowError: something is of the wrong type, or the kind is unknown.
    """
    stage = count(data.get("stage", FIRST_STAGE))
    match data["event"]:
        case "proposed":
            return Proposed(_trial(data), _config(data["config"]), stage)
        case "reported":
            config = None if data.get("config") is None else _config(data["config"])
            elapsed_s, done, result = _duration_s(data["elapsed_s"]), bool(data["done"]), columns.parse(data["result"])
            return Reported(_trial(data), count(data["iteration"]), elapsed_s, done, result, config, stage)
        case "repeated":
            return Repeated(_trial(data), count(data["iteration"]), stage)
        case "failed":
            return Failed(_trial(data), str(data["cause"]), stage)
        case "dropped":
            return Stopped(_trial(data), stage)
        case "refinement":
            starts = [_config(start) for start in data["starts"]]
            return RefinementBegun(count(data["number"]), starts, dict(data["budget"]))
        case "session":
            return SessionBegun(stage)
        case "finished":
            return Finished(dict(data["budget"]))
        case "without winner":
            return EndedWithoutWinner()
    raise ValueError(f"no event is called {data['event']!r:.60}")


def _trial(data: Mapping[str, Any]) -> str:
    """The name of a trial, which becomes part of paths."""
    name = data["trial"]
    if not (isinstance(name, str) and _TRIAL.fullmatch(name)):
        raise ValueError(f"no trial is called {name!r:.60}")
    return name


def _duration_s(value: Any) -> float:
    seconds = float(value)
    if not 0 <= seconds <= MOST:
        raise ValueError(f"a search runs for 0 to {MOST} seconds, but not for {seconds}")
    return seconds


def _config(data: Any) -> dict[str, float]:
    if not isinstance(data, dict) or not all(isinstance(value, Real) for value in data.values()):
        raise TypeError(f"a configuration must be numbers by name, but is {data!r:.60}")
    return data
