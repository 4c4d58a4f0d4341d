"""The stages of a search: itself, and its refinement. Each is a search of its own for Tune; they share one table."""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_records.atomic_files import write_json
from search_records.events import FIRST_STAGE, Event, RefinementBegun, Reported, SessionBegun, TrialEvent
from search_records.progress import ProgressCounter
from search_records.results_table import ResultsTable
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.experiment.resume import budget_of
from tune_reflector.experiment.session import Session
from tune_reflector.refinement.settings import RefinementSettings
from tune_reflector.refinement.starts import distinct_starts
from tune_reflector.runs.layout import MAPS_FILE, SEARCHER_FOLDER, STARTS_FILE, TABLE_FILE
from tune_reflector.schedulers.build import build_scheduler

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.search import Searcher

    from tune_reflector.execution.launch import Launch
    from tune_reflector.reporting.live_process import LiveReportProcess

REFINEMENT_TIME = 0.3
"""Share of a time budget that is left to the second stage."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """A part of a run that Tune sees as a search of its own."""

    number: int
    config: SearchConfig
    build: "Callable[[], Searcher]"
    """Makes its searcher."""
    limits: "Limits"


@dataclass(frozen=True)
class Limits:
    """Limits of a stage, counted from the start of the whole search."""

    time_s: float | None
    rays_per_ap: float


def stages(session: Session) -> Iterator[Stage]:
    """The search and, once it is over, its refinement; a search that is over already is left out."""
    config, journal = session.config, session.journal
    begun = _refinement(journal.read(), config)
    if begun is None:
        yield _search(config)
    if config.refine is None:
        return
    begun = begun or _begin_refinement(session, config.refine)
    if begun.starts:
        _log.info("refining the best %d", len(begun.starts))
        yield _refining(config, config.refine, begun.number, begun.starts)


def _search(config: SearchConfig) -> Stage:
    """The first stage; it leaves a second one its share of time and rays."""
    budget = config.budget
    time_s, rays = budget.time_s, budget.rays_per_ap
    if time_s is not None and config.refine is not None:
        time_s *= 1 - REFINEMENT_TIME
    limits = Limits(time_s, math.inf if rays is None else rays - config.refinement_rays_per_ap())
    return Stage(FIRST_STAGE, config, lambda: config.searcher.build(config.space(), config.seed), limits)


def _refining(
    config: SearchConfig, refine: RefinementSettings, number: int, starts: Sequence[Mapping[str, float]]
) -> Stage:
    """The second stage, with all that is left."""
    budget, space = config.budget, config.plan.placement_space
    limits = Limits(budget.time_s, budget.rays_per_ap or math.inf)
    return Stage(number, config.refined(len(starts)), lambda: refine.build(space, starts, config.seed), limits)


def _refinement(events: Iterable[Event], config: SearchConfig) -> RefinementBegun | None:
    """The refinement that has begun; None if the search before it is not over, or goes on with a larger budget."""
    found = [event for event in events if isinstance(event, RefinementBegun)]
    return found[-1] if found and found[-1].budget == budget_of(config) else None


def _begin_refinement(session: Session, refine: RefinementSettings) -> RefinementBegun:
    """Choose where the second stage starts, for good; after a larger budget it is a third one, and so on."""
    config, journal = session.config, session.journal
    events = journal.read()
    results = (event for event in events if isinstance(event, Reported) and event.stage == FIRST_STAGE)
    starts = distinct_starts(results, config.plan.placement_space, refine)
    path = session.folder / STARTS_FILE
    path.parent.mkdir(exist_ok=True)
    write_json(path, starts)
    earlier = sum(isinstance(event, RefinementBegun) for event in events)
    begun = RefinementBegun(FIRST_STAGE + 1 + earlier, starts, budget_of(config))
    journal.append(begun)
    return begun


def run_stages(session: Session, report: "LiveReportProcess | None" = None) -> None:
    """Run all that has not run yet; ``report`` draws it meanwhile."""
    for stage in stages(session):
        StageRun(session, stage, report).run()


class StageRun:
    """The trials of one stage, as far as they have not run yet.

    Args:
        session: what all stages share.
        stage: which one.
        report: the process that draws, to be looked after.
    """

    def __init__(self, session: Session, stage: Stage, report: "LiveReportProcess | None") -> None:
        from tune_reflector.execution.recorder import SearchClock

        self._session, self._stage, self._report = session, stage, report
        self._folder, self._columns = session.folder, session.config.columns()
        self._events = session.journal.read()
        self._counter = ProgressCounter(stage.config.top_rung, self._events)
        self._clock = SearchClock(self._counter.elapsed_s)

    def run(self) -> None:
        """Run them."""
        stage, journal = self._stage, self._session.journal
        results = (event for event in self._events if isinstance(event, Reported))
        with_stages = self._session.config.refine is not None
        table = ResultsTable(self._folder / TABLE_FILE, self._columns, with_stages, results)
        try:
            time_s = None if stage.limits.time_s is None else stage.limits.time_s - self._clock.elapsed_s()
            if time_s is not None and time_s <= 0:
                _log.info("no time is left for %s", "it" if stage.number > FIRST_STAGE else "the search")
                return
            launch = self._launch(table, time_s)
            if launch.out_of_rays() or (launch.candidates.finished and not launch.candidates.to_come):
                return
            with journal.told_to(self._counter.add):
                journal.append(SessionBegun(stage.number))
                launch.run()
        finally:
            table.close()

    def _launch(self, table: ResultsTable, time_s: float | None) -> "Launch":
        """The stage, ready to run within the time that is left."""
        from tune_reflector.execution.candidates import Candidates
        from tune_reflector.execution.launch import Launch
        from tune_reflector.execution.recorder import Recorder
        from tune_reflector.searchers.searcher_state import SearcherStates

        session, stage, config = self._session, self._stage, self._stage.config
        states = SearcherStates(self._folder / SEARCHER_FOLDER, stage.number)
        candidates = Candidates(session.journal, self._events, stage.build, states, config.num_trials, stage.number)
        own = [event for event in self._events if isinstance(event, TrialEvent) and event.stage == stage.number]
        recorder = Recorder(candidates, self._columns, table, self._clock)
        return Launch(
            config=config,
            candidates=candidates,
            scheduler=build_scheduler(config.scheduler, config.plan, own),
            callbacks=[recorder, *self._shown(candidates.searcher, candidates.to_come, time_s)],
            workers=session.workers,
            use_gpu=session.backend.name == "cuda",
            folder=self._folder,
            time_s=time_s,
            out_of_rays=lambda: self._counter.rays_per_ap >= stage.limits.rays_per_ap,
            session_number=session.journal.length,
            remedy=session.remedy,
        )

    def _shown(self, searcher: "Searcher", to_come: int, time_s: float | None) -> "Iterator[Callback]":
        """What is only for show, so that it must not end a search."""
        from callbacks.best_map_keeper import BestMapKeeper
        from callbacks.fault_tolerant import FaultTolerantCallback
        from callbacks.live_report_watcher import LiveReportWatcher
        from callbacks.progress import Progress

        session, counter = self._session, self._counter
        config, objective = session.config, session.config.objective
        shape = (config.access_points.total, session.evaluator.site.grid.num_cells)
        shown: list[Callback] = [BestMapKeeper(self._folder / MAPS_FILE, self._columns, shape, counter.best.ranked)]
        if session.console.mode == "lines":  # before all that has something to say at the end
            total, rays = counter.ended + to_come, self._stage.limits.rays_per_ap
            shown.append(Progress(counter, objective.told, total, time_s, rays))
        if self._stage.number == FIRST_STAGE:
            shown += config.searcher.callbacks(searcher, self._folder, objective.metric, session.workers)
        if self._report is not None:
            shown.append(LiveReportWatcher(self._report))
        return (FaultTolerantCallback(callback) for callback in shown)
