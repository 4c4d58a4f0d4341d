"""Preflight checks: what can be known to be wrong before the search starts.

Every check raises ``ConfigError`` with a line that names the field, the rule, the value and the remedy.
"""

from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np

from search_records.journal import Journal, JournalError
from search_spaces.plates import PlateSpace
from search_spaces.reflector_config import ReflectorConfig
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem, Site
from trainables.tracing.backend import Backend, BackendError, find_backend
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError, install_extra
from tune_reflector.experiment.prospects import look, trial_placements
from tune_reflector.experiment.regulation import too_strong
from tune_reflector.runs.history import check_journal
from tune_reflector.runs.layout import JOURNAL_FILE

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
            f"ray.dashboard: needs packages that are not installed; {install_extra('dashboard')} or set it to false"
        )


def open_journal(folder: Path, config: SearchConfig) -> Journal:
    """The journal of the run in a folder; no other process has it open."""
    path = folder / JOURNAL_FILE
    try:
        check_journal(folder)
        return Journal(path, config.columns())
    except JournalError as error:
        raise ConfigError(str(error)) from None
    except OSError as error:
        raise ConfigError(f"{path}: must be a file that can be written, but: {error.strerror}; make it one") from None


def prepare(config: SearchConfig) -> tuple[Backend, PlacementEvaluator]:
    """The backend, and the scene loaded in this process: it checks the scene now and measures the winner later."""
    backend = check_backend(config)
    check_feasible(config.site())
    evaluator = load_scene(config)
    check_bounds(evaluator)
    return backend, evaluator


def foresee(evaluator: PlacementEvaluator) -> list[str]:
    """Warn of what is hopeless; to be asked before anything is traced."""
    return [f"warning: {text}" for text in look(evaluator, trial_placements(evaluator.site)).problems]


def load_scene(config: SearchConfig, num_ap: int | None = None) -> PlacementEvaluator:
    """The scene, loaded in this process once its source has seen that it can be; ``num_ap`` as of the evaluator."""
    if complaint := config.scene.probe(config.radio.frequency_hz, config.resources.device):
        raise ConfigError(f"scene.{complaint}")
    return load(config.problem(), num_ap)


def load(problem: PlacementProblem, num_ap: int | None = None) -> PlacementEvaluator:
    """The scene of a problem, which its source has no objection to."""
    try:
        return PlacementEvaluator(problem, num_ap=num_ap)
    except BackendError as error:
        raise ConfigError(str(error)) from None
    except (ValueError, RuntimeError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"scene: must be one that Sionna can load at radio.frequency_hz={problem.radio.frequency_hz:g}, but it "
            f"says: {reason}; correct the scene or the frequency"
        ) from None


def check_feasible(site: Site) -> None:
    """Some placement can be built at all."""
    try:
        site.space.sample(np.random.default_rng(0))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def check_bounds(evaluator: PlacementEvaluator) -> None:
    """Walls and zones lie inside the loaded geometry; a floor plan has been asked before."""
    site = evaluator.site
    if site.plan is not None:
        return
    low, high = evaluator.scene.bounds_m
    x_min, y_min, x_max, y_max = site.grid.region.bounds
    boxes = {"receivers.zones": np.array([[x_min, y_min], [x_max, y_max]])}
    for plate in site.space.plates:
        corners_m = np.array([(wall.top_left_m, wall.bottom_right_m) for wall in plate.walls]).reshape(-1, 3)
        boxes[plate.place] = np.array([corners_m.min(axis=0), corners_m.max(axis=0)])
    lines = [
        f"{field}: must lie inside the scene, {low.round(1).tolist()} to {high.round(1).tolist()} m, "
        f"but reaches {corners.min(axis=0).tolist()} to {corners.max(axis=0).tolist()}; move it"
        for field, corners in boxes.items()
        if (corners < low[: corners.shape[1]] - 0.5).any() or (corners > high[: corners.shape[1]] + 0.5).any()
    ]
    if lines:
        raise ConfigError("\n".join(lines))


def warnings(config: SearchConfig, site: Site, workers: int, s_per_ray: float) -> list[str]:
    """List what is allowed, but will not give what one may expect."""
    found = [*unwise(config, site), *_short_timeout(config, s_per_ray)]
    return [f"warning: {text}" for text in (*found, *config.searcher.warnings(config.space(), workers))]


def unwise(config: PlacementProblem, site: Site) -> list[str]:
    """What of a problem is allowed, but not meant by anybody."""
    space = site.space.access_points
    any_genes = {gene.name: gene.low for gene in space.genes}
    return [*_small_plate(config, site), *too_strong(config.radio, space.decode(any_genes))]


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


def _small_plate(config: PlacementProblem, site: Site) -> list[str]:
    return [
        warning
        for plate, space in zip(config.plates, site.space.plates, strict=True)
        if plate.model == "mirror"
        for warning in _below_crossover(config, site, plate, space)
    ]


def _below_crossover(config: PlacementProblem, site: Site, plate: ReflectorConfig, space: PlateSpace) -> list[str]:
    # First Fresnel zone: below this area a mirror brings more power than a plate, and less where its beam does not go
    # (d1 d2 / (d1 + d2) is the zone's focal length).
    wavelength_m = SPEED_OF_LIGHT_M_S / config.radio.frequency_hz
    wall_m = space.mounts[0].wall_point(0.5, 0.5)[:2]
    to_aps_m, to_users_m = (
        float(np.hypot(area.centroid.x - wall_m[0], area.centroid.y - wall_m[1]))
        for area in (site.space.access_points.region, site.grid.region)
    )
    least_m2 = wavelength_m * to_aps_m * to_users_m / (to_aps_m + to_users_m)
    width_m, height_m = plate.largest_m
    if width_m * height_m >= least_m2:
        return []
    return [
        f"{space.field}.size_m {[width_m, height_m]} is below the Fresnel crossover, about {least_m2**0.5:.2f} m "
        "a side at these distances; a real plate so small is no mirror: it reflects less, over more cells; set "
        f"{space.field}.model to diffracting"
    ]
