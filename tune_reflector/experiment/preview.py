"""A preview: what is wrong with a problem or hopeless in it, and what it looks like, without a search."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from search_records.atomic_files import write_text
from search_spaces.design import Placement
from search_spaces.reflector import WallRectangle
from search_spaces.zones import region
from trainables.buildings.floor_plan import FloorPlan, sheets
from trainables.buildings.section import section
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem, Site
from trainables.tracing.backend import BackendError
from tune_reflector.config.draft import Draft
from tune_reflector.errors import ConfigError
from tune_reflector.experiment import preflight
from tune_reflector.experiment.prospects import look, trial_placements
from tune_reflector.experiment.regulation import eirp_dbm, limits_at

if TYPE_CHECKING:
    from trainables.scene_geometry import SceneGeometry
    from tune_reflector.reporting.plan_figure import Sketch

LOW_M = 0.3
"""Where walls are looked for that are lower than receivers."""


@dataclass
class Preview:
    """What was found and written.

    Attributes:
        facts: what the problem is, a line each.
        problems: what is wrong or hopeless.
        warnings: what is allowed, and perhaps not meant.
        files: what was written.
    """

    facts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


def preview(draft: Draft, folder: Path, in_space: bool = True) -> Preview:
    """Look at a problem and draw it.

    Args:
        draft: the problem, as far as it is right.
        folder: of the files, which is made.
        in_space: whether to draw the building in three dimensions, too.

    Raises:
        OSError: the folder cannot be written.
    """
    from tune_reflector.reporting.matplotlib_figures import save
    from tune_reflector.reporting.plan_figure import plan_figure
    from tune_reflector.reporting.preview_page import FORMATS, PAGE, PLAN, VIEW, preview_page

    found = Preview(problems=list(draft.problems))
    problem = draft.problem
    site = _site(problem, found)
    evaluator = _loaded(problem, site, found)
    marked = _looked_at(evaluator, found, tracing=not draft.problems) if evaluator is not None else {}
    geometry = _geometry(problem, evaluator)
    found.facts += _facts(problem, site, geometry)
    if site is not None:
        found.warnings += preflight.unwise(problem, site)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {}
    figure = plan_figure(_sketch(problem, site, geometry, marked))
    found.files += save(figure, folder / PLAN)
    pictures["From above"] = folder / f"{PLAN}.png"
    views = [folder / f"{VIEW}.{suffix}" for suffix in FORMATS]
    if in_space and evaluator is not None:
        _draw_in_space(evaluator, views, problem.scene.source)
        found.files += views
        pictures["From the side, cut open"] = views[0]
    else:
        for path in views:
            path.unlink(missing_ok=True)
    page = folder / PAGE
    write_text(page, preview_page(problem.scene.source, found.facts, found.problems, found.warnings, pictures))
    found.files.append(page)
    return found


def _site(problem: PlacementProblem, found: Preview) -> Site | None:
    """The site, without plates if they are what is wrong; None where it says too little."""
    for changed in (problem, problem.model_copy(update={"reflector": None, "reflectors": None})):
        try:
            site = changed.site()
            return site if site.grid.region.area > 0 and site.space.access_points.region.area > 0 else None
        except ValueError as error:
            if not found.problems:
                found.problems.append(str(error))
    return None


def _loaded(problem: PlacementProblem, site: Site | None, found: Preview) -> PlacementEvaluator | None:
    """The scene with its receivers; None where it cannot be loaded, which is told."""
    if complaint := problem.scene.probe(problem.radio.frequency_hz, problem.resources.device):
        found.problems.append(f"scene.{complaint}")
        return None
    if site is None:
        return None
    whole = problem if len(site.space.plates) == len(problem.plates) else None
    try:
        return preflight.load(whole or problem.model_copy(update={"reflector": None, "reflectors": None}))
    except ConfigError as error:
        found.problems.append(str(error))
    return None


def _looked_at(evaluator: PlacementEvaluator, found: Preview, tracing: bool) -> dict[str, npt.NDArray[np.bool_]]:
    """Look at the loaded scene, trace a little in it; cells to be marked, by what they are."""
    site = evaluator.site
    placements: list[Placement] = []
    try:
        preflight.check_bounds(evaluator)
    except ConfigError as error:
        found.problems += str(error).splitlines()
        tracing = False
    if tracing:
        try:
            placements = trial_placements(site)
        except ValueError as error:
            found.problems.append(str(error))
    outlook = look(evaluator, placements)
    found.problems += outlook.problems
    marked = {}
    if site.plan is None or not evaluator.problem.radio.refraction:
        marked["closed off by walls, with no access point"] = outlook.closed_off
    if outlook.reached is not None:
        marked["no ray in a short trial"] = ~outlook.reached
    return marked


def _geometry(problem: PlacementProblem, evaluator: PlacementEvaluator | None) -> "SceneGeometry | None":
    """The building's surfaces, where no plan tells them."""
    if problem.scene.floor_plan() is not None:
        return None
    from trainables.tracing.backend import start_backend

    try:
        start_backend(problem.resources.device)
        from trainables.scene_geometry import SceneGeometry
        from trainables.tracing.movable_scene import MovableScene

        return SceneGeometry(evaluator.scene if evaluator else MovableScene(str(problem.scene.file), problem.radio, 0))
    except (BackendError, ValueError, RuntimeError):
        return None


