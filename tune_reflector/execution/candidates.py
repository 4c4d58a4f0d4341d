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

from ray.tune.search import Searcher

from search_records.events import (
    FIRST_STAGE,
    Event,
    Failed,
    Proposed,
    Repeated,
    Reported,
    ResultKey,
    Stopped,
    TrialEvent,
    ends_trial,
)
from search_records.journal import Journal, JournalError
from search_records.result import COPY, TrialResult
from tune_reflector.searchers.algorithms.base import told
from tune_reflector.searchers.searcher_state import SearcherStates


@dataclass
class Candidate:
    """A trial's configuration, and the keys of its results so far, in the order in which they came."""

    trial_id: str
    config: dict[str, Any]
    reported: list[ResultKey] = field(default_factory=list)


class Candidates:
    """The candidates of one stage of a search.

    Args:
        journal: open.
        events: what it holds; those of this stage are lived through again.
        build: makes a fresh searcher.
        states: where the searcher's state is kept.
        total: candidates in the whole stage.
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
        stage: int = FIRST_STAGE,
    ) -> None:
        self._journal = journal
        self._states = states
        self._total = total
        self._stage = stage
        self._proposed = 0
        self._exhausted = False
        self.live: dict[str, Candidate] = {}
        """Handed out and not ended, by trial."""
        self.error: OSError | None = None
        """Why the journal could not be written; nothing can go on then."""
        self._agrees = True
        """Whether the searcher knows of all events in the journal, and of no more: only then may its state be saved."""
        self.searcher, known = states.restore(build, len(events))
        for number, event in enumerate(events):
            if isinstance(event, TrialEvent) and event.stage == stage:
                self._relive(event, tell=number >= known)
        self._again = deque(self.live.values())
        self.live = {}

    @property
    def to_come(self) -> int:
        """Candidates that have not ended; a searcher may have fewer to propose."""
        return len(self.live) + len(self._again) + max(0, self._total - self._proposed)

    @property
    def finished(self) -> bool:
        """True if no candidate will be handed out any more."""
        return not self._again and (self._exhausted or self._proposed >= self._total)

    def next(self) -> Candidate | None:
        """The next one to try; None if there is none now (``finished``: or ever)."""
        candidate = self._again.popleft() if self._again else self._propose()
        if candidate is not None:
            self.live[candidate.trial_id] = candidate
        return candidate

    def record(
        self, trial_id: str, config: Mapping[str, Any], result: TrialResult, iteration: int, done: bool, at_s: float
    ) -> Reported | None:
        """Take down a result; one that is ``done`` ends its trial.

        Args:
            trial_id: whose.
            config: of the trial as it is now; population-based training changes it.
            result: what it has reported.
            iteration: which of its results this is, from 1.
            done: whether it is its last.
            at_s: seconds that the search has run.

        Returns:
            The event, or None if that result was taken down before (and its trial was set back since).
        """
        candidate = self.live[trial_id]
        # Tune may have made the trial a copy of another already; it is one once it reports as one.
        is_copy = candidate.config != config and config.get(COPY) == result.origin.get(COPY)
        copied = dict(config) if is_copy else None
        event = Reported(trial_id, iteration, at_s, done, result, copied, self._stage)
        if event.key in candidate.reported:
            self._append(Repeated(trial_id, iteration, self._stage))
            return None
        self._write(event)
        return event

    def fail(self, trial_id: str, cause: str) -> None:
        """Take down that a trial has failed for good."""
        self._write(Failed(trial_id, cause, self._stage))

    def mark_stopped(self, trial_id: str) -> None:
        """Take down that a trial was stopped while it paused."""
        self._write(Stopped(trial_id, self._stage))

    def requeue(self, trial_id: str) -> None:
        """Hand the candidate out again later: its worker died, hung or had no room for it."""
        self._again.append(self.live.pop(trial_id))

    @property
    def trial_ids(self) -> list[str]:
        """Names of all trials that were ever proposed in this stage."""
        return [self._trial_id(number) for number in range(self._proposed)]

    def has_ended(self, trial_id: str) -> bool:
        """Tell whether a candidate that was handed out will not be any more."""
        return trial_id not in self.live and all(candidate.trial_id != trial_id for candidate in self._again)

    def save(self, at_once: bool = False) -> None:
        """Bring journal and searcher to the disk, if it is time to or ``at_once``."""
        if self._agrees and (at_once or self._states.is_due()):
            self._journal.sync(at_once=True)
            self._states.save(self.searcher, self._journal.length)
        else:
            self._journal.sync(at_once)

    def _propose(self) -> Candidate | None:
        if self.finished:
            return None
        trial_id = self._trial_id(self._proposed)
        self._agrees = False
        config = self.searcher.suggest(trial_id)
        if isinstance(config, dict):
            self._append(Proposed(trial_id, config, self._stage))
            self._proposed += 1
        self._agrees = True
        self._exhausted = isinstance(config, str)
        return Candidate(trial_id, config) if isinstance(config, dict) else None

    def _trial_id(self, number: int) -> str:
        return f"{number:05d}" if self._stage == FIRST_STAGE else f"{self._stage}-{number:05d}"

    def _write(self, event: TrialEvent) -> None:
        self._agrees = False
        self._append(event)
        self._follow(event, tell=True)
        self._agrees = True

    def _append(self, event: TrialEvent) -> None:
        try:
            self._journal.append(event)
        except OSError as error:
            self.error = error
            raise

    def _relive(self, event: TrialEvent, tell: bool) -> None:
        if isinstance(event, Proposed):
            config = self.searcher.suggest(event.trial_id) if tell else event.config
            if not _same(config, event.config):
                raise JournalError(
                    f"trial {event.trial_id} of the journal is not what the searcher proposes; resume with the "
                    "versions and on the kind of machine that the run was started with, or start a new run"
                )
            self._proposed += 1
            self.live[event.trial_id] = Candidate(event.trial_id, dict(event.config))
        elif event.trial_id in self.live and not isinstance(event, Repeated):
            self._follow(event, tell)

    def _follow(self, event: TrialEvent, tell: bool) -> None:
        """Bring what is known of a trial, and the searcher, up to an event."""
        if isinstance(event, Reported):
            candidate = self.live[event.trial_id]
            candidate.config = candidate.config if event.config is None else dict(event.config)
            candidate.reported.append(event.key)
        if ends_trial(event):
            del self.live[event.trial_id]
        if tell:
            self._tell(event)

    def _tell(self, event: TrialEvent) -> None:
        match event:
            case Reported(trial_id, iteration, done=done, result=result):
                hear = self.searcher.on_trial_complete if done else self.searcher.on_trial_result
                hear(trial_id, told(result, iteration))
            case Failed(trial_id):
                self.searcher.on_trial_complete(trial_id, None, error=True)
            case Stopped(trial_id):
                self.searcher.on_trial_complete(trial_id, None)


def _same(config: Any, journaled: Mapping[str, Any]) -> bool:
    if not isinstance(config, dict) or config.keys() != journaled.keys():
        return False
    return all(math.isclose(config[name], value, rel_tol=1e-9, abs_tol=1e-12) for name, value in journaled.items())
