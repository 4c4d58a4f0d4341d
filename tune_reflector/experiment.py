"""One search from preflight to result: this module is the order in which things happen."""

import math
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callbacks.files import shown, write_json
from callbacks.journal import Event, Journal, JournalError, reports
from callbacks.provenance import package_versions, provenance
from callbacks.results import ResultsTable, SearchClock
from callbacks.rows import read_rows
from search_spaces.design import Placement
from trainables.backend import Backend, BackendError
from trainables.evaluator import PlacementEvaluator
from trainables.objectives import METRIC, MapError
from trainables.settings import COPY, GradientTrialSettings
from tune_reflector import preflight
from tune_reflector.config import SearchConfig
from tune_reflector.config_file import ConfigError
from tune_reflector.console import Console, EventStream
from tune_reflector.population import copying
from tune_reflector.preflight import (
    BEST_FILE,
    CONFIG_FILE,
    MAPS_FILE,
    PAGE_FILE,
    PROVENANCE_FILE,
    SAME_VERSIONS,
    TABLE_FILE,
    Machine,
)
from tune_reflector.refinement import distinct_starts
from tune_reflector.resumption import budget_of, check_device, is_finished, load_run, record_new_run, record_session
from tune_reflector.schedulers import PopulationSettings
from tune_reflector.searchers.settings import GaSettings
from tune_reflector.signals import exit_code

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.search import Searcher

    from tune_reflector.companion import Companion

REFINEMENT_FOLDER, STARTS_FILE = "refinement", "starts.json"
STATES_FOLDER = "searcher"

FIRST_STAGE = 1

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

OK, FAILED = 0, 1
"""Exit codes; bad input, found by a ``ConfigError``, is 2, and after a signal it is 128 + its number."""


LINES = Console()


def start(config: SearchConfig, overwrite: bool = False, dry_run: bool = False, console: Console = LINES) -> int:
    """Run a new search, or only check that it could run; returns the exit code.

    Raises:
        ConfigError: something is wrong that can be known before the search starts.
    """
    preflight.check_packages(config)
    with _naming_results_dir():
        config = config.named()
        preflight.check_new_run(config, overwrite)
    backend, evaluator = _prepare(config)
    with _machine(config, backend) as machine:
        workers = machine.workers(config, backend)
        s_per_ray = preflight.seconds_per_ray(config, evaluator)
        time_s = preflight.estimated_s(config, s_per_ray, workers)
        console.say(preflight.describe(config, evaluator.site, backend, workers, time_s))
        for warning in preflight.warnings(config, evaluator.site, workers, s_per_ray):
            console.warn(warning)
        if dry_run:
            return OK
        with _naming_results_dir():
            _make_folder(config, backend, overwrite)
        run = _Run(config, evaluator, backend, workers, preflight.open_journal(config.run_dir), console)
        return _search(run)


def resume(folder: Path, overrides: Sequence[str] = (), other_versions: bool = False, console: Console = LINES) -> int:
    """Continue an interrupted search, or a finished one with a larger budget; returns the exit code.

    Args:
        folder: of the run.
        overrides: ``key=value`` of what may change.
        other_versions: go on although packages have changed.
        console: what is told goes there.

    Raises:
        ConfigError: the folder is no run, or one that cannot be gone on with here.
    """
    versions = package_versions(SAME_VERSIONS)
    config, changes = load_run(folder.absolute(), versions, overrides, other_versions)
    journal = preflight.open_journal(config.run_dir)
    try:
        finished = is_finished(journal.read(), config) and (config.run_dir / BEST_FILE).exists()
        if finished and not changes:
            console.say(
                f"{shown(config.run_dir)} is finished: see {BEST_FILE} in it; a larger budget would go on with it"
            )
            return OK
        preflight.check_packages(config)
        backend, evaluator = _prepare(config)
        if not other_versions:
            check_device(config.run_dir, backend.description)
        with _machine(config, backend) as machine:
            workers = machine.workers(config, backend)
            with _naming_results_dir():
                record_session(config.run_dir, config, changes)
            return _search(_Run(config, evaluator, backend, workers, journal, console))
    finally:
        journal.close()


def _prepare(config: SearchConfig) -> tuple[Backend, PlacementEvaluator]:
    """The backend, and the scene loaded in this process: it checks the scene now and measures the winner later."""
    backend = preflight.check_backend(config)
    preflight.check_feasible(config.site())
    try:
        evaluator = PlacementEvaluator(config.problem())
    except BackendError as error:
        raise ConfigError(str(error)) from None
    except (ValueError, RuntimeError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"scene: must be one that Sionna can load at radio.frequency_hz={config.radio.frequency_hz:g}, but it "
            f"says: {reason}; correct the scene or the frequency"
        ) from None
    preflight.check_scene(config, evaluator)
    return backend, evaluator


