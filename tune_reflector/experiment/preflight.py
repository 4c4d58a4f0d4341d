"""Preflight checks: what can be known to be wrong before the search starts.

Every check raises ``ConfigError`` with a line that names the field, the rule, the value and the remedy.
"""

import os
import shutil
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

from search_records.journal import Journal, JournalError, in_use
from trainables.evaluator import PlacementEvaluator
from trainables.problem import Site
from trainables.tracing.backend import Backend, BackendError, find_backend
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.runs.layout import JOURNAL_FILE, TABLE_FILE, is_run

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
    if missing := config.missing_packages():
        raise ConfigError("\n".join(missing))
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


def open_journal(config: SearchConfig) -> Journal:
    """The journal of a run; no other process has it open."""
    folder = config.run_dir
    path = folder / JOURNAL_FILE
    if (folder / TABLE_FILE).exists() and not path.exists():
        raise ConfigError(f"{path}: is missing; restore it, or start a new run")
    try:
        return Journal(path, config.columns())
    except JournalError as error:
        raise ConfigError(str(error)) from None
    except OSError as error:
        raise ConfigError(f"{path}: must be a file that can be written, but: {error.strerror}; make it one") from None


def prepare(config: SearchConfig) -> tuple[Backend, PlacementEvaluator]:
    """The backend, and the scene loaded in this process: it checks the scene now and measures the winner later."""
    backend = check_backend(config)
    check_feasible(config.site())
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
    _check_bounds(evaluator)
    return backend, evaluator


def check_feasible(site: Site) -> None:
    """Some placement can be built at all."""
    try:
        site.space.sample(np.random.default_rng(0))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _check_bounds(evaluator: PlacementEvaluator) -> None:
    """Wall and zones lie inside the loaded geometry; a floor plan has been asked before."""
    site = evaluator.site
    if site.plan is not None:
        return
    low, high = evaluator.scene.bounds_m
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


def warnings(config: SearchConfig, site: Site, workers: int, s_per_ray: float) -> list[str]:
    """List what is allowed, but will not give what one may expect."""
    found = [*_small_plate(config, site), *_short_timeout(config, s_per_ray)]
    return [f"warning: {text}" for text in (*found, *config.searcher.warnings(config.space(), workers))]


def _short_timeout(config: SearchConfig, s_per_ray: float) -> list[str]:
    timeout_s = config.faults.trial_timeout_s
    if timeout_s is None or config.launch == "local":
        return []
    longest_s = max(
        max(after - before for before, after in pairwise((0, *plan.rays_per_iteration))) * s_per_ray * plan.time_per_ray
        for plan in (stage.plan for stage in config.stages())
    )
    if longest_s < timeout_s / 3:
        return []
    return [
        f"faults.trial_timeout_s is {timeout_s:g}, and an iteration of a trial takes about {longest_s:.1f} s: trials "
        "that are merely slow would be taken for hanging; raise it"
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
        f"reflector.size_m {list(config.reflector.size_m)} is below the Fresnel crossover, about {least_m2**0.5:.2f} m "
        "a side at these distances; ray tracing makes so small a plate look better than it is"
    ]
