"""Figures of a run for papers and slides: drawn from what it left behind, as PNG and PDF.

Without pyplot: what a program or a notebook draws with it, and how, is not this one's to change.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from search_records.atomic_files import atomic_write
from search_spaces.design import Placement
from trainables.objectives.base import ObjectiveSettings
from trainables.problem import Site
from tune_reflector.reporting.mapped import Mapped
from tune_reflector.reporting.palette import AFTER_COLOUR, AP_COLOUR, BEFORE_COLOUR, COLOURS, PLATE_COLOUR
from tune_reflector.runs.layout import FIGURES_FOLDER
from tune_reflector.runs.measurement import shown_error
from tune_reflector.runs.run_data import Image, RunData

FORMATS = ("png", "pdf")

MAP_COLOURS = "cividis"

MOST_COLUMNS = 3
"""Of maps side by side."""

ARROW_M = 1.6
"""Length of the arrow that shows where an access point looks."""


class Picture(Figure):
    """A figure that a notebook shows, whatever it has been told of Matplotlib."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=80)
        return file.getvalue()


@dataclass(frozen=True)
class Panel:
    """One map beside others: what it is of, its score for people, RSS [dBm], and its colour among curves."""

    title: str
    score: str
    value: float
    image_dbm: Image
    placement: Placement
    colour: str = AFTER_COLOUR
    line: str = "-"


def save_figures(run: RunData) -> list[Path]:
    """Draw all that the run has data for; returns the files."""
    return save_all(run_figures(run), run.folder / FIGURES_FOLDER)


def run_figures(run: RunData) -> dict[str, Figure]:
    """All that the run has data for, by name."""
    drawn: dict[str, Figure] = {}
    if run.maps:
        drawn |= {"map": map_figure(run), "cdf": cdf_figure(run)}
    if run.history.curve:
        drawn["convergence"] = convergence_figure(run)
    return drawn


def save_all(figures: dict[str, Figure], folder: Path) -> list[Path]:
    """Write figures in every format into a folder; returns the files."""
    folder.mkdir(exist_ok=True)
    return [path for name, figure in figures.items() for path in save(figure, folder / name)]


def save(figure: Figure, path: Path) -> list[Path]:
    """Write a figure in every format; ``path`` lacks the suffix."""
    paths = [path.with_suffix(f".{suffix}") for suffix in FORMATS]
    for suffix, target in zip(FORMATS, paths, strict=True):
        with atomic_write(target) as file:
            figure.savefig(file, format=suffix, dpi=150)
    return paths


