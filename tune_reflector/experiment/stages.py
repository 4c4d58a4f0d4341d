"""The stages of a search: itself, and its refinement. Each is a search of its own for Tune; they share one table."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search_records.atomic_files import write_json
from search_records.journal import Event, Journal, reports
from search_records.results_table import ResultsTable, SearchClock
from search_records.rows import read_rows
from trainables.objectives import METRIC
from trainables.settings import COPY, GradientSettings
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.experiment.resume import budget_of
from tune_reflector.experiment.session import Session
from tune_reflector.refinement.settings import distinct_starts
from tune_reflector.runs.history import FIRST_STAGE
from tune_reflector.runs.layout import MAPS_FILE, TABLE_FILE
from tune_reflector.schedulers.population import copying
from tune_reflector.schedulers.settings import PopulationSettings
from tune_reflector.searchers.settings import GaSettings

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.search import Searcher

    from tune_reflector.reporting.live_process import LiveReportProcess

REFINEMENT_FOLDER, STARTS_FILE = "refinement", "starts.json"
STATES_FOLDER = "searcher"

REFINEMENT_TIME = 0.3
"""Share of a time budget that is left to the second stage."""

METRICS = (
    "p5_rss_dbm",
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
"""Columns of every results table, after the genes and the candidate's origin."""


@dataclass(frozen=True)
class Stage:
    """A part of a run that Tune sees as a search of its own."""

    number: int
    config: SearchConfig
    build: "Callable[[], Searcher]"
    """Makes its searcher."""


def stages(session: Session) -> Iterator[Stage]:
    """The search and, once it is over, its refinement; a search that is over already is left out."""
    from tune_reflector.searchers.build import build_refiner, build_searcher

    config, journal = session.config, session.journal
    refinement = _refinement(journal.read(), config)
    if refinement is None:
        yield Stage(FIRST_STAGE, config, lambda: build_searcher(config.searcher, config.space(), config.seed))
    if config.refine is None:
        return
    if refinement is None:
        refinement = _begin_refinement(config, journal)
    starts = refinement["starts"]
    if starts:
        session.console.say(f"refining the best {len(starts)}")
        settings, space = config.refine, config.site().space
        yield Stage(
            refinement["number"],
            config.refined(len(starts)),
            lambda: build_refiner(settings, space, starts, config.seed),
        )


def _refinement(events: Iterable[Event], config: SearchConfig) -> Event | None:
    """The refinement that has begun; None if the search before it is not over, or goes on with a larger budget."""
    found = [event for event in events if event["event"] == "refinement"]
    return found[-1] if found and found[-1]["budget"] == budget_of(config) else None


def _begin_refinement(config: SearchConfig, journal: Journal) -> Event:
    """Choose where the second stage starts, for good; after a larger budget it is a third one, and so on."""
    assert config.refine is not None
    folder = config.run_dir / REFINEMENT_FOLDER
    rows = (row for row in read_rows(config.run_dir / TABLE_FILE) if row.values["stage"] == FIRST_STAGE)
    starts = distinct_starts(rows, config.site().space, config.refine)
    folder.mkdir(exist_ok=True)
    write_json(folder / STARTS_FILE, starts)
    earlier = sum(event["event"] == "refinement" for event in journal.read())
    event = {"event": "refinement", "number": FIRST_STAGE + 1 + earlier, "starts": starts, "budget": budget_of(config)}
    journal.append(event)
    return event


