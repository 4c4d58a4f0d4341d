"""The history of a search, counted as its events come in: a long one costs no more to follow than a short one."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from search_records.events import (
    FIRST_STAGE,
    EndedWithoutWinner,
    Event,
    Failed,
    Finished,
    RefinementBegun,
    Reported,
    SessionBegun,
    Stopped,
)
from search_records.journal import JournalTail
from search_records.progress import ProgressCounter
from search_records.ranking import ranked_placements
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.runs.layout import JOURNAL_FILE

MOST_PLACEMENTS = 2_000
"""How many of the best placements are remembered."""


class History:
    """The way that a search went, as a report tells it.

    Args:
        config: of the search.
    """

    def __init__(self, config: SearchConfig) -> None:
        self._genes = [gene.name for gene in config.plan.placement_space.genes]
        self.progress = ProgressCounter(config.top_rung)
        """Trials, rays, seconds and the best score so far."""
        self.curve: list[tuple[float, float, float]] = []
        """Rays per AP, seconds and best value so far, at every improvement."""
        self.failures: Counter[str] = Counter()
        """Trials that have failed, by cause."""
        self.refinements: list[int] = []
        """Starts of each second stage."""
        self.last: SessionBegun | Finished | EndedWithoutWinner | None = None
        """What the search has come to: the last event of these."""
        self._reporting: set[str] = set()
        self._furthest: dict[str, int] = {}
        self._stopped: Counter[int] = Counter()
        self._results: list[Reported] = []
        self._ranked: list[Reported] = []

    @classmethod
    def read(cls, config: SearchConfig, folder: Path) -> "History":
        """Read the history of a search, as its journal tells it now.

        Raises:
            JournalError: the journal is damaged.
        """
        history = cls(config)
        for events in JournalTail(folder / JOURNAL_FILE, config.columns()).read():
            history.add(events)
        return history

    def add(self, events: Iterable[Event]) -> None:
        """Take the next events into account."""
        for event in events:
            before = self.progress.best.ranked
            self.progress.add(event)
            match event:
                case Reported():
                    if self.progress.best.ranked != before:
                        assert self.progress.best.ranked is not None
                        value = self.progress.best.ranked.value
                        self.curve.append((self.progress.rays_per_ap, event.elapsed_s, value))
                    self._add_result(event)
                case Failed(cause=cause):
                    self.failures[cause] += 1
                case Stopped(trial_id):
                    self._stopped[self._furthest.get(trial_id, 0)] += 1
                case RefinementBegun(starts=starts):
                    self.refinements.append(len(starts))
                case SessionBegun() | Finished() | EndedWithoutWinner():
                    self.last = event

    @property
    def ranked(self) -> list[Reported]:
        """The best placements, each once, best first."""
        if self._results:
            self._rank()
        return self._ranked

    @property
    def trials(self) -> int:
        """Trials of all stages that have reported a result."""
        return len(self._reporting)

    @property
    def reached(self) -> dict[int, int]:
        """Trials of the first stage that have come at least as far as each iteration."""
        last = Counter(self._furthest.values())
        return {iteration: sum(n for at, n in last.items() if at >= iteration) for iteration in sorted(last)}

    @property
    def stopped(self) -> Counter[int]:
        """Trials of the first stage that a scheduler has stopped after each iteration."""
        return self._stopped

    def _add_result(self, event: Reported) -> None:
        self._reporting.add(event.trial_id)
        if event.stage == FIRST_STAGE:
            self._furthest[event.trial_id] = max(event.iteration, self._furthest.get(event.trial_id, 0))
            self._stopped[event.iteration] += event.done and not event.result.complete
        self._results.append(event)
        if len(self._results) > MOST_PLACEMENTS:
            self._rank()

    def _rank(self) -> None:
        self._ranked = ranked_placements([*self._ranked, *self._results], self._genes)[:MOST_PLACEMENTS]
        self._results = []