@contextmanager
def _machine(config: SearchConfig, backend: Backend) -> Iterator[Machine]:
    """What the trials can use: this machine, or the cluster that ``ray.address`` names."""
    if config.launch == "local" or config.ray.address is None:
        yield Machine.local(backend)
    else:
        from tune_reflector.launch_ray import existing_cluster

        with existing_cluster(config.ray.address) as resources:
            yield Machine(resources.get("CPU", 0), resources.get("GPU", 0))


@contextmanager
def _naming_results_dir() -> Iterator[None]:
    """Turn what the operating system says of the folder into one line."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"results_dir: must be a folder that can be written, but {error.filename}: {error.strerror}; choose another"
        ) from None


def _make_folder(config: SearchConfig, backend: Backend, overwrite: bool) -> None:
    folder = config.run_dir
    if overwrite and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    record_new_run(folder, config, provenance(SAME_VERSIONS, backend.description, config.seed, Path(__file__).parent))


@dataclass(frozen=True)
class _Run:
    """One session of a search, with all that its parts share."""

    config: SearchConfig
    evaluator: PlacementEvaluator
    backend: Backend
    workers: int
    journal: Journal
    console: Console


@dataclass(frozen=True)
class _Stage:
    """A part of a run that Tune sees as a search of its own."""

    number: int
    config: SearchConfig
    build: "Callable[[], Searcher]"
    """Makes its searcher."""


def _search(run: _Run) -> int:
    """Search, measure the winner, write the results."""
    config, journal, console = run.config, run.journal, run.console
    for part in config.run_dir.glob(".*.part"):
        part.unlink()  # of a session that was killed while it wrote
    remedy = f"resume with: python -m tune_reflector.search --resume {shown(config.run_dir)}"
    if console.mode == "json":
        journal.listener = EventStream(console, config.top_rung, journal.read())
    try:
        with _reporting(run) as companion:
            for stage in _stages(run):
                _launch(run, stage, companion)
            code = _finish(run)
            ending = {"event": "finished", "budget": budget_of(config)} if code == OK else {"event": "without winner"}
            journal.append(ending)
        if code == OK:
            _point_to_results(run)
        return code
    except KeyboardInterrupt as interruption:
        console.warn(f"\ninterrupted; {remedy}")
        return exit_code(interruption)
    except OSError as error:
        console.warn(
            f"\nstopped: {error.filename or shown(config.run_dir)}: {error.strerror or error}; make room, then {remedy}"
        )
        return FAILED
    except JournalError as error:
        raise ConfigError(str(error)) from None
    finally:
        with suppress(OSError):
            journal.close()


@contextmanager
def _reporting(run: _Run) -> Iterator["Companion | None"]:
    """A report that is current while the search runs, and complete at its end."""
    from tune_reflector.companion import INTERRUPTED_PATIENCE_S, Companion

    every_s, folder = run.config.report.every_s, run.config.run_dir
    if every_s is None:
        yield None
        return
    companion = Companion(folder, every_s, run.console.warn)
    try:
        yield companion
    except BaseException:
        companion.end(INTERRUPTED_PATIENCE_S)
        raise
    try:
        companion.end()
    except KeyboardInterrupt:  # the search is over all the same
        companion.end(0.0)


def _stages(run: _Run) -> Iterator[_Stage]:
    """The search and, once it is over, its refinement; a search that is over already is left out."""
    from tune_reflector.searchers.build import build_refiner, build_searcher

    config, journal = run.config, run.journal
    refinement = _refinement(journal.read(), config)
    if refinement is None:
        yield _Stage(FIRST_STAGE, config, lambda: build_searcher(config.searcher, config.space(), config.seed))
    if config.refine is None:
        return
    if refinement is None:
        refinement = _begin_refinement(config, journal)
    starts = refinement["starts"]
    if starts:
        run.console.say(f"refining the best {len(starts)}")
        settings, space = config.refine, config.site().space
        yield _Stage(
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


def _launch(run: _Run, stage: _Stage, companion: "Companion | None") -> None:
    """Run the trials of one stage."""
    from callbacks.generations import Generations
    from callbacks.harmless import Harmless
    from callbacks.map_keeper import MapKeeper
    from callbacks.progress import Progress
    from callbacks.tally import Tally
    from tune_reflector.candidates import Candidates, Recorder
    from tune_reflector.companion import Caretaker
    from tune_reflector.launch import Launch
    from tune_reflector.schedulers import build_scheduler
    from tune_reflector.searchers.states import SearcherStates

    config, journal, console = run.config, run.journal, run.console
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
    tally = Tally(METRIC, stage.config.top_rung, candidates, rows)
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
    genes = [gene.name for gene in run.evaluator.site.space.genes]
    elsewhere = candidates.ended - (stage.config.num_trials - candidates.to_come)
    shown_only: list[Callback] = [MapKeeper(folder / MAPS_FILE, genes, tally.best_at)]
    if evolves:
        shown_only.append(Generations(folder, lambda: searcher.statistics, lambda: searcher.hall_of_fame))
    if console.mode == "lines":
        shown_only.append(Progress(tally, stage.config.num_trials + elsewhere, time_s, rays))
    if companion is not None:
        shown_only.append(Caretaker(companion))
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
            *(Harmless(callback, console.warn) for callback in shown_only),
        ],
        workers=run.workers,
        use_gpu=run.backend.name == "cuda",
        folder=folder,
        time_s=time_s,
        out_of_rays=lambda: tally.rays_per_ap >= rays,
        say=console.say,
        warn=console.warn,
    )
    session = journal.length
    journal.append({"event": "session", "stage": stage.number})
    before_s = clock.elapsed_s()
    if config.launch == "local":
        from tune_reflector.launch_local import run as run_trials
    else:
        from tune_reflector.launch_ray import run as run_trials
    try:
        run_trials(launch, session)
    finally:
        table.close()
    if (
        evolves
        and config.launch == "ray"
        and isinstance(config.searcher, GaSettings)
        and config.searcher.mode == "generational"
    ):
        idle_s = sum(entry["idle_s"] for entry in searcher.statistics[generations:])
        waited = idle_s / (run.workers * (clock.elapsed_s() - before_s))
        console.say(f"workers waited {waited:.1%} of the time for the last of a generation")


def _rays_of_stage(config: SearchConfig, stage: _Stage) -> float:
    """Rays per access point at which a stage ends, earlier ones included; the first leaves the second its share."""
    rays = config.budget.rays_per_ap
    if rays is None:
        return math.inf
    return rays - config.refinement_rays_per_ap() if stage.number == FIRST_STAGE else rays


def _columns(config: SearchConfig) -> list[str]:
    """Columns of the results table, which all stages share."""
    from tune_reflector.searchers.base import NEIGHBOURHOOD, ORIGIN

    stages = config.stages()
    genes = dict.fromkeys(gene.name for gene in (*config.site().space.genes, *config.space().genes))
    searchers = [config.searcher, getattr(config.refine, "searcher", None)]
    evolves = any(isinstance(searcher, GaSettings) for searcher in searchers)
    origin = [key for key in ORIGIN if (config.refine if key == NEIGHBOURHOOD else evolves)]
    climbs = any(isinstance(stage.trainable, GradientTrialSettings) for stage in stages)
    copies = (COPY,) if isinstance(config.scheduler, PopulationSettings) else ()
    numbers = ("stage",) if config.refine else ()
    return [*genes, *origin, *copies, *METRICS, *(("step_p5_rss_dbm",) if climbs else ()), *numbers]


def _finish(run: _Run) -> int:
    """Measure the winner and write what the run leaves behind."""
    from tune_reflector.final import best_json, best_map, find_winner, summary

    config, evaluator, console, folder = run.config, run.evaluator, run.console, run.config.run_dir
    evaluator.set_threads(None)
    _tell_of_failures(run)
    rows = list(read_rows(folder / TABLE_FILE))
    if not rows:
        console.warn("no trial gave a result")
        return FAILED
    try:
        winner = find_winner(config, rows, evaluator, console.say)
    except MapError as error:
        console.warn(f"the winner cannot be measured: {error}")
        return FAILED
    if winner is None:
        console.warn(
            f"no feasible placement in {config.num_trials} trials; widen access_points.areas or raise budget.trials"
        )
        return FAILED
    best_map(winner).write(folder / MAPS_FILE)
    best = best_json(config, winner, evaluator)
    write_json(folder / BEST_FILE, best)
    console.event("winner", **best)
    if config.report.figures:
        _draw(run, winner.placement)
    console.say("\n" + summary(winner, config.objective.coverage_threshold_dbm))
    return OK


def _draw(run: _Run, placement: Placement) -> None:
    """Draw the figures; what goes wrong with a picture costs nobody the result."""
    from tune_reflector.figures import FOLDER, save_figures
    from tune_reflector.run_data import RunData
    from tune_reflector.scene_figure import save_scene

    run.console.say("drawing the figures")
    folder = run.config.run_dir
    try:
        save_figures(RunData.read(folder))
        save_scene(folder / FOLDER, run.evaluator, placement, folder.name)
    except Exception as error:
        run.console.warn(f"the figures could not be drawn: {type(error).__name__}: {error}")


def _point_to_results(run: _Run) -> None:
    folder, report = run.config.run_dir, run.config.report
    files = [BEST_FILE, TABLE_FILE, CONFIG_FILE, PROVENANCE_FILE]
    files += ["figures/"] if report.figures else []
    run.console.say(f"\n{shown(folder)}: {', '.join(files)}")
    if report.every_s is not None:
        run.console.say(f"report: {shown(folder / PAGE_FILE)}; curves: tensorboard --logdir {shown(folder)}")


def _tell_of_failures(run: _Run) -> None:
    from tune_reflector.failures import ERRORS_FILE

    causes = Counter(event["cause"] for event in run.journal.read() if event["event"] == "failed")
    if causes:
        run.console.warn(f"{causes.total()} trial{'s' * (causes.total() > 1)} failed, see {ERRORS_FILE}:")
    for cause, count in causes.most_common():
        run.console.warn(f"  {count} x {cause}")
