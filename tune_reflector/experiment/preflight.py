"""What can be known before the search starts: is everything there, does it fit, how long will it take.

Every check raises ``ConfigError`` with a line that names the field, the rule, the value and the remedy.
"""

import math
import os
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np

from search_records.display import display_path, format_duration
from search_records.journal import Journal, JournalError, in_use
from trainables.buildings.sources import FloorPlanScene
from trainables.evaluator import PlacementEvaluator
from trainables.problem import Site
from trainables.settings import GradientSettings, PlacementSettings
from trainables.tracing.backend import Backend, BackendError, find_backend
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.refinement.settings import BoundsRefinement, GradientRefinement
from tune_reflector.runs.layout import JOURNAL_FILE, TABLE_FILE, is_run
from tune_reflector.schedulers.settings import AshaSettings, PopulationSettings
from tune_reflector.searchers.settings import GaSettings, GridSettings, OptunaSettings

MIN_FREE_MB = 200
SPEED_OF_LIGHT_M_S = 299_792_458.0


def check_backend(config: SearchConfig) -> Backend:
    """The backend of this machine."""
    try:
        return find_backend(config.resources.device)
    except BackendError as error:
        raise ConfigError(str(error)) from None


def check_packages(config: SearchConfig) -> None:
    """Optional packages that the configuration needs are installed."""
    from importlib.util import find_spec

    searchers = {"searcher": config.searcher}
    if isinstance(config.refine, BoundsRefinement):
        searchers["refine.searcher"] = config.refine.searcher
    for field, searcher in searchers.items():
        if isinstance(searcher, OptunaSettings) and searcher.sampler == "gp" and find_spec("torch") is None:
            raise ConfigError(
                f"{field}.sampler: gp needs PyTorch, which is not installed; run "
                "'pip install tune-reflector[gp]' or choose tpe"
            )

    if config.ray.dashboard and find_spec("aiohttp_cors") is None:
        raise ConfigError(
            "ray.dashboard: needs packages that are not installed; run 'pip install tune-reflector[dashboard]' or set "
            "it to false"
        )


def check_new_run(config: SearchConfig, overwrite: bool) -> None:
    """The run's folder can be made, has room, and holds nothing yet (or may be replaced)."""
    folder = config.run_dir
    if folder.exists() and not overwrite:
        raise ConfigError(
            f"name: a run must have a new name, but {folder} exists; choose another name, resume it with "
            f"--resume {folder}, or replace it with --overwrite"
        )
    if folder.exists() and (folder.is_symlink() or not is_run(folder)):
        raise ConfigError(f"name: --overwrite replaces runs only, but {folder} is none; choose another name")
    if in_use(folder / JOURNAL_FILE):
        raise ConfigError(f"name: --overwrite must not replace a run that goes on, but {folder} does; stop it first")
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise ConfigError(f"results_dir: must be a folder that can be written, but {existing} cannot; choose another")
    free_mb = shutil.disk_usage(existing).free // 2**20
    if free_mb < MIN_FREE_MB:
        raise ConfigError(f"results_dir: must have {MIN_FREE_MB} MB free, but {existing} has {free_mb}; make room")


def open_journal(folder: Path) -> Journal:
    """The journal of a run; no other process has it open."""
    path = folder / JOURNAL_FILE
    if (folder / TABLE_FILE).exists() and not path.exists():
        raise ConfigError(f"{path}: is missing; restore it, or start a new run")
    try:
        return Journal(path)
    except JournalError as error:
        raise ConfigError(str(error)) from None
    except OSError as error:
        raise ConfigError(f"{path}: must be a file that can be written, but: {error.strerror}; make it one") from None


def check_feasible(site: Site) -> None:
    """Some placement can be built at all."""
    try:
        site.space.sample(np.random.default_rng(0))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def warnings(config: SearchConfig, site: Site, workers: int, s_per_ray: float) -> list[str]:
    """What is allowed, but will not give what one may expect."""
    found = [*_small_plate(config, site), *_short_timeout(config, s_per_ray)]
    if isinstance(config.searcher, GaSettings) and (most := config.searcher.most_at_once) < workers:
        what = "population less elites" if config.searcher.mode == "generational" else "lag"
        found.append(f"warning: searcher's {what} is {most}, below the {workers} workers, of which some will idle")
    return found