def _facts(problem: PlacementProblem, site: Site | None, geometry: "SceneGeometry | None") -> list[str]:
    plan = problem.scene.floor_plan()
    low_m, high_m = (
        (np.array([*plan.outline.bounds[:2], 0.0]), np.array([*plan.outline.bounds[2:], plan.height_m]))
        if plan is not None
        else geometry.bounds_m
        if geometry is not None
        else (None, None)
    )
    facts = []
    if low_m is not None and high_m is not None:
        size = " x ".join(f"{extent:.4g}" for extent in high_m - low_m)
        facts.append(
            f"{problem.scene.source}: {size} m, from {low_m.astype(float).round(2).tolist()} to "
            f"{high_m.astype(float).round(2).tolist()} m"
        )
    if site is None:
        return facts
    grid, space = site.grid, site.space
    above = "" if grid.ground is None else " above the ground"
    facts.append(f"{grid.num_cells} receiver cells of {grid.cell_size_m:g} m at {grid.height_m:g} m{above}")
    if left_out := grid.left_out:
        facts.append(left_out)
    aps = space.access_points.config
    num_fixed = len(problem.fixed_plates)
    num_plates = len(space.plates) - num_fixed
    plates = f"{num_plates} plate{'s' if num_plates != 1 else ''}"
    there = f" to place, {num_fixed} there already" if num_fixed else ""
    facts.append(f"{aps.count} access points to place, {len(aps.fixed)} there already; {plates}{there}")
    if limits := limits_at(problem.radio.frequency_hz):
        rules = ", ".join(f"{limit.eirp_dbm:g} dBm ({limit.rule})" for limit in limits)
        any_genes = {gene.name: gene.low for gene in space.genes}
        strongest = max(
            eirp_dbm(ap.power_dbm, problem.radio.antenna_of(ap)) for ap in space.access_points.decode(any_genes)
        )
        facts.append(f"{strongest:.1f} dBm EIRP at {problem.radio.frequency_hz / 1e9:g} GHz; limits: {rules}")
    return facts


def _sketch(
    problem: PlacementProblem,
    site: Site | None,
    geometry: "SceneGeometry | None",
    marked: Mapping[str, npt.NDArray[np.bool_]],
) -> "Sketch":
    """What is drawn of the plan: all of the site, or what is told of it."""
    from tune_reflector.reporting.plan_figure import Sketch

    plan = problem.scene.floor_plan()
    height_m = problem.receivers.height_m
    ground = site.grid.ground if site is not None else None
    by_meshes = geometry.section(height_m, ground) if geometry else {}
    walls, low_walls = _walls_of_plan(plan, height_m) if plan else (by_meshes, {})
    title = f"{problem.scene.source}: a section at {height_m:g} m{' above the ground' if ground else ''}"
    if site is None:
        of_plan = (plan.user_zones, plan.access_point_areas, plan.keep_out_zones) if plan else ((), (), ())
        own = (problem.receivers.zones, problem.access_points.areas, problem.access_points.keep_out)
        zones, areas, keep_out = (region(given or usual) for given, usual in zip(own, of_plan, strict=True))
        return Sketch(title, walls, low_walls, zones, areas, keep_out, _given_plates(problem, plan))
    space = site.space.access_points
    fixed = [ap for ap in space.decode({gene.name: gene.low for gene in space.genes}) if ap.fixed]
    hung = {plate.name: plate.fixed for plate in site.space.plates if plate.fixed is not None}
    placed = [(plate.name, plate.walls) for plate in site.space.plates if plate.fixed is None]
    plates = placed if site.space.plates else _given_plates(problem, plan)
    areas = region(()) if not space.config.count else space.region
    return Sketch(
        title,
        walls,
        low_walls,
        site.grid.region,
        areas,
        space.keep_out,
        plates,
        fixed,
        hung,
        site.grid.centers_m,
        marked,
    )


def _given_plates(problem: PlacementProblem, plan: FloorPlan | None) -> list[tuple[str, list[WallRectangle]]]:
    """Rectangles as they are given, whether or not a plate can hang there."""
    placed = [plate for plate in problem.plates if plate.fixed is None]
    given = [(plate.name or "reflector", plate.wall or (plan and plan.reflector_wall)) for plate in placed]
    return [(name, [wall]) for name, wall in given if isinstance(wall, WallRectangle)]


def _walls_of_plan(
    plan: FloorPlan, height_m: float
) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, npt.NDArray[np.float64]]]:
    """Lines of a plan's walls by material at the receivers' height, and of those that are lower."""
    found: tuple[dict[str, list[npt.NDArray[np.float64]]], ...] = ({}, {})
    for sheet in sheets(plan):
        corners_m = sheet.vertices_m[sheet.faces]
        low = bool(corners_m[..., 2].max() <= height_m)
        lines = section(corners_m, min(LOW_M, float(corners_m[..., 2].max()) / 2) if low else height_m)
        if len(lines):
            found[low].setdefault(sheet.slab.material, []).append(lines)
    at_height, low_ones = ({name: np.concatenate(parts) for name, parts in of.items()} for of in found)
    return at_height, low_ones


def _draw_in_space(evaluator: PlacementEvaluator, paths: list[Path], title: str) -> None:
    """The building with its users, and the access points and plates that are there already."""
    from trainables.scene_view import render_view
    from tune_reflector.reporting.scene_figure import USERS, save_view, spread

    grid, space = evaluator.site.grid, evaluator.site.space.access_points
    placed = space.decode({gene.name: gene.low for gene in space.genes})
    there = Placement(
        tuple(ap for ap in placed if ap.fixed),
        tuple(plate.fixed for plate in evaluator.site.space.plates if plate.fixed is not None),
    )
    view = render_view(evaluator, there, spread(grid, USERS), num_paths=0, resolution=(900, 600), samples_per_pixel=16)
    save_view(paths, view, title)
