"""A run, or several, as one page that needs no network: figures that answer the mouse, and tables.

What the page tells is gathered here; how it looks is told by the templates beside.
"""

import shlex
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from search_records.display import format_duration
from search_records.events import EndedWithoutWinner, Finished
from search_spaces.design import Placement
from trainables.objectives.base import ObjectiveSettings
from tune_reflector.calibration.agreement import agreement
from tune_reflector.config.config_file import dump_config
from tune_reflector.counterfactuals.alternatives import LABELS
from tune_reflector.reporting.installation import mountings
from tune_reflector.reporting.mapped import Mapped
from tune_reflector.reporting.matplotlib_figures import typeset
from tune_reflector.reporting.page_templates import TEMPLATES
from tune_reflector.reporting.plotly_figures import (
    cdf_figure,
    comparable,
    convergence_figure,
    funnel_figure,
    plan_figure,
    trials_figure,
)
from tune_reflector.runs.best_file import Best
from tune_reflector.runs.history import MOST_PLACEMENTS
from tune_reflector.runs.layout import FIGURES_FOLDER
from tune_reflector.runs.measurement import shown_error
from tune_reflector.runs.run_data import RunData
from tune_reflector.runs.validations import Validation

TOP = 10
"""Candidates in the table."""

LEAST_CLIMBS = 10
"""Placements at the top rung from which on rungs are compared."""

THRESHOLDS_DBM = (-50.0, -60.0, -67.0, -70.0, -80.0)
"""Coverage is told above each, and above that of the objective: from excellent to barely usable Wi-Fi."""


@dataclass(frozen=True)
class Table:
    """Texts in columns."""

    heads: Sequence[str]
    lines: Sequence[Sequence[str]]


@dataclass(frozen=True)
class PlacedPart:
    """A placement that there is a map of: how to mount it, and how well it is received."""

    mountings: Table
    coverage: Table
    distribution: go.Figure


@dataclass(frozen=True)
class TriedPart:
    """The placements that were scored."""

    comparable: int
    """As many are drawn, all scored at ``rung``."""
    rung: int
    only_best: bool
    """Whether there may be more, which are worse."""
    figure: go.Figure
    best: Table


@dataclass(frozen=True)
class RungsPart:
    """How far the scores of lower rungs agree with those of the top, over the placements that have both."""

    placements: int
    table: Table


@dataclass(frozen=True)
class RunPart:
    """What the page tells of one run; what there is nothing to tell about is None."""

    name: str
    state: str
    headline: str
    facts: Sequence[str]
    plan: go.Figure
    building_png: str | None
    """In three dimensions, in base 64."""
    placed: PlacedPart | None
    convergence: go.Figure | None
    funnel: go.Figure | None
    rungs: RungsPart | None
    tried: TriedPart | None
    failures: Table | None
    config: str


@dataclass(frozen=True)
class ComparisonPart:
    """What the page tells of several runs, or placements, together."""

    title: str
    table: Table
    figure: go.Figure


def page(runs: Sequence[RunData], going_on: bool = False) -> str:
    """The whole page.

    Args:
        runs: what it is about.
        going_on: whether the search is running, so that the page will be replaced by a newer one.
    """
    together = len(runs) > 1
    parts = [_run(run, going_on, with_convergence=not together) for run in runs]
    return render(parts, _comparison(runs) if together else None, going_on)


def render(parts: Sequence[RunPart], comparison: ComparisonPart | None = None, going_on: bool = False) -> str:
    """A page of what has been gathered."""
    return TEMPLATES.get_template("page.html.j2").render(
        title=", ".join(part.name for part in parts),
        comparison=comparison,
        runs=parts,
        going_on=going_on,
        now=datetime.now().astimezone(),
        plotly_js=get_plotlyjs(),
    )


