"""What has happened in a search, counted as its events come in: a long one costs no more to follow than a short one."""

from collections import Counter
from collections.abc import Iterable, Sequence

from search_records.journal import Event
from search_records.rows import Row, ranked
from search_records.running_best import RunningBest
from trainables.objectives import METRIC

SHOWN_PLACEMENTS = 2_000
"""How many of the best placements are remembered."""

FIRST_STAGE = 1


class History:
    """What a report tells of the way a search went.

    Args:
        genes: what makes a placement.
        top_rung: the least rung of a score that may be best.
    """

    def __init__(self, genes: Sequence[str], top_rung: int) -> None:
        self._genes = tuple(genes)
        self.standing = RunningBest(METRIC, top_rung)
        """Rays and best score so far."""
        self.curve: list[tuple[float, float, float]] = []
        """Rays per AP, seconds and best P5 [dBm] so far, at every improvement."""
        self.failures: Counter[str] = Counter()
        """Trials that have failed, by cause."""
        self.results = 0
        """Of all trials."""
        self.ended = 0
        """Trials that have ended."""
        self.refinements: list[int] = []
        """Starts of each second stage."""
        self.seconds = 0.0
        """Seconds that its trials have run."""
        self.state = ""
        """The last of ``session``, ``finished`` and ``without winner``."""
        self._furthest: dict[str, int] = {}
        self._stopped: Counter[int] = Counter()
        self._rows: list[Row] = []
        self._ranked: list[Row] = []

    def add(self, events: Iterable[Event]) -> None:
        """Take the next events into account."""
        for event in events:
            kind = event["event"]
            self.ended += kind in ("failed", "dropped") or event.get("done", False)
            if kind == "reported":
                self._add_result(event)
            elif kind == "failed":
                self.failures[event["cause"]] += 1
            elif kind == "dropped":
                self._stopped[self._furthest.get(event["trial"], 0)] += 1
            elif kind == "refinement":
                self.refinements.append(len(event["starts"]))
            elif kind in ("session", "finished", "without winner"):
                self.state = kind

    @property
    def ranked(self) -> list[Row]:
        """The best placements, each once, best first."""
        if self._rows:
            self._rank()
        return self._ranked

    @property
    def reached(self) -> dict[int, int]:
        """Trials of the first stage that have come at least as far as each iteration."""
        last = Counter(self._furthest.values())
        return {iteration: sum(n for at, n in last.items() if at >= iteration) for iteration in sorted(last)}

    @property
    def stopped(self) -> Counter[int]:
        """Trials of the first stage that a scheduler has stopped after each iteration."""
        return self._stopped

    def _add_result(self, event: Event) -> None:
        row = Row(event["trial"], event["iteration"], float(event["elapsed_s"]), event["result"])
        self.results += 1
        self.seconds = max(self.seconds, row.elapsed_s)
        before = self.standing.best
        self.standing.count(row.key, row.values)
        if self.standing.best is not None and self.standing.best != before:
            self.curve.append((self.standing.rays_per_ap, row.elapsed_s, self.standing.best))
        if event["stage"] == FIRST_STAGE:
            self._furthest[row.trial_id] = max(row.iteration, self._furthest.get(row.trial_id, 0))
            self._stopped[row.iteration] += event["done"] and not row.values["complete"]
        self._rows.append(row)
        if len(self._rows) > SHOWN_PLACEMENTS:
            self._rank()

    def _rank(self) -> None:
        self._ranked = ranked([*self._ranked, *self._rows], self._genes)[:SHOWN_PLACEMENTS]
        self._rows = []
