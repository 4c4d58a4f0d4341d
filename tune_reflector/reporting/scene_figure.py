"""The building with a result in it, in three dimensions: Sionna's picture with a title and a legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from search_records.atomic_files import atomic_write
from search_spaces.design import Placement
from trainables.tracing.receivers import ReceiverGrid
from tune_reflector.reporting.matplotlib_figures import FORMATS

if TYPE_CHECKING:
    from trainables.evaluator import PlacementEvaluator
    from trainables.scene_view import LegendEntry, SceneView

NAME = "scene"

USERS = 10
"""Users to whom paths are drawn; more would hide the building."""

_WIDTH_INCH, _TITLE_INCH, _LEGEND_INCH = 9.0, 0.5, 0.9

_LEAST_DPI = 100
"""Below it letters are hard to read."""


def save_scene(folder: Path, evaluator: PlacementEvaluator, placement: Placement, title: str) -> list[Path]:
    """Draw a placement in its building, with the strongest paths to users all over the zones; returns the files."""
    from trainables.scene_view import render_view  # Sionna

    users_m = spread(evaluator.site.grid, USERS)
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{NAME}.{suffix}" for suffix in FORMATS]
    save_view(paths, render_view(evaluator, placement, users_m), title)
    return paths


def spread(grid: ReceiverGrid, count: int) -> npt.NDArray[np.float64]:
    """Receivers of ``count`` cells that are far from each other, ``[count, 3]`` [m]; some repeat if there are fewer."""
    centers_m = grid.centers_m
    chosen = [int(np.argmin(np.hypot(*(centers_m - centers_m.mean(axis=0)).T)))]
    apart_m = np.full(len(centers_m), np.inf)
    while len(chosen) < count:
        apart_m = np.minimum(apart_m, np.hypot(*(centers_m - centers_m[chosen[-1]]).T))
        chosen.append(int(np.argmax(apart_m)))
    return np.asarray(grid.points_m[chosen])


def save_view(paths: Sequence[Path], view: SceneView, title: str) -> None:
    """Write the picture with its title and legend to each path, in the format that its suffix names (.png, .pdf)."""
    rows, columns = view.image.shape[:2]
    picture_inch = _WIDTH_INCH * rows / columns
    height_inch = _TITLE_INCH + picture_inch + _LEGEND_INCH
    enlarged = math.ceil(_LEAST_DPI * _WIDTH_INCH / columns)  # by a whole number: a pixel stays a square
    fig = Figure(figsize=(_WIDTH_INCH, height_inch), dpi=enlarged * columns / _WIDTH_INCH)
    axis = fig.add_axes((0.0, _LEGEND_INCH / height_inch, 1.0, picture_inch / height_inch))
    axis.imshow(view.image, interpolation="none", aspect="auto")
    axis.set_axis_off()
    fig.text(0.5, 1 - 0.5 * _TITLE_INCH / height_inch, title, ha="center", va="center", fontsize="x-large")
    handles = [_handle(entry) for entry in view.legend]
    caption = f"seen from the {view.seen_from}"
    fig.legend(handles=handles, title=caption, loc="lower center", ncols=3, frameon=False)
    for path in paths:
        with atomic_write(path) as file:
            fig.savefig(file, format=path.suffix.removeprefix("."))


def _handle(entry: LegendEntry) -> Line2D:
    if entry.is_line:
        return Line2D([], [], color=entry.color, linewidth=2, label=entry.label)
    marker = "s" if entry.label == "reflector" else "o"
    return Line2D([], [], color=entry.color, marker=marker, markersize=8, linestyle="none", label=entry.label)