def _comparison(runs: Sequence[RunData]) -> ComparisonPart:
    lines = []
    for run in sorted(runs, key=lambda run: -run.best.value if run.best else float("inf")):
        best, progress, objective = run.best, run.history.progress, run.config.objective
        score = typeset(objective.number(best.value, shown_error(best.error), digits=2)) if best else "not measured yet"
        searcher = f"{run.config.searcher.kind} with {run.config.scheduler.kind}"
        lines.append([run.name, score, searcher, _millions(progress.rays_per_ap), str(progress.ended)])
    heads = ["run", _score_head(runs[0]), "search", "million rays per AP", "trials"]
    return ComparisonPart(f"{len(runs)} runs", Table(heads, lines), convergence_figure(runs))


def _run(run: RunData, going_on: bool, with_convergence: bool) -> RunPart:
    history = run.history
    return RunPart(
        name=run.name,
        state=_state(run, going_on),
        headline=_headline(run),
        facts=list(_facts(run)),
        plan=plan_figure(run),
        building_png=_building_png(run),
        placed=placed(run, run.placement) if run.placement is not None else None,
        convergence=convergence_figure([run]) if history.curve and with_convergence else None,
        funnel=funnel_figure(run) if history.curve and len(history.reached) > 1 else None,
        rungs=_rungs(run),
        tried=_tried(run) if history.ranked else None,
        failures=_failures(run) if history.failures else None,
        config=dump_config(run.config, comments=False),
    )


def _state(run: RunData, going_on: bool) -> str:
    if going_on:
        return "the search goes on; this page renews itself"
    if isinstance(run.history.last, Finished):
        return "finished"
    if isinstance(run.history.last, EndedWithoutWinner):
        return "ended without a winner: no placement could be built, or measured"
    return f"not finished; go on with: python -m tune_reflector.search --resume {shlex.quote(str(run.folder))}"


def _headline(run: RunData) -> str:
    objective, best, so_far = run.config.objective, run.best, run.history.progress.best.value
    if best is not None:
        return typeset(objective.headline(best.value, best.coverage, best.outage, shown_error(best.error)))
    if so_far is not None and (seen := run.scores.get("all")) is not None:
        return f"so far {objective.headline(so_far, seen.coverage, seen.outage)}"
    if so_far is not None:
        return f"so far {objective.told(so_far)}"
    return "no score yet"


def _facts(run: RunData) -> Iterator[str]:
    progress = run.history.progress
    if details := (run.best.details if run.best else run.details):
        yield run.config.objective.told_details(details)
    if run.best is not None:
        yield from _measured(run.best, run.config.objective)
    elif progress.best.value is not None:
        yield "a score of the search itself, of few rays: it will differ when it is measured again"
    if run.placement is not None and (cost := run.config.told_plate_cost(run.placement)):
        yield f"ranked with {cost} taken off, as every score of the search itself is"
    if run.config.plan.worlds is not None:
        yield f"each score of the search itself is {run.config.plan.worlds.told}"
    yield f"{progress.ended} of {run.total} trials in {format_duration(progress.elapsed_s)}"
    if run.history.infeasible is not None:
        yield run.history.infeasible
    yield f"{_millions(progress.rays_per_ap)} million rays per access point in all"
    yield f"traced with {run.provenance.device}, {_validated(run.provenance.validation)}"


def _validated(validation: Validation | None) -> str:
    if validation is None:
        return "not validated: run python -m tune_reflector.validate there"
    return f"validated on {validation.day}: {validation.held} of {validation.rows} rows"


def _measured(best: Best, objective: ObjectiveSettings) -> Iterator[str]:
    for comparison in best.comparisons:
        yield typeset(comparison.told(objective))
    if best.by_physical_optics is not None:
        yield typeset(best.by_physical_optics.told(objective))
    if best.in_variants is not None:
        yield from best.in_variants.told(objective, LABELS)
    yield f"measured with {best.rays_per_ap:,} rays per access point"


def _building_png(run: RunData) -> str | None:
    return None if run.best is None else in_base64(run.folder / FIGURES_FOLDER / "scene.png")


def in_base64(picture: Path) -> str | None:
    """A picture as a page holds it; None if there is none."""
    return b64encode(picture.read_bytes()).decode() if picture.exists() else None


def placed(run: Mapped, placement: Placement) -> PlacedPart:
    """How to mount it, and how well it is received."""
    return PlacedPart(_mountings(run, placement), _coverage(run), cdf_figure(run))