def launch_stage(session: Session, stage: Stage, companion: "LiveReportProcess | None") -> None:
    """Run the trials of one stage."""
    from callbacks.best_map_keeper import BestMapKeeper
    from callbacks.fault_tolerant import FaultTolerantCallback
    from callbacks.generations import Generations
    from callbacks.live_report_watcher import LiveReportWatcher
    from callbacks.progress import Progress
    from callbacks.progress_counter import ProgressCounter
    from tune_reflector.execution.candidates import Candidates, Recorder
    from tune_reflector.execution.launch import Launch
    from tune_reflector.schedulers.settings import build_scheduler
    from tune_reflector.searchers.searcher_state import SearcherStates

    config, journal, console = session.config, session.journal, session.console
    folder = config.run_dir
    columns = _columns(config)
    events = journal.read()
    table = ResultsTable(folder / TABLE_FILE, columns, reports(events))
    clock = SearchClock(folder / TABLE_FILE)
    rows = list(read_rows(folder / TABLE_FILE))
    candidates = Candidates(
        journal,
        events,
        stage.build,
        SearcherStates(folder / STATES_FOLDER, stage.number),
        stage.config.num_trials,
        columns,
        stage.number,
    )
    tally = ProgressCounter(METRIC, stage.config.top_rung, candidates, rows)
    time_s = config.budget.time_s
    if time_s is not None:
        if config.refine and stage.number == FIRST_STAGE:
            time_s *= 1 - REFINEMENT_TIME
        time_s -= clock.elapsed_s()  # earlier sessions and stages have spent some
        if time_s <= 0:
            console.say("no time is left for it" if stage.number > FIRST_STAGE else "no time is left for the search")
            return
    rays = _rays_of_stage(config, stage)
    if tally.rays_per_ap >= rays or (candidates.finished and not candidates.to_come):
        return
    searcher: Any = candidates.searcher
    evolves = stage.number == FIRST_STAGE and isinstance(config.searcher, GaSettings)
    generations = len(searcher.statistics) if evolves else 0
    genes = [gene.name for gene in session.evaluator.site.space.genes]
    elsewhere = candidates.ended - (stage.config.num_trials - candidates.to_come)
    shown_only: list[Callback] = [BestMapKeeper(folder / MAPS_FILE, genes, tally.best_at)]
    if evolves:
        shown_only.append(Generations(folder, lambda: searcher.statistics, lambda: searcher.hall_of_fame))
    if console.mode == "lines":
        shown_only.append(Progress(tally, stage.config.num_trials + elsewhere, time_s, rays))
    if companion is not None:
        shown_only.append(LiveReportWatcher(companion))
    launch = Launch(
        config=stage.config,
        candidates=candidates,
        scheduler=build_scheduler(
            stage.config.scheduler,
            stage.config.rays_per_iteration(),
            copying(stage.config),
            [event for event in events if event.get("stage") == stage.number],
        ),
        callbacks=[
            Recorder(candidates, table, clock.elapsed_s),
            tally,
            *(FaultTolerantCallback(callback, console.warn) for callback in shown_only),
        ],
        workers=session.workers,
        use_gpu=session.backend.name == "cuda",
        folder=folder,
        time_s=time_s,
        out_of_rays=lambda: tally.rays_per_ap >= rays,
        say=console.say,
        warn=console.warn,
    )
    number = journal.length
    journal.append({"event": "session", "stage": stage.number})
    before_s = clock.elapsed_s()
    if config.launch == "local":
        from tune_reflector.execution.local_loop import run as run_trials
    else:
        from tune_reflector.execution.ray_tune import run as run_trials
    try:
        run_trials(launch, number)
    finally:
        table.close()
    if (
        evolves
        and config.launch == "ray"
        and isinstance(config.searcher, GaSettings)
        and config.searcher.mode == "generational"
    ):
        idle_s = sum(entry["idle_s"] for entry in searcher.statistics[generations:])
        waited = idle_s / (session.workers * (clock.elapsed_s() - before_s))
        console.say(f"workers waited {waited:.1%} of the time for the last of a generation")


def _rays_of_stage(config: SearchConfig, stage: Stage) -> float:
    """Rays per access point at which a stage ends, earlier ones included; the first leaves the second its share."""
    rays = config.budget.rays_per_ap
    if rays is None:
        return math.inf
    return rays - config.refinement_rays_per_ap() if stage.number == FIRST_STAGE else rays


def _columns(config: SearchConfig) -> list[str]:
    """Columns of the results table, which all stages share."""
    from tune_reflector.searchers.algorithms.base import NEIGHBOURHOOD, ORIGIN

    stages = config.stages()
    genes = dict.fromkeys(gene.name for gene in (*config.site().space.genes, *config.space().genes))
    searchers = [config.searcher, getattr(config.refine, "searcher", None)]
    evolves = any(isinstance(searcher, GaSettings) for searcher in searchers)
    origin = [key for key in ORIGIN if (config.refine if key == NEIGHBOURHOOD else evolves)]
    climbs = any(isinstance(stage.trainable, GradientSettings) for stage in stages)
    copies = (COPY,) if isinstance(config.scheduler, PopulationSettings) else ()
    numbers = ("stage",) if config.refine else ()
    return [*genes, *origin, *copies, *METRICS, *(("step_p5_rss_dbm",) if climbs else ()), *numbers]
