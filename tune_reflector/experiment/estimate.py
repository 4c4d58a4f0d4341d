"""The estimate of what a search will do and how long it will take, in a few lines for people."""

import math
import os
from pathlib import Path
from time import perf_counter

import numpy as np

from search_records.display import display_path, format_duration
from trainables.evaluator import PlacementEvaluator
from trainables.problem import Site
from trainables.tracing.backend import Backend
from trainables.variants.base import all_variants
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.counterfactuals.alternatives import LABELS
from tune_reflector.experiment.finalize import RIVALS

OVERHEAD_S = 0.02
"""What a trial costs beside its rays."""


START_S = 9.0
"""From Ray's start until its workers have loaded and compiled, for each stage of each search."""

SCENE_S = 0.3
"""What loading and compiling a scene again costs, as variants of the world and searches for comparison do."""

OPTICS_S_PER_CELL = 0.03
"""Of a plate by physical optics, in rooms without inner walls."""

FIGURES_S = 7.0
"""All figures, and the building in three dimensions; the page takes half of it."""

QUICK_RAYS = 300_000
"""All access points together: a map of so many rays takes a second at most, unless its cells are tiny."""

PATIENCE_S = 2.0
"""A larger map is traced only if it is expected to take less."""


def seconds_per_ray(config: SearchConfig, evaluator: PlacementEvaluator) -> float:
    """Measure a ray per access point by tracing one placement, with the threads of one trial.

    The first and the last rung are traced; in place of one that would take too long, a smaller map, in which a ray
    takes about as long.
    """
    evaluator.set_threads(config.resources.cpus_per_trial)
    placement = evaluator.site.space.decode(evaluator.site.space.sample(np.random.default_rng(0)))

    def measure(rays: int) -> float:
        evaluator.trace(placement, rays)  # compiles
        start = perf_counter()
        evaluator.trace(placement, rays)
        return (perf_counter() - start) / rays

    first, last = config.rungs[0], config.rungs[-1]
    quick = max(1, QUICK_RAYS // config.access_points.total)
    rays = min(first, quick)
    of_first = of_last = measure(rays)
    while rays < last:
        rays = min(last, max(quick, 10 * rays))
        if rays * of_last > PATIENCE_S:
            break
        of_last = measure(rays)
    evaluator.set_threads(None)
    return of_last if first > quick else (first * of_first + last * of_last) / (first + last)


def search_s(config: SearchConfig, s_per_ray: float, workers: int) -> float:
    """Estimate how long the trials will take, those of counterfactuals included [s]."""
    instead = [searched for kind in config.counterfactuals if (searched := config.searched_instead(kind)) is not None]
    return _own_s(config, s_per_ray, workers) + sum(_own_s(searched, s_per_ray, workers) for searched in instead)


def _own_s(config: SearchConfig, s_per_ray: float, workers: int) -> float:
    total_s, rays_left = 0.0, config.budget.rays_per_ap or math.inf
    for stage in config.stages():
        rays_of_a_trial = stage.scheduler.mean_rays_per_ap(stage.plan)
        trials = min(stage.num_trials, rays_left / rays_of_a_trial)
        rays_left -= trials * rays_of_a_trial
        s_per_trial = rays_of_a_trial * s_per_ray * stage.plan.time_per_ray
        total_s += (OVERHEAD_S + s_per_trial) * trials / workers
    return min(total_s, config.budget.time_s or total_s)


def run_s(config: SearchConfig, evaluator: PlacementEvaluator, s_per_ray: float, workers: int) -> float:
    """Estimate how long the whole run will take, to its last figure [s], on a machine that does nothing else."""
    alternatives = [config.searched_instead(kind) for kind in config.counterfactuals]
    searches = [config, *(searched for searched in alternatives if searched is not None)]
    starts = sum(len(search.stages()) for search in searches) if config.launch == "ray" else 0
    total_s = search_s(config, s_per_ray, workers) + START_S * starts
    if evaluator.backend.name != "cuda":  # a card is shared as it is, and all cores measure what one thread searched
        s_per_ray *= config.resources.cpus_per_trial / max(
            len(os.sched_getaffinity(0)), config.resources.cpus_per_trial
        )
    return total_s + _final_s(config, evaluator.site, s_per_ray, len(searches), len(alternatives) + 1 - len(searches))


def _final_s(config: SearchConfig, site: Site, s_per_ray: float, searched: int, bare: int) -> float:
    """What follows the trials of all searches [s].

    Args:
        config: of the search.
        site: where.
        s_per_ray: with all cores.
        searched: winners to be measured.
        bare: placements to be measured that were not searched for.
    """
    final = config.final
    rays = (searched * (min(final.candidates, config.num_trials) + final.lattices) + bare * final.lattices) * (
        final.rays_per_ap
    )
    scenes = searched - 1
    if variants := all_variants(final.variants, config):
        subjects = searched + bare + min(RIVALS, config.num_trials - 1)
        if config.objective.robust is not None:
            subjects += searched * final.candidates
        rays += (len(variants) + 1) * subjects * final.variant_rays_per_ap
        scenes += searched * sum(variant.rebuilds for variant in variants)
    optics_s = 0.0
    if final.second_opinion and config.places_plates and site.plan is not None and len(site.plan.walls) == 1:
        rays += final.rays_per_ap
        optics_s = OPTICS_S_PER_CELL * site.grid.num_cells
    figures_s = FIGURES_S * (config.report.figures + 0.5 * (config.report.every_s is not None))
    return rays * s_per_ray + scenes * SCENE_S + optics_s + figures_s


def describe(folder: Path, config: SearchConfig, site: Site, backend: Backend, workers: int, time_s: float) -> str:
    """The search as it will be.

    Args:
        folder: of its results.
        config: of the search.
        site: where.
        backend: what traces.
        workers: trials at a time.
        time_s: how long all of it will take.
    """
    space = config.space()
    budget = f"{config.num_trials} trials" + config.searcher.describe_budget(space)
    if config.budget.rays_per_ap is not None:
        budget += f", at most {config.budget.rays_per_ap:g} rays per AP"
    if config.budget.time_s is not None:
        budget += f", at most {format_duration(config.budget.time_s)}"
    rows = {
        "device": f"{backend.description}, {workers} worker{'s' if workers > 1 else ''}",
        "scene": f"{config.scene.source}, {site.grid.num_cells} receiver cells ({config.receivers.surface})"
        + (f": {left_out}" if (left_out := site.grid.left_out) else ""),
        "genes": f"{len(space.genes)} ({site.space.mode}): {', '.join(gene.name for gene in space.genes)}",
        "trial": config.plan.describe(),
        "search": f"{config.searcher.label} with {config.scheduler.kind}",
        **({"refine": config.refine.describe()} if config.refine else {}),
        **({"against": _against(config)} if config.counterfactuals else {}),
        "budget": f"{budget}, about {format_duration(time_s)} in all",
        "results": str(display_path(folder)),
    }
    return "\n".join(f"{name:<8} {text}" for name, text in rows.items())


def _against(config: SearchConfig) -> str:
    """What the winner will be measured against, and what finding that may cost."""
    told = []
    for kind in config.counterfactuals:
        searched = config.searched_instead(kind)
        told.append(LABELS[kind] + (f", {searched.num_trials} trials more" if searched else ""))
    return "; ".join(told)