def _mountings(run: Mapped, placement: Placement) -> Table:
    things = mountings(run.site, placement)
    first, second = zip(*(thing.wall.corners_m for thing in things), strict=True)
    along = list(zip(*(thing.from_corners_m for thing in things), strict=True))
    facts = [
        ["nearest wall", *(thing.wall.name for thing in things)],
        ["its first corner", *map(_point, first)],
        ["from there, along it", *(f"{length:.2f} m" for length in along[0])],
        ["its second corner", *map(_point, second)],
        ["from there, along it", *(f"{length:.2f} m" for length in along[1])],
        ["off the wall", *(f"{thing.off_m:.2f} m" for thing in things)],
        ["height", *(f"{thing.height_m:.2f} m" for thing in things)],
        ["azimuth", *(f"{thing.azimuth_deg:.0f}°" for thing in things)],
        ["bearing", *(f"{thing.bearing_deg:.0f}° {thing.facing}" for thing in things)],
        ["tilt", *(f"{thing.tilt_deg:+.0f}°" for thing in things)],
        ["aims at", *("" if thing.aim_m is None else _point(thing.aim_m) for thing in things)],
        ["centre", *(_point(thing.position_m) for thing in things)],
    ]
    return Table(["", *(thing.name for thing in things)], facts)


def _point(coordinates_m: Iterable[float]) -> str:
    return "({})".format(", ".join(f"{coordinate:.2f}" for coordinate in coordinates_m))


def _coverage(run: Mapped) -> Table:
    """Share of the cells above each threshold, of each map; cells without power are at the floor."""
    objective = run.config.objective
    usual = {threshold for threshold in THRESHOLDS_DBM if threshold > objective.floor_dbm}
    thresholds = sorted(usual | {objective.coverage_threshold_dbm}, reverse=True)
    lines = []
    for name, image in run.maps.items():
        cells = image[np.isfinite(image)]
        lines.append([name, *(f"{np.mean(cells > threshold):.0%}" for threshold in thresholds)])
    return Table(["cells above", *(f"{threshold:g} dBm" for threshold in thresholds)], lines)


def _rungs(run: RunData) -> RungsPart | None:
    """None where there is one rung only, or where hardly any trial has come to the top."""
    climbs, unit = np.array(run.history.climbs), run.config.objective.difference_unit
    if len(climbs) < LEAST_CLIMBS or climbs.shape[1] < 2:
        return None
    rays_per_ap = run.config.plan.rays_per_iteration
    lines = []
    for rung, scores in enumerate(climbs.T[:-1]):
        found = agreement(scores, climbs.T[-1])
        figures = [f"{found.tau:.2f}", f"{found.rms:.2f}", f"{found.bias:+.2f}"]
        lines.append([str(rung + 1), f"{rays_per_ap[rung]:,}", *figures])
    heads = ["rung", "rays per AP", "Kendall's tau", f"rms [{unit}]", f"bias [{unit}]"]
    return RungsPart(len(climbs), Table(heads, lines))


def _tried(run: RunData) -> TriedPart:
    placements = comparable(run)
    return TriedPart(
        comparable=len(placements),
        rung=placements[0].result.rung,
        only_best=len(placements) == MOST_PLACEMENTS,
        figure=trials_figure(run),
        best=_candidates(run),
    )


def _candidates(run: RunData) -> Table:
    objective = run.config.objective
    lines = [
        [event.trial_id, objective.number(event.result.score.value, digits=2), str(event.result.rung)]
        + [f"{event.result.genes[gene]:.2f}" for gene in run.genes]
        for event in run.history.ranked[:TOP]
    ]
    return Table(["trial", _score_head(run), "rung", *run.genes], lines)


def _failures(run: RunData) -> Table:
    lines = [[cause, str(count)] for cause, count in run.history.failures.most_common()]
    return Table(["cause", "trials"], lines)


def _score_head(run: RunData) -> str:
    return f"{run.config.objective.label} [{run.config.objective.unit}]"


def _millions(rays: float) -> str:
    return f"{rays / 1e6:.3g}"
