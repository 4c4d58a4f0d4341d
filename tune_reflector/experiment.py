"""One search from preflight to result: this module is the order in which things happen."""

import json
import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from callbacks.files import shown, write_json, write_text
from callbacks.provenance import package_versions, provenance
from trainables.backend import Backend, BackendError
from trainables.evaluator import PlacementEvaluator
from trainables.scene_source import scene_sha256
from trainables.settings import COPY, GradientTrialSettings
from tune_reflector import preflight
from tune_reflector.config import SearchConfig
from tune_reflector.config_file import ConfigError, dump_config
from tune_reflector.population import copying
from tune_reflector.preflight import (
    BEST_FILE,
    CONFIG_FILE,
    PROVENANCE_FILE,
    SAME_VERSIONS,
    TABLE_FILE,
    Machine,
)
from tune_reflector.refinement import distinct_starts
from tune_reflector.schedulers import PopulationSettings
from tune_reflector.searchers.settings import GaSettings

if TYPE_CHECKING:
    from ray.tune.search import Searcher

FIGURE_FILE = "placement.png"
TENSORBOARD_FOLDER = "tensorboard"
REFINEMENT_FOLDER, STARTS_FILE = "refinement", "starts.json"

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

OK, FAILED, INTERRUPTED = 0, 1, 130
"""Exit codes; bad input, found by a ``ConfigError``, is 2."""


def say(line: str) -> None:
    """Print for people, at once."""
    print(line, flush=True)


def start(config: SearchConfig, overwrite: bool = False, dry_run: bool = False) -> int:
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
        time_s = preflight.estimated_s(config, evaluator, workers)
        say(preflight.describe(config, evaluator.site, backend, workers, time_s))
        for warning in preflight.warnings(config, evaluator.site, workers):
            say(warning)
        if dry_run:
            return OK
        with _naming_results_dir():
            _make_folder(config, backend, overwrite)
        return _search(config, evaluator, backend, workers, resume=False)


def resume(folder: Path) -> int:
    """Continue an interrupted search; returns the exit code.

    Raises:
        ConfigError: the folder is no run, or one of other versions.
    """
    config = preflight.load_run(folder.absolute(), package_versions(SAME_VERSIONS))
    if (config.run_dir / BEST_FILE).exists():
        say(f"{shown(config.run_dir)} is finished: see {BEST_FILE} in it")
        return OK
    preflight.check_packages(config)
    backend, evaluator = _prepare(config)
    with _machine(config, backend) as machine:
        workers = machine.workers(config, backend)
        return _search(config, evaluator, backend, workers, resume=True)


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
    write_text(folder / CONFIG_FILE, dump_config(config))
    about = provenance(SAME_VERSIONS, backend.description, config.seed, Path(__file__).parent)
    write_json(folder / PROVENANCE_FILE, about | {"scene_sha256": scene_sha256(config.scene)})


@dataclass(frozen=True)
class _Stage:
    """A part of a run that Tune sees as a search of its own."""

    number: int
    config: SearchConfig
    searcher: "Searcher"
    folder: Path


def _search(config: SearchConfig, evaluator: PlacementEvaluator, backend: Backend, workers: int, resume: bool) -> int:
    """Search, measure the winner, write the results."""
    try:
        for stage in _stages(config):
            if not _launch(config, stage, backend, workers, resume):
                raise KeyboardInterrupt
        return _finish(config, evaluator)
    except KeyboardInterrupt:
        say(f"\ninterrupted; resume with: python -m tune_reflector.search --resume {shown(config.run_dir)}")
        return INTERRUPTED


def _stages(config: SearchConfig) -> Iterator[_Stage]:
    """The search and, once it is over, its refinement; a search that is over already is left out."""
    from callbacks.rows import read_rows
    from tune_reflector.searchers.build import build_refiner, build_searcher

    starts_file = config.run_dir / REFINEMENT_FOLDER / STARTS_FILE
    if not starts_file.exists():
        yield _Stage(1, config, build_searcher(config.searcher, config.space(), config.seed), config.run_dir)
    if config.refine is None:
        return
    space = config.site().space
    if not starts_file.exists():
        starts_file.parent.mkdir(exist_ok=True)
        write_json(starts_file, distinct_starts(read_rows(config.run_dir / TABLE_FILE), space, config.refine))
    starts = json.loads(starts_file.read_text(encoding="utf-8"))
    if starts:
        say(f"refining the best {len(starts)}")
        refiner = build_refiner(config.refine, space, starts, config.seed)
        yield _Stage(2, config.refined(len(starts)), refiner, starts_file.parent)