def pixels(figure: Figure) -> npt.NDArray[np.uint8]:
    """A figure as a picture ``[height, width, 3]``."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    return np.array(canvas.buffer_rgba(), dtype=np.uint8)[..., :3]  # type: ignore[no-untyped-call]


def panels(subject: Mapped) -> list[Panel]:
    """A placement that there is a map of, after what it is compared with."""
    objective, placement = subject.config.objective, subject.placement
    assert placement is not None
    found = [Panel(subject.title, subject.told, subject.scores["all"].value, subject.maps["all"], placement)]
    if (compared := subject.compared) is not None and compared.label in subject.maps:
        score = objective.told(compared.value, shown_error(compared.error))
        value, image = subject.scores[compared.label].value, subject.maps[compared.label]
        found.insert(0, Panel(compared.label, score, value, image, compared.placement, BEFORE_COLOUR, "--"))
    return found


def side_by_side(subjects: Sequence[Mapped]) -> list[Panel]:
    """The placements of several subjects, each in a colour of its own."""
    return [replace(panels(subject)[-1], colour=COLOURS[n % len(COLOURS)]) for n, subject in enumerate(subjects)]


def map_figure(run: Mapped) -> Figure:
    """RSS on the floor plan, of what the winner is compared with and of the winner, on one colour scale."""
    return maps_figure(panels(run), run.site)


def maps_figure(shown: Sequence[Panel], site: Site) -> Figure:
    """RSS of several placements on the floor plan, on one colour scale."""
    low, high = np.nanquantile(np.concatenate([panel.image_dbm.ravel() for panel in shown]), [0.02, 0.98])
    columns = min(len(shown), MOST_COLUMNS)
    rows = math.ceil(len(shown) / columns)
    figure = Picture(figsize=(6.2 * columns, 5.6 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    (x, y, _), (width, depth) = site.grid.center_m, site.grid.size_m
    extent = (x - width / 2, x + width / 2, y - depth / 2, y + depth / 2)
    xlim, ylim = limits_m(site)
    for axis, panel in zip(axes, shown, strict=False):
        mesh = axis.imshow(panel.image_dbm, origin="lower", extent=extent, vmin=low, vmax=high, cmap=MAP_COLOURS)
        _draw_building(axis, site)
        _draw_placement(axis, panel.placement)
        title = f"{panel.title[0].upper()}{panel.title[1:]}\n{typeset(panel.score)}"
        axis.set(title=title, xlabel="x, east [m]", ylabel="y, north [m]", aspect="equal")
        axis.set(xlim=xlim, ylim=ylim)
    for axis in axes[len(shown) :]:
        axis.set_axis_off()
    figure.colorbar(mesh, ax=axes, label="received signal strength [dBm]", shrink=0.85, extend="both")
    known = {label: line for axis in axes for line, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def cdf_figure(run: Mapped) -> Figure:
    """Share of the cells below each RSS, of the winner and what it is compared with, and the RSS at the quantile."""
    return distributions_figure(panels(run), run.config.objective)


def distributions_figure(shown: Sequence[Panel], objective: ObjectiveSettings) -> Figure:
    """Share of the cells below each RSS, of several placements, and the RSS at the quantile.

    What is marked is what the headline tells: the RSS, or how many cells are without.
    """
    figure, share = Picture(figsize=(6.4, 4.6), layout="constrained"), objective.marked_share
    axis = figure.subplots()
    for panel in shown:
        cells_dbm, shares = distribution(panel.image_dbm)
        axis.step(cells_dbm, shares, where="post", color=panel.colour, linestyle=panel.line, label=panel.title)
        if share is not None:
            told, at_dbm = objective.told(panel.value), max(panel.value, cells_dbm[0])
            axis.plot(at_dbm, share, "o", color=panel.colour)
            axis.annotate(told, (at_dbm, share), (6, -4), textcoords="offset points", color=panel.colour, va="top")
    if share is not None:
        axis.axhline(share, color="0.5", linewidth=0.8, linestyle=":")
        axis.annotate(f"{100 * share:g} %", (1, share), (-4, 3), xycoords=("axes fraction", "data"),
                      textcoords="offset points", ha="right", color="0.35")  # fmt: skip
    axis.set(xlabel="received signal strength [dBm]", ylabel="share of the cells below", ylim=(-0.03, 1.02))
    axis.grid(alpha=0.3)
    axis.legend(loc="upper left", frameon=False)
    return figure


def distribution(image_dbm: Image) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """RSS [dBm] of the cells of a map, rising, and the share of the cells that is no higher."""
    cells_dbm = np.sort(image_dbm[np.isfinite(image_dbm)])
    return cells_dbm, np.arange(1, len(cells_dbm) + 1) / len(cells_dbm)


def convergence_figure(run: RunData) -> Figure:
    """Best score so far against the rays of all trials together."""
    objective = run.config.objective
    figure = Picture(figsize=(6.4, 4.2), layout="constrained")
    axis = figure.subplots()
    rays, _, best = map(list, zip(*run.history.curve, strict=True))
    rays, best = [*rays, max(rays[-1], run.history.progress.rays_per_ap)], [*best, best[-1]]
    axis.step(rays, best, where="post", color=AFTER_COLOUR, label="the search's own scores")
    if run.best is not None:
        axis.errorbar(
            rays[-1],
            run.best.value,
            yerr=shown_error(run.best.error),
            capsize=4,
            fmt="s",
            color=PLATE_COLOUR,
            label="the winner, measured again",
        )
    axis.set(
        xlabel="rays per access point, all trials together",
        ylabel=f"best {objective.quantity} so far [{objective.unit}]",
        xlim=(0, None),
    )
    axis.xaxis.set_major_formatter(EngFormatter())
    axis.yaxis.set_major_formatter(lambda value, _: objective.penalty(value) or f"{value:g}")
    axis.grid(alpha=0.3)
    axis.legend(loc="lower right", frameon=False)
    return figure


def typeset(text: str) -> str:
    """A text of the terminal with the signs of a page."""
    return text.replace("+-", "±")


def limits_m(site: Site) -> tuple[tuple[float, float], tuple[float, float]]:
    """Bounds of x and y [m] that show the building, or the zones where no floor plan is known, with a margin."""
    regions = [site.plan.outline] if site.plan else [site.grid.region, site.space.access_points.region]
    corners = [region.bounds[:2] for region in regions] + [region.bounds[2:] for region in regions]
    for wall in (wall for plate in site.space.plates for wall in plate.walls):
        corners += [wall.top_left_m[:2], wall.bottom_right_m[:2]]
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    margin = 0.03 * float(np.max(high - low))
    return (low[0] - margin, high[0] + margin), (low[1] - margin, high[1] + margin)


def outlines_m(site: Site) -> list[npt.NDArray[np.float64]]:
    """Lines ``[n, 2]`` around the buildings that are known where no floor plan is, as far as they are shown [m]."""
    (x_min, x_max), (y_min, y_max) = limits_m(site)
    shown = site.grid.solids.boundary.intersection(shapely.box(x_min, y_min, x_max, y_max))
    return [shapely.get_coordinates(line) for line in shapely.get_parts(shapely.line_merge(shown)) if line.length > 0]


def _draw_building(axis: Axes, site: Site) -> None:
    if site.plan is None:
        axis.add_collection(LineCollection(outlines_m(site), colors="0.25", linewidths=1.2))
        return
    lines = [np.asarray(wall.corners_m) for wall in site.plan.walls]
    axis.add_collection(LineCollection(lines, colors="0.25", linewidths=1.8))
    for wall in site.plan.walls:
        for opening in wall.openings:
            colour = "white" if opening.slab is None else "#7fb2d9"
            axis.plot(*wall.ends_m(opening).T, color=colour, linewidth=2.4, solid_capstyle="butt")


def _draw_placement(axis: Axes, placement: Placement) -> None:
    for number, ap in enumerate(placement.access_points):
        x, y, _ = ap.position_m
        dx, dy = ARROW_M * ap.direction[:2]
        label = "access point, boresight" if number == 0 else None
        axis.plot(x, y, "^", color=AP_COLOUR, markersize=9, markeredgecolor="white", label=label, zorder=5)
        axis.annotate("", (x + dx, y + dy), (x, y), arrowprops={"arrowstyle": "->", "color": AP_COLOUR}, zorder=4)
        below = -14 if dy > 0 else 6
        axis.annotate(f"{number + 1}", (x, y), (0, below), textcoords="offset points", color=AP_COLOUR, ha="center")
    for number, plate in enumerate(placement.fixed_reflectors):
        label = "reflector that is there already" if number == 0 else None
        axis.plot(*plate.vertices_m[:2, :2].T, color=PLATE_COLOUR, linewidth=2, label=label, zorder=6)
    for number, plate in enumerate(placement.hung_reflectors):
        first = number == 0
        ends = plate.vertices_m[:2, :2]
        axis.plot(*ends.T, color=PLATE_COLOUR, linewidth=4, label="reflector" if first else None, zorder=6)
        (cx, cy), (fx, fy) = plate.center_m[:2], plate.focal_point_m[:2]
        axis.plot([cx, fx], [cy, fy], ":", color=PLATE_COLOUR, label="aim" if first else None, zorder=4)
        axis.plot(fx, fy, "x", color=PLATE_COLOUR, zorder=5)
