"""The picture of a result: floor plan and RSS map, without and with the plate, on one colour scale."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from callbacks.files import replacing
from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator
from trainables.objectives import combine, w_to_dbm
from tune_reflector.final import Measurement, Winner, shown_error

_AP, _PLATE = "#d62728", "#111111"


def save_figure(path: Path, winner: Winner, evaluator: PlacementEvaluator) -> None:
    """Write the figure of a winner as PNG."""
    panels: list[tuple[str, Placement, Measurement]] = []
    if winner.without_reflector is not None:
        bare = winner.placement.without_reflectors()
        panels.append(("Same APs without the reflector", bare, winner.without_reflector))
    panels.append(("Best placement", winner.placement, winner.measured))
    images = [_image_dbm(measured, evaluator) for _, _, measured in panels]
    low, high = np.nanquantile(np.concatenate([i.ravel() for i in images]), [0.02, 0.98])
    fig, axes = plt.subplots(1, len(panels), figsize=(6.2 * len(panels), 5.6), layout="constrained", squeeze=False)
    xlim, ylim = _limits(evaluator)
    for axis, image, (title, placement, measured) in zip(axes[0], images, panels, strict=True):
        x, y, _ = evaluator.site.grid.center_m
        width, depth = evaluator.site.grid.size_m
        extent = (x - width / 2, x + width / 2, y - depth / 2, y + depth / 2)
        mesh = axis.imshow(image, origin="lower", extent=extent, vmin=low, vmax=high, cmap="viridis")
        _draw_building(axis, evaluator)
        _draw_placement(axis, placement)
        p5, error = measured.score.p5_rss_dbm, shown_error(measured.error_db)
        axis.set(
            title=f"{title}\nP5 {p5:.1f} ± {error:.1f} dBm",
            xlabel="x, east [m]",
            ylabel="y, north [m]",
            aspect="equal",
        )
        axis.set(xlim=xlim, ylim=ylim)
    fig.colorbar(mesh, ax=axes[0], label="received signal strength [dBm]", shrink=0.85)
    handles, labels = axes[0][-1].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    with replacing(path) as file:
        fig.savefig(file, format="png", dpi=130)
    plt.close(fig)


def _image_dbm(measured: Measurement, evaluator: PlacementEvaluator) -> np.ndarray:
    objective = evaluator.problem.objective
    cells_w = combine(measured.traced.rss_w, objective)
    cells_dbm = np.array([w_to_dbm(max(w, 1e-30)) for w in cells_w])
    return evaluator.site.grid.to_image(np.maximum(cells_dbm, objective.floor_dbm))


def _limits(evaluator: PlacementEvaluator) -> tuple[tuple[float, float], tuple[float, float]]:
    """Bounds of x and y [m] that show the building, or the zones where no floor plan is known, with a margin."""
    site = evaluator.site
    regions = [site.plan.outline] if site.plan else [site.grid.region, site.space.area]
    low = np.min([r.bounds[:2] for r in regions], axis=0)
    high = np.max([r.bounds[2:] for r in regions], axis=0)
    margin = 0.03 * float(np.max(high - low))
    return (low[0] - margin, high[0] + margin), (low[1] - margin, high[1] + margin)


def _draw_building(axis: Axes, evaluator: PlacementEvaluator) -> None:
    plan = evaluator.site.plan
    if plan is None:
        return
    lines = [np.asarray(wall.corners_m) for wall in plan.walls]
    axis.add_collection(LineCollection(lines, colors="0.25", linewidths=1.8))
    for wall in plan.walls:
        corners = np.asarray(wall.corners_m)
        for opening in wall.openings:
            start, end = corners[opening.segment], corners[opening.segment + 1]
            along = (end - start) / np.linalg.norm(end - start)
            ends = [start + s * along for s in (opening.start_m, opening.start_m + opening.width_m)]
            colour = "white" if opening.slab is None else "#7fb2d9"
            axis.plot(*np.transpose(ends), color=colour, linewidth=2.4, solid_capstyle="butt")


def _draw_placement(axis: Axes, placement: Placement) -> None:
    for number, ap in enumerate(placement.access_points):
        x, y, _ = ap.position_m
        dx, dy = 1.6 * ap.direction[:2]
        label = "access point, boresight" if number == 0 else None
        axis.plot(x, y, "^", color=_AP, markersize=9, markeredgecolor="white", label=label, zorder=5)
        axis.annotate("", (x + dx, y + dy), (x, y), arrowprops={"arrowstyle": "->", "color": _AP}, zorder=4)
        axis.annotate(f"{number + 1}", (x, y), (5, 6), textcoords="offset points", color=_AP)
    for number, plate in enumerate(placement.reflectors):
        ends = plate.vertices_m[:2, :2]
        first = number == 0
        axis.plot(*ends.T, color=_PLATE, linewidth=4, label="reflector" if first else None, zorder=6)
        cx, cy = plate.center_m[:2]
        fx, fy = plate.focal_point_m[:2]
        axis.plot([cx, fx], [cy, fy], ":", color=_PLATE, label="aim" if first else None, zorder=4)
        axis.plot(fx, fy, "x", color=_PLATE, zorder=5)