def _launch(config: SearchConfig, stage: _Stage, backend: Backend, workers: int, resume: bool) -> bool:
    """Run the trials of one stage; False if they were interrupted."""
    from callbacks.generations import Generations
    from callbacks.progress import Progress
    from callbacks.results import ResultsTable, SearchClock
    from callbacks.rows import read_rows
    from callbacks.tally import Tally
    from callbacks.tensorboard import BestCurve
    from tune_reflector.launch import Launch
    from tune_reflector.schedulers import build_scheduler
    from tune_reflector.searchers.base import METRIC

    folder, searcher = config.run_dir, stage.searcher
    table = folder / TABLE_FILE
    clock = SearchClock(table)
    rows = list(read_rows(table))
    tally = Tally(METRIC, stage.config.top_rung, rows)
    time_s = config.budget.time_s
    if time_s is not None:
        if config.refine and stage.number == 1:
            time_s *= 1 - REFINEMENT_TIME
        time_s -= clock.elapsed_s()  # earlier sessions and stages have spent some
        if time_s <= 0:
            say("no time is left for it" if stage.number > 1 else "no time is left for the search")
            return True
    rays = _rays_of_stage(config, stage)
    if tally.rays_per_ap >= rays:
        return True
    evolves = stage.number == 1 and isinstance(config.searcher, GaSettings)
    chronicle = [Generations(folder, lambda: searcher.statistics, lambda: searcher.hall_of_fame)] if evolves else []
    earlier = len({row.trial_id for row in rows if row.values.get("stage", 1) < stage.number})
    launch = Launch(
        config=stage.config,
        searcher=searcher,
        scheduler=build_scheduler(stage.config.scheduler, stage.config.rays_per_iteration(), copying(stage.config)),
        callbacks=[
            tally,
            ResultsTable(table, _columns(config), clock, {"stage": stage.number} if config.refine else None),
            *chronicle,
            BestCurve(folder / TENSORBOARD_FOLDER, tally, clock),
            Progress(tally, stage.config.num_trials + earlier, time_s, rays),
        ],
        workers=workers,
        use_gpu=backend.name == "cuda",
        folder=stage.folder,
        resume=resume,
        time_s=time_s,
        ended=len(
            {row.trial_id for row in rows if row.values["complete"] and row.values.get("stage", 1) == stage.number}
        ),
        out_of_rays=lambda: tally.rays_per_ap >= rays,
    )
    before_s = clock.elapsed_s()
    if config.launch == "local":
        from tune_reflector import launch_local

        return launch_local.run(launch)
    from tune_reflector import launch_ray

    done = launch_ray.run(launch)
    if isinstance(config.searcher, GaSettings) and config.searcher.mode == "generational" and stage.number == 1:
        waited = sum(entry["idle_s"] for entry in searcher.statistics) / (workers * (clock.elapsed_s() - before_s))
        say(f"workers waited {waited:.1%} of the time for the last of a generation")
    return done


def _rays_of_stage(config: SearchConfig, stage: _Stage) -> float:
    """Rays per access point at which a stage ends, earlier ones included; the first leaves the second its share."""
    rays = config.budget.rays_per_ap
    if rays is None:
        return math.inf
    return rays - config.refinement_rays_per_ap() if stage.number == 1 else rays


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
    return [*genes, *origin, *copies, *METRICS, *(("step_p5_rss_dbm",) if climbs else ())]


def _finish(config: SearchConfig, evaluator: PlacementEvaluator) -> int:
    """Measure the winner and write what the run leaves behind."""
    from callbacks.rows import read_rows
    from tune_reflector.figure import save_figure
    from tune_reflector.final import best_json, find_winner, summary

    folder = config.run_dir
    evaluator.set_threads(None)
    rows = list(read_rows(folder / TABLE_FILE))
    if not rows:
        say("no trial gave a result; launch=local writes the reason to errors.txt")
        return FAILED
    winner = find_winner(config, rows, evaluator, say)
    if winner is None:
        say(f"no feasible placement in {config.num_trials} trials; widen access_points.areas or raise budget.trials")
        return FAILED
    save_figure(folder / FIGURE_FILE, winner, evaluator)
    write_json(folder / BEST_FILE, best_json(config, winner, evaluator))
    say("\n" + summary(winner, config.objective.coverage_threshold_dbm))
    say(f"\n{shown(folder)}: {BEST_FILE}, {FIGURE_FILE}, {TABLE_FILE}, {CONFIG_FILE}, {PROVENANCE_FILE}")
    say(f"curves: tensorboard --logdir {shown(folder / TENSORBOARD_FOLDER)}")
    return OK
