"""A plan before anything is searched: walls, zones, areas, and where plates may hang, as one figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline

from search_spaces.design import AccessPoint, ReflectorPose
from search_spaces.reflector import WallRectangle
from search_spaces.zones import Region
from tune_reflector.reporting.palette import AP_COLOUR, COLOURS, PLATE_COLOUR

Array = npt.NDArray[np.float64]

ZONE_COLOUR, AREA_COLOUR, KEEP_OUT_COLOUR = "#009E73", AP_COLOUR, "#555555"
_FAR = 3.0
"""A building so many times as large as what is said about it is shown in part."""

_MATERIAL_COLOURS = ("#000000", *(c for c in COLOURS if c not in (PLATE_COLOUR, AP_COLOUR, ZONE_COLOUR, "#000000")))


@dataclass(frozen=True)
class Sketch:
    """What is drawn.

    Attributes:
        title: above the figure.
        walls: lines at the receivers' height by material, ``[n, 2, 2]`` (x, y), m.
        low_walls: the same of what is lower, such as furniture.
        zones: of users.
        areas: where access points may be.
        keep_out: where they may not.
        plates: of each that is placed its name and the rectangles on which it may hang.
        fixed: access points that are there already.
        fixed_plates: plates that hang already, by name.
        cells_m: centres of the receiver cells, ``[num_cells, 2]``.
        marked: cells about which there is something to say, ``[num_cells]``, by what that is.
    """

    title: str
    walls: Mapping[str, Array]
    low_walls: Mapping[str, Array] = field(default_factory=dict)
    zones: Region = field(default_factory=shapely.Polygon)
    areas: Region = field(default_factory=shapely.Polygon)
    keep_out: Region = field(default_factory=shapely.Polygon)
    plates: Sequence[tuple[str, Sequence[WallRectangle]]] = ()
    fixed: Sequence[AccessPoint] = ()
    fixed_plates: Mapping[str, ReflectorPose] = field(default_factory=dict)
    cells_m: Array = field(default_factory=lambda: np.zeros((0, 2)))
    marked: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)


def plan_figure(sketch: Sketch) -> Figure:
    """Draw a plan."""
    (x_min, y_min), (x_max, y_max) = low, high = _bounds(sketch)
    margin = 0.04 * max(x_max - x_min, y_max - y_min)
    aspect = (y_max - y_min + 2 * margin) / (x_max - x_min + 2 * margin)
    figure, axis = plt.subplots(figsize=(10.0, float(np.clip(8.0 * aspect, 3.0, 12.0)) + 2.0), layout="constrained")
    handles: list[Patch | Line2D] = []
    for region, label, colour, alpha, hatch in (
        (sketch.zones, "users", ZONE_COLOUR, 0.15, None),
        (sketch.areas, "access points may be here", AREA_COLOUR, 0.25, None),
        (sketch.keep_out, "access points must not be here", KEEP_OUT_COLOUR, 0.3, "xx"),
    ):
        if not region.is_empty:
            handles.append(_draw_region(axis, region, label, colour, alpha, hatch))
    if len(sketch.cells_m):
        size = float(np.clip(2e4 / len(sketch.cells_m), 0.3, 6.0))
        axis.scatter(sketch.cells_m[:, 0], sketch.cells_m[:, 1], s=size, color=ZONE_COLOUR, linewidths=0)
        handles.append(Line2D([], [], color=ZONE_COLOUR, marker=".", linestyle="none", label="receiver cell"))
        for (label, cells), marker, colour in zip(sketch.marked.items(), "x+", ("#D55E00", "#000000"), strict=False):
            if cells.any():
                x, y = sketch.cells_m[cells].T
                axis.scatter(x, y, s=4 * size + 4, marker=marker, color=colour, linewidths=0.6)
                handles.append(Line2D([], [], color=colour, marker=marker, linestyle="none", label=label))
    colours = _colours([*sketch.walls, *sketch.low_walls])
    styles: tuple[tuple[Mapping[str, Array], Literal["-", ":"]], ...] = ((sketch.walls, "-"), (sketch.low_walls, ":"))
    for lines, style in styles:
        for material, ends in lines.items():
            axis.add_collection(LineCollection(list(ends), colors=colours[material], linewidths=1.8, linestyles=style))
            label = material if style == "-" else f"{material}, lower than the receivers"
            handles.append(Line2D([], [], color=colours[material], linestyle=style, linewidth=1.8, label=label))
    _draw_plates(axis, sketch, margin)
    if sketch.plates:
        handles.append(Line2D([], [], color=PLATE_COLOUR, linewidth=4, label="a plate may hang here, and faces"))
    for name, plate in sketch.fixed_plates.items():
        out_m, (x, y) = 0.5 * margin * plate.normal[:2], plate.center_m[:2]
        axis.plot(*plate.vertices_m[:2, :2].T, color=PLATE_COLOUR, linewidth=3, solid_capstyle="butt", zorder=6)
        axis.plot([x, x + out_m[0]], [y, y + out_m[1]], color=PLATE_COLOUR, zorder=6)
        axis.annotate(name, (x, y), (6, 4), textcoords="offset points", color=PLATE_COLOUR)
    if sketch.fixed_plates:
        handles.append(Line2D([], [], color=PLATE_COLOUR, linewidth=2, label="plate that is there already, and faces"))
    for ap in sketch.fixed:
        x, y, _ = ap.position_m
        axis.plot(x, y, "^", color=AP_COLOUR, markersize=9, markeredgecolor="black", zorder=6)
        axis.annotate(ap.name or "", (x, y), (6, 4), textcoords="offset points", color=AP_COLOUR)
    if sketch.fixed:
        label = "access point that is there already"
        handles.append(
            Line2D([], [], color=AP_COLOUR, marker="^", markeredgecolor="black", linestyle="none", label=label)
        )
    axis.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin), aspect="equal")
    axis.set(title=sketch.title, xlabel="x, east [m]", ylabel="y, north [m]")
    axis.grid(alpha=0.2)
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _colours(materials: Sequence[str]) -> dict[str, str]:
    names = sorted(set(materials))
    return {name: _MATERIAL_COLOURS[number % len(_MATERIAL_COLOURS)] for number, name in enumerate(names)}


def _bounds(sketch: Sketch) -> tuple[Array, Array]:
    """Lowest and highest corner of what is shown [m]: all of it, unless the building is far larger than the rest."""
    told = [region.bounds for region in (sketch.zones, sketch.areas, sketch.keep_out) if not region.is_empty]
    corners = [np.reshape(bounds, (2, 2)) for bounds in told]
    corners += [np.array([w.top_left_m[:2], w.bottom_right_m[:2]]) for _, walls in sketch.plates for w in walls]
    corners += [ap.position_m[None, :2] for ap in sketch.fixed]
    corners += [plate.vertices_m[:, :2] for plate in sketch.fixed_plates.values()]
    built = [ends.reshape(-1, 2) for ends in (*sketch.walls.values(), *sketch.low_walls.values()) if len(ends)]
    every = np.concatenate([*corners, *built] or [np.array([[0.0, 0.0], [1.0, 1.0]])])
    low, high = every.min(axis=0), every.max(axis=0)
    if corners:
        low_told, high_told = (f(np.concatenate(corners), axis=0) for f in (np.min, np.max))
        if np.max(high - low) > _FAR * np.max(high_told - low_told):
            beside = 0.25 * np.max(high_told - low_told)
            low, high = np.maximum(low, low_told - beside), np.minimum(high, high_told + beside)
    return low, np.maximum(high, low + 0.1)


def _draw_region(axis: Axes, region: Region, label: str, colour: str, alpha: float, hatch: str | None) -> Patch:
    for part in shapely.get_parts(region):
        if part.geom_type == "Polygon":
            rings = [part.exterior, *part.interiors]
            outline = Outline.make_compound_path(
                *(Outline(np.asarray(ring.coords)[:, :2], closed=True) for ring in rings)
            )
            axis.add_patch(PathPatch(outline, facecolor=colour, edgecolor=colour, alpha=alpha, hatch=hatch))
    return Patch(facecolor=colour, edgecolor=colour, alpha=alpha, hatch=hatch, label=label)


def _draw_plates(axis: Axes, sketch: Sketch, margin: float) -> None:
    """Each wall a thick line, with a tick to the side that the plate faces."""
    for name, walls in sketch.plates:
        for number, wall in enumerate(walls):
            ends = np.array([wall.top_left_m[:2], wall.bottom_right_m[:2]])
            middle, out = ends.mean(axis=0), wall.normal[:2]
            axis.plot(*ends.T, color=PLATE_COLOUR, linewidth=4, alpha=0.8, solid_capstyle="butt", zorder=5)
            axis.plot(*np.array([middle, middle + 0.5 * margin * out]).T, color=PLATE_COLOUR, zorder=5)
            if number == 0 and len(sketch.plates) > 1:
                axis.annotate(
                    name,
                    middle,
                    (12 * out[0], 12 * out[1]),
                    textcoords="offset points",
                    color=PLATE_COLOUR,
                    ha="center",
                )
