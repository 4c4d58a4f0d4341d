"""Progress of a search, counted as its events come in: trials, rays, seconds, and the best score so far."""

import math
from collections.abc import Iterable

from search_records.events import Event, Failed, Reported, ResultKey, TrialEvent, ends_trial
from search_records.result import RankedScore, TrialResult


class RunningBest:
    """The best score so far.

    Only a score of the top rung, or of a higher one in a second stage, can be best: one with few rays is biased and
    compares with its own rung only.

    Args:
        top_rung: the least rung of a score that may be best.
    """

    def __init__(self, top_rung: int) -> None:
        self._top_rung = top_rung
        self.ranked: RankedScore | None = None
        """None before there is any."""

    @property
    def value(self) -> float | None:
        """The best value so far; None before there is any."""
        return self.ranked.value if self.ranked else None

    def add(self, result: TrialResult) -> None:
        """Take a result into account."""
        if result.rung >= self._top_rung and result.score.feasible and math.isfinite(result.score.value):
            self.ranked = max(self.ranked or result.ranked, result.ranked)


class ProgressCounter:
    """Counts what has happened in a search.

    Args:
        top_rung: the least rung of a score that may be best.
        events: so far.
    """

    def __init__(self, top_rung: int, events: Iterable[Event] = ()) -> None:
        self.best = RunningBest(top_rung)
        self.results = 0
        """Results of all trials."""
        self.ended = 0
        """Trials that have ended, failed ones included."""
        self.failed = 0
        """Trials that have failed for good."""
        self.infeasible = 0
        """Trials whose first placement could not be built."""
        self.rays_per_ap = 0.0
        """Rays per access point, of all trials together."""
        self.elapsed_s = 0.0
        """Seconds that the search has run, in all of its sessions."""
        self._counted: dict[str, set[ResultKey]] = {}  # by trial; of those that have not ended
        for event in events:
            self.add(event)

    def add(self, event: Event) -> None:
        """Take an event into account."""
        self.failed += isinstance(event, Failed)
        if isinstance(event, Reported):
            self.results += 1
            self.elapsed_s = max(self.elapsed_s, event.elapsed_s)
            counted = self._counted.setdefault(event.trial_id, set())
            if event.key not in counted:  # of a trial that was set back, a result may come again
                counted.add(event.key)
                self.infeasible += event.iteration == 1 and not event.result.score.feasible
                self.rays_per_ap += event.result.iteration_rays_per_ap
                self.best.add(event.result)
        if isinstance(event, TrialEvent) and ends_trial(event):
            self.ended += 1
            self._counted.pop(event.trial_id, None)
