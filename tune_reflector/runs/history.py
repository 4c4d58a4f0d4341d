"""The history of a search, counted as its events come in: a long one costs no more to follow than a short one."""

import math
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
    TrialEvent,
    ends_trial,
)
from search_records.journal import JournalError, JournalTail, has_result
from search_records.progress import ProgressCounter
from search_records.ranking import ranked_placements
from search_records.result import TrialResult
from search_records.results_table import has_rows
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.runs.layout import CONFIG_FILE, JOURNAL_FILE, TABLE_FILE

MOST_PLACEMENTS = 2_000
"""How many of the best placements are remembered."""


def check_journal(folder: Path) -> None:
    """Raise ``JournalError`` if a run has a table of results and no journal of them: it would begin anew.

    Every result is in the journal before it is in the table.
    """
    path, table = folder / JOURNAL_FILE, folder / TABLE_FILE
    if not table.exists() or (path.exists() and (not has_rows(table) or has_result(path))):
        return
    raise JournalError(
        f"{path}: must hold the results that {TABLE_FILE} tells of, but is {'empty' if path.exists() else 'missing'}; "
        f"restore it, or start a new run from what is known: python -m tune_reflector.search {folder / CONFIG_FILE} "
        f"name=NEW start={table}"
    )


class History:
    """The way that a search went, as a report tells it.

    Args:
        config: of the search.
    """

    def __init__(self, config: SearchConfig) -> None:
        self._refines = config.refine is not None
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
        self.trials = 0
        """Trials of all stages that have reported a result."""
        self.climbs: list[tuple[float, ...]] = []
        """Scores at rung 1, 2, ... of placements of the first stage that have come to the top, the first so many."""
        self._climbing: dict[str, list[float]] = {}  # of each trial that has not ended, of the placement that it has
        self._top_rung = config.top_rung
        self._furthest: dict[str, int] = {}  # iteration of each trial that has reported and not ended
        self._came_to: Counter[int] = Counter()  # trials of the first stage by how far they have come
        self._stopped: Counter[int] = Counter()
        self._results: list[Reported] = []
        self._ranked: list[Reported] = []

    @classmethod
    def read(cls, config: SearchConfig, folder: Path) -> "History":
        """Read the history of a search, as its journal tells it now.

        Raises:
            JournalError: the journal is damaged, or not there any more.
        """
        check_journal(folder)
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
                case Stopped(trial_id) if event.stage == FIRST_STAGE:
                    self._stopped[self._furthest.get(trial_id, 0)] += 1
                case RefinementBegun(starts=starts):
                    if not self._refines:
                        raise JournalError(
                            f"{JOURNAL_FILE}: must be of the search in {CONFIG_FILE}, but tells of a refinement, for "
                            "which that does not ask; restore both"
                        )
                    self.refinements.append(len(starts))
                case SessionBegun() | Finished() | EndedWithoutWinner():
                    self.last = event
            if isinstance(event, TrialEvent) and ends_trial(event):
                self._furthest.pop(event.trial_id, None)
                self._climbing.pop(event.trial_id, None)

    @property
    def ranked(self) -> list[Reported]:
        """The best placements, each once, best first."""
        if self._results:
            self._rank()
        return self._ranked

    @property
    def infeasible(self) -> str | None:
        """How many candidates could not be built, for people; None if all could."""
        if not self.progress.infeasible:
            return None
        return f"{self.progress.infeasible} of {self.trials} candidates could not be built, and were not traced"

    @property
    def reached(self) -> dict[int, int]:
        """Trials of the first stage that have come at least as far as each iteration."""
        last = +self._came_to
        return {iteration: sum(n for at, n in last.items() if at >= iteration) for iteration in sorted(last)}

    @property
    def stopped(self) -> Counter[int]:
        """Trials of the first stage that a scheduler has stopped after each iteration."""
        return self._stopped

    def _add_result(self, event: Reported) -> None:
        before = self._furthest.get(event.trial_id)
        self.trials += before is None
        self._furthest[event.trial_id] = furthest = max(event.iteration, before or 0)
        if event.stage == FIRST_STAGE:
            if before is not None:
                self._came_to[before] -= 1
            self._came_to[furthest] += 1
            self._stopped[event.iteration] += event.done and not event.result.complete
            self._add_climb(event.trial_id, event.result)
        self._results.append(event)
        if len(self._results) > MOST_PLACEMENTS:
            self._rank()

    def _add_climb(self, trial_id: str, result: TrialResult) -> None:
        if len(self.climbs) == MOST_PLACEMENTS or not (result.score.feasible and math.isfinite(result.score.value)):
            return
        if result.rung == 1:
            self._climbing[trial_id] = []
        climbing = self._climbing.get(trial_id, [])
        if result.rung != len(climbing) + 1:  # it has not begun at the foot, or comes again
            return
        climbing.append(result.score.value)
        if result.rung == self._top_rung:
            self.climbs.append(tuple(climbing))

    def _rank(self) -> None:
        self._ranked = ranked_placements([*self._ranked, *self._results], self._genes)[:MOST_PLACEMENTS]
        self._results = []