def _short_timeout(config: SearchConfig, s_per_ray: float) -> list[str]:
    timeout_s = config.faults.trial_timeout_s
    if timeout_s is None or config.launch == "local":
        return []
    longest_s = max(
        max(after - before for before, after in pairwise((0, *stage.rays_per_iteration())))
        * s_per_ray
        * _time_per_ray(stage)
        for stage in config.stages()
    )
    if longest_s < timeout_s / 3:
        return []
    return [
        f"warning: faults.trial_timeout_s is {timeout_s:g}, and an iteration of a trial takes about {longest_s:.1f} s: "
        "trials that are merely slow would be taken for hanging; raise it"
    ]


def _small_plate(config: SearchConfig, site: Site) -> list[str]:
    if config.reflector is None or site.space.reflector is None:
        return []
    # First Fresnel zone: below this area ray optics flatters a mirror (d1 d2 / (d1 + d2) is the zone's focal length).
    wavelength_m = SPEED_OF_LIGHT_M_S / config.radio.frequency_hz
    wall_m = site.space.reflector.mount.wall_point(0.5, 0.5)[:2]
    to_aps_m, to_users_m = (
        float(np.hypot(area.centroid.x - wall_m[0], area.centroid.y - wall_m[1]))
        for area in (site.space.area, site.grid.region)
    )
    least_m2 = wavelength_m * to_aps_m * to_users_m / (to_aps_m + to_users_m)
    width_m, height_m = config.reflector.size_m
    if width_m * height_m >= least_m2:
        return []
    return [
        f"warning: reflector.size_m {list(config.reflector.size_m)} is below the Fresnel crossover, about "
        f"{least_m2**0.5:.2f} m a side at these distances; ray tracing makes so small a plate look better than it is"
    ]


def check_scene(config: SearchConfig, evaluator: PlacementEvaluator) -> None:
    """For scenes that are not floor plans: wall and zones lie inside the loaded geometry."""
    if isinstance(config.scene, FloorPlanScene):
        return
    low, high = evaluator.scene.bounds_m
    site = evaluator.site
    x_min, y_min, x_max, y_max = site.grid.region.bounds
    boxes = {"receivers.zones": np.array([[x_min, y_min], [x_max, y_max]])}
    if site.space.reflector is not None:
        wall = site.space.reflector.mount.wall
        boxes["reflector.wall"] = np.array([wall.top_left_m, wall.bottom_right_m])
    for field, corners in boxes.items():
        n = corners.shape[1]
        if np.any(corners < low[:n] - 0.5) or np.any(corners > high[:n] + 0.5):
            raise ConfigError(
                f"{field}: must lie inside the scene, {low.round(1).tolist()} to {high.round(1).tolist()} m, "
                f"but reaches {corners.min(axis=0).tolist()} to {corners.max(axis=0).tolist()}; move it"
            )


