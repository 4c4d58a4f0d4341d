"""Figures of a run for papers and slides: drawn from what it left behind, as PNG and PDF."""

from collections.abc import Callable
from pathlib import Path

import matplotlib

from tune_reflector.reporting.palette import AFTER_COLOUR, AP_COLOUR, BEFORE_COLOUR, PLATE_COLOUR

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from search_records.atomic_files import atomic_write
from search_spaces.design import Placement
from trainables.problem import Site
from tune_reflector.runs.layout import FIGURES_FOLDER
from tune_reflector.runs.measurement import shown_error
from tune_reflector.runs.run_data import Image, RunData

FORMATS = ("png", "pdf")

MAP_COLOURS = "cividis"

ARROW_M = 1.6
"""Length of the arrow that shows where an access point looks."""


def save_figures(run: RunData) -> list[Path]:
    """Draw all that the run has data for; returns the files."""
    folder = run.folder / FIGURES_FOLDER
    folder.mkdir(exist_ok=True)
    drawn: dict[str, Callable[[RunData], Figure]] = {}
    if run.maps:
        drawn |= {"map": map_figure, "cdf": cdf_figure}
    if run.history.curve:
        drawn["convergence"] = convergence_figure
    return [path for name, draw in drawn.items() for path in save(draw(run), folder / name)]


def save(figure: Figure, path: Path) -> list[Path]:
    """Write a figure in every format, and forget it; ``path`` lacks the suffix."""
    paths = [path.with_suffix(f".{suffix}") for suffix in FORMATS]
    for suffix, target in zip(FORMATS, paths, strict=True):
        with atomic_write(target) as file:
            figure.savefig(file, format=suffix, dpi=150)
    plt.close(figure)
    return paths


def pixels(figure: Figure) -> npt.NDArray[np.uint8]:
    """A figure as a picture ``[height, width, 3]``; it is forgotten."""
    figure.canvas.draw()
    picture = np.asarray(figure.canvas.buffer_rgba(), dtype=np.uint8)[..., :3].copy()  # type: ignore[attr-defined]
    plt.close(figure)
    return picture


def map_figure(run: RunData) -> Figure:
    """RSS on the floor plan, of what the winner is compared with and of the winner, on one colour scale."""
    placement = run.placement
    assert placement is not None
    panels = [("Best placement", _score_of(run), run.maps["all"], placement)]
    if (compared := run.compared) is not None and compared.label in run.maps:
        score = _measured(run, compared.value, compared.error)
        title = compared.label[0].upper() + compared.label[1:]
        panels.insert(0, (title, score, run.maps[compared.label], compared.placement))
    low, high = np.nanquantile(np.concatenate([image.ravel() for _, _, image, _ in panels]), [0.02, 0.98])
    figure, axes = plt.subplots(1, len(panels), figsize=(6.2 * len(panels), 5.6), layout="constrained", squeeze=False)
    (x, y, _), (width, depth) = run.site.grid.center_m, run.site.grid.size_m
    extent = (x - width / 2, x + width / 2, y - depth / 2, y + depth / 2)
    xlim, ylim = limits_m(run.site)
    for axis, (title, score, image, shown) in zip(axes[0], panels, strict=True):
        mesh = axis.imshow(image, origin="lower", extent=extent, vmin=low, vmax=high, cmap=MAP_COLOURS)
        _draw_building(axis, run.site)
        _draw_placement(axis, shown)
        axis.set(title=f"{title}\n{score}", xlabel="x, east [m]", ylabel="y, north [m]", aspect="equal")
        axis.set(xlim=xlim, ylim=ylim)
    figure.colorbar(mesh, ax=axes[0], label="received signal strength [dBm]", shrink=0.85, extend="both")
    handles, labels = axes[0][-1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return figure


def cdf_figure(run: RunData) -> Figure:
    """Share of the cells below each RSS, of the winner and what it is compared with, and the RSS at the quantile.

    What is marked is what the headline tells: the RSS, or how many cells are without.
    """
    figure, axis = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    objective, share = run.config.objective, run.config.objective.marked_share
    lines = [("all", "best placement", AFTER_COLOUR, "-")]
    if (compared := run.compared) is not None and compared.label in run.maps:
        lines.insert(0, (compared.label, compared.label, BEFORE_COLOUR, "--"))
    for name, label, colour, style in lines:
        cells_dbm, shares = distribution(run.maps[name])
        axis.step(cells_dbm, shares, where="post", color=colour, linestyle=style, label=label)
        if share is not None:
            value = run.scores[name].value
            told, at_dbm = objective.told(value), max(value, cells_dbm[0])
            axis.plot(at_dbm, share, "o", color=colour)
            axis.annotate(told, (at_dbm, share), (6, -4), textcoords="offset points", color=colour, va="top")
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
    figure, axis = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
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


def _score_of(run: RunData) -> str:
    if run.best is not None:
        return _measured(run, run.best.value, run.best.error)
    assert run.best_map is not None
    return f"{run.config.objective.told(run.best_map.ranked.value)} so far"


def _measured(run: RunData, value: float, error: float) -> str:
    return typeset(run.config.objective.told(value, shown_error(error)))


def typeset(text: str) -> str:
    """A text of the terminal with the signs of a page."""
    return text.replace("+-", "±")


def limits_m(site: Site) -> tuple[tuple[float, float], tuple[float, float]]:
    """Bounds of x and y [m] that show the building, or the zones where no floor plan is known, with a margin."""
    regions = [site.plan.outline] if site.plan else [site.grid.region, site.space.access_points.area]
    corners = [region.bounds[:2] for region in regions] + [region.bounds[2:] for region in regions]
    for plate in site.space.plates:
        wall = plate.mount.wall
        corners += [wall.top_left_m[:2], wall.bottom_right_m[:2]]
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    margin = 0.03 * float(np.max(high - low))
    return (low[0] - margin, high[0] + margin), (low[1] - margin, high[1] + margin)


def _draw_building(axis: Axes, site: Site) -> None:
    if site.plan is None:
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
    for number, plate in enumerate(placement.reflectors):
        first = number == 0
        ends = plate.vertices_m[:2, :2]
        axis.plot(*ends.T, color=PLATE_COLOUR, linewidth=4, label="reflector" if first else None, zorder=6)
        (cx, cy), (fx, fy) = plate.center_m[:2], plate.focal_point_m[:2]
        axis.plot([cx, fx], [cy, fy], ":", color=PLATE_COLOUR, label="aim" if first else None, zorder=4)
        axis.plot(fx, fy, "x", color=PLATE_COLOUR, zorder=5)
