"""The candidates of a search: proposed one after the other, followed to their ends, taken up again by a later session.

Both ways of running a search draw their trials from here. What happens goes to the journal first and to the searcher
then. So a later session has to tell the searcher nothing but what the journal holds, in the same order, and the two
agree whenever the one before it died. A candidate that had not ended is handed out again, before any new one, with
what it had reported.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ray.tune import Callback
from ray.tune.search import Searcher

from search_records.journal import Event, Journal, JournalError
from search_records.results_table import ResultsTable
from search_records.rows import Key, key_of
from trainables.settings import COPY
from tune_reflector.searchers.searcher_state import SearcherStates


@dataclass
class Candidate:
    """A trial's configuration, and the keys of its results so far, in the order in which they came."""

    trial_id: str
    config: dict[str, Any]
    reported: list[Key] = field(default_factory=list)


class Candidates:
    """The candidates of one stage of a search.

    Args:
        journal: open.
        events: what it holds; those of this stage are lived through again.
        build: makes a fresh searcher.
        states: where the searcher's state is kept.
        total: candidates in the whole stage.
        columns: what of a result is kept.
        stage: its number.

    Raises:
        JournalError: the journal is not of this search.
    """

    def __init__(
        self,
        journal: Journal,
        events: Sequence[Event],
        build: Callable[[], Searcher],
        states: SearcherStates,
        total: int,
        columns: Sequence[str],
        stage: int = 1,
    ) -> None:
        self._journal = journal
        self._states = states
        self._total = total
        self._columns = tuple(columns)
        self._stage = stage
        self._proposed = 0
        self._exhausted = False
        self.live: dict[str, Candidate] = {}
        """Handed out and not ended, by trial."""
        self.error: OSError | None = None
        """Why the journal could not be written; nothing can go on then."""
        self._in_step = True
        """Whether journal and searcher are of the same moment."""
        self.ended = 0
        """Trials of all stages that have ended, failed ones included."""
        self.failed = 0
        """Trials of all stages that have failed for good."""
        self.searcher, known = states.restore(build, len(events))
        for number, event in enumerate(events):
            self._count(event)
            if event.get("stage") == stage:
                self._relive(event, tell=number >= known)
        self._again = deque(self.live.values())
        self.live = {}

    @property
    def to_come(self) -> int:
        """Candidates that have not ended; a searcher may have fewer to propose."""
        return len(self.live) + len(self._again) + max(0, self._total - self._proposed)

    @property
    def finished(self) -> bool:
        """Whether no candidate will be handed out any more."""
        return not self._again and (self._exhausted or self._proposed >= self._total)

    def next(self) -> Candidate | None:
        """The next one to try; None if there is none now (``finished``: or ever)."""
        candidate = self._again.popleft() if self._again else self._propose()
        if candidate is not None:
            self.live[candidate.trial_id] = candidate
        return candidate

    def report(self, trial_id: str, config: Mapping[str, Any], result: Mapping[str, Any], at_s: float) -> Event | None:
        """Take down a result; one that is ``done`` ends its trial.

        Args:
            trial_id: whose.
            config: of the trial as it is now; population-based training changes it.
            result: with ``training_iteration`` and ``done``.
            at_s: seconds that the search has run.

        Returns:
            The event, or None if that result was taken down before (and its trial was set back since).
        """
        candidate = self.live[trial_id]
        iteration, done = int(result["training_iteration"]), bool(result.get("done", False))
        key = key_of(trial_id, iteration, result)
        if key in candidate.reported:
            self._append({"event": "repeated", "trial": trial_id, "iteration": iteration})
            return None
        event = {"event": "reported", "trial": trial_id, "iteration": iteration, "done": done}
        event |= {"elapsed_s": round(at_s, 3), "result": self._kept(result)}
        # Tune may have made the trial a copy of another already; it is one once it reports as one.
        if candidate.config != config and config.get(COPY) == result.get(COPY):
            event["config"] = dict(config)
        self._write(event)
        return event

    def _kept(self, result: Mapping[str, Any]) -> dict[str, Any]:
        return {name: result[name] for name in self._columns if name in result} | (
            {"stage": self._stage} if "stage" in self._columns else {}
        )

    def fail(self, trial_id: str, cause: str) -> None:
        """Take down that a trial has failed for good."""
        self._write({"event": "failed", "trial": trial_id, "cause": cause})

    def mark_stopped(self, trial_id: str) -> None:
        """Take down that a trial was stopped while it paused."""
        self._write({"event": "dropped", "trial": trial_id})

    def requeue(self, trial_id: str) -> None:
        """Hand the candidate out again later: its worker died, hung or had no room for it."""
        self._again.append(self.live.pop(trial_id))

    @property
    def trial_ids(self) -> list[str]:
        """Of all that were ever proposed in this stage."""
        return [self._trial_id(number) for number in range(self._proposed)]

    def has_ended(self, trial_id: str) -> bool:
        """Whether a candidate that was handed out will not be any more."""
        return trial_id not in self.live and all(candidate.trial_id != trial_id for candidate in self._again)

    def keep(self, at_once: bool = False) -> None:
        """Bring journal and searcher to the disk, if it is time to or ``at_once``."""
        if self._in_step and (at_once or self._states.is_due()):
            self._journal.sync(at_once=True)
            self._states.save(self.searcher, self._journal.length)
        else:
            self._journal.sync(at_once)

    def _propose(self) -> Candidate | None:
        if self.finished:
            return None
        trial_id = self._trial_id(self._proposed)
        self._in_step = False
        config = self.searcher.suggest(trial_id)
        if isinstance(config, dict):
            self._append({"event": "proposed", "trial": trial_id, "config": config})
            self._proposed += 1
        self._in_step = True
        self._exhausted = isinstance(config, str)
        return Candidate(trial_id, config) if isinstance(config, dict) else None

    def _trial_id(self, number: int) -> str:
        return f"{number:05d}" if self._stage == 1 else f"{self._stage}-{number:05d}"

    def _write(self, event: Event) -> None:
        self._in_step = False
        self._append(event)
        self._count(event)
        self._follow(event, tell=True)
        self._in_step = True

    def _append(self, event: Event) -> None:
        event["stage"] = self._stage
        try:
            self._journal.append(event)
        except OSError as error:
            self.error = error
            raise

    def _relive(self, event: Event, tell: bool) -> None:
        trial_id = event.get("trial")
        if event["event"] == "proposed":
            config = self.searcher.suggest(trial_id) if tell else event["config"]
            if not _same(config, event["config"]):
                raise JournalError(
                    f"trial {trial_id} of the journal is not what the searcher proposes; resume with the versions and "
                    "on the kind of machine that the run was started with, or start a new run"
                )
            self._proposed += 1
            self.live[event["trial"]] = Candidate(event["trial"], event["config"])
        elif trial_id in self.live and event["event"] != "repeated":
            self._follow(event, tell)

    def _count(self, event: Event) -> None:
        self.ended += event["event"] in ("failed", "dropped") or event.get("done", False)
        self.failed += event["event"] == "failed"

    def _follow(self, event: Event, tell: bool) -> None:
        """Bring what is known of a trial, and the searcher, up to an event."""
        trial_id, kind = event["trial"], event["event"]
        if kind == "reported":
            candidate = self.live[trial_id]
            candidate.config = event.get("config", candidate.config)
            candidate.reported.append(key_of(trial_id, event["iteration"], event["result"]))
        if kind != "reported" or event["done"]:
            del self.live[trial_id]
        if tell:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        trial_id = event["trial"]
        match event:
            case {"event": "reported", "result": result, "iteration": iteration, "done": done}:
                result = {**result, "training_iteration": iteration}
                (self.searcher.on_trial_complete if done else self.searcher.on_trial_result)(trial_id, result)
            case {"event": "failed"}:
                self.searcher.on_trial_complete(trial_id, None, error=True)
            case {"event": "dropped"}:
                self.searcher.on_trial_complete(trial_id, None)


class Recorder(Callback):
    """Takes every result down, in journal, searcher and table; it comes first in the list of callbacks.

    Args:
        candidates: of the stage.
        table: rows for people.
        elapsed_s: seconds that the search has run.
    """

    def __init__(self, candidates: Candidates, table: ResultsTable, elapsed_s: Callable[[], float]) -> None:
        self._candidates = candidates
        self._table = table
        self._elapsed_s = elapsed_s

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **_: Any) -> None:
        event = self._candidates.report(trial.trial_id, trial.config, result, self._elapsed_s())
        if event is not None:
            self._table.append(event)

    def on_step_end(self, iteration: int, trials: Any, **_: Any) -> None:
        self._candidates.keep()

    def on_experiment_end(self, *_: Any, **__: Any) -> None:
        self._candidates.keep(at_once=True)


def _same(config: Any, journaled: Mapping[str, Any]) -> bool:
    if not isinstance(config, dict) or config.keys() != journaled.keys():
        return False
    return all(math.isclose(config[name], value, rel_tol=1e-9, abs_tol=1e-12) for name, value in journaled.items())