@dataclass(frozen=True)
class Machine:
    """What the trials can share."""

    cpus: float
    gpus: float

    @classmethod
    def local(cls, backend: Backend) -> "Machine":
        """This machine."""
        gpus = len(list(Path("/proc/driver/nvidia/gpus").glob("*"))) or 1
        return cls(len(os.sched_getaffinity(0)), gpus if backend.name == "cuda" else 0)

    def workers(self, config: SearchConfig, backend: Backend) -> int:
        """How many trials run at a time."""
        resources = config.resources
        if resources.cpus_per_trial > self.cpus:
            raise ConfigError(
                f"resources.cpus_per_trial: must be at most the {self.cpus:g} cores there are, but got "
                f"{resources.cpus_per_trial}; lower it"
            )
        fitting = int(self.cpus // resources.cpus_per_trial)
        if backend.name == "cuda":
            if resources.gpus_per_trial > self.gpus:
                raise ConfigError(
                    f"resources.gpus_per_trial: must be at most the {self.gpus:g} GPUs there are, but got "
                    f"{resources.gpus_per_trial:g}; lower it"
                )
            fitting = min(fitting, int(self.gpus / resources.gpus_per_trial + 1e-9))
        wanted = config.budget.max_concurrent or fitting
        if config.launch == "local":
            return 1
        trials = max(stage.num_trials for stage in config.stages())
        return max(1, min(wanted, fitting, trials))


def seconds_per_ray(config: SearchConfig, evaluator: PlacementEvaluator) -> float:
    """What a ray per access point takes, from tracing one placement at every rung, with the threads of one trial."""
    evaluator.set_threads(config.resources.cpus_per_trial)
    placement = evaluator.site.space.decode(evaluator.site.space.sample(np.random.default_rng(0)))
    all_s = 0.0
    for rays in config.fidelity.rungs:
        evaluator.trace(placement, rays)  # compiles
        start = perf_counter()
        evaluator.trace(placement, rays)
        all_s += perf_counter() - start
    evaluator.set_threads(None)
    return all_s / sum(config.fidelity.rungs)


def estimated_s(config: SearchConfig, s_per_ray: float, workers: int) -> float:
    """How long the search will take."""
    total_s, rays_left = 0.0, config.budget.rays_per_ap or math.inf
    for stage in config.stages():
        trials = min(stage.num_trials, rays_left / rays_of_a_trial(stage))
        rays_left -= trials * rays_of_a_trial(stage)
        s_per_trial = rays_of_a_trial(stage) * s_per_ray * _time_per_ray(stage)
        total_s += (0.02 + s_per_trial) * trials / workers
    return min(total_s, config.budget.time_s or total_s)


def _time_per_ray(config: SearchConfig) -> float:
    return config.trainable.time_per_ray(config.fidelity.rungs, config.reflector is not None)


def rays_of_a_trial(config: SearchConfig) -> float:
    """Rays per access point that a trial traces on average, as far as that can be known."""
    total, share, before, milestone = 0.0, 1.0, 0, 0.0
    for rays in config.rays_per_iteration():
        total += share * (rays - before)
        before = rays
        if isinstance(config.scheduler, AshaSettings) and rays >= milestone:
            share /= config.scheduler.reduction_factor
            milestone = rays * config.scheduler.reduction_factor
    if isinstance(config.scheduler, PopulationSettings) and isinstance(config.trainable, PlacementSettings):
        total *= 1 + config.scheduler.quantile * (config.scheduler.generations - 1)
    return total


def describe(config: SearchConfig, site: Site, backend: Backend, workers: int, time_s: float) -> str:
    """The preflight as a few lines for people."""
    genes = config.space().genes
    budget = f"{config.num_trials} trials"
    if isinstance(config.searcher, GridSettings):
        budget += f" of a grid of {config.searcher.size(config.space())}"
    if config.budget.rays_per_ap is not None:
        budget += f", at most {config.budget.rays_per_ap:g} rays per AP"
    if config.budget.time_s is not None:
        budget += f", at most {format_duration(config.budget.time_s)}"
    searcher = getattr(config.searcher, "sampler", None) or config.searcher.kind
    rows = {
        "device": f"{backend.description}, {workers} worker{'s' if workers > 1 else ''}",
        "scene": f"{config.scene.source}, {site.grid.num_cells} receiver cells ({config.receivers.surface})",
        "genes": f"{len(genes)} ({site.space.mode}): {', '.join(gene.name for gene in genes)}",
        "trial": _describe_trial(config),
        "search": f"{searcher} with {config.scheduler.kind}",
        **({"refine": _describe_refinement(config.refine)} if config.refine else {}),
        "budget": f"{budget}, about {format_duration(time_s)}",
        "results": str(display_path(config.run_dir)),
    }
    return "\n".join(f"{name:<8} {text}" for name, text in rows.items())


def _describe_trial(config: SearchConfig) -> str:
    if isinstance(config.trainable, GradientSettings):
        rays = config.rays_per_iteration()[-1]
        return f"gradient ascent, {config.trainable.steps} steps, {rays:,} rays per AP in all"
    return "one placement, rays per AP at each rung " + ", ".join(f"{rays:,}" for rays in config.fidelity.rungs)


def _describe_refinement(refine: BoundsRefinement | GradientRefinement) -> str:
    if isinstance(refine, GradientRefinement):
        return f"the best {refine.candidates} climb {refine.steps} steps"
    return f"{refine.trials} more trials around the best {refine.candidates} by {refine.searcher.kind}"
