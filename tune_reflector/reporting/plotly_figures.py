"""Interactive figures of a report, drawn by Plotly: the map, how the search went, and what it tried."""

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go

from search_records.events import Reported
from search_spaces.design import Placement
from trainables.objectives.base import ObjectiveSettings
from tune_reflector.reporting.mapped import Mapped
from tune_reflector.reporting.matplotlib_figures import ARROW_M, distribution, limits_m, outlines_m
from tune_reflector.reporting.palette import AFTER_COLOUR, AP_COLOUR, BEFORE_COLOUR, COLOURS, PLATE_COLOUR
from tune_reflector.runs.run_data import RunData

INK = "#7a7a7a"
"""Readable on a light page and on a dark one."""

SCALE, OPENING_COLOUR = "Cividis", "#56B4E9"

TICKS = 6
"""Of an axis that is labelled here."""

MOST_BARS = 12
"""Of the funnel; of more iterations as many are shown, evenly spread."""


def plan_figure(run: Mapped) -> go.Figure:
    """Floor plan with the placement and the RSS map; buttons choose which map."""
    figure = _figure("x, east [m]", "y, north [m]", height=600)
    (x_low, x_high), (y_low, y_high) = limits_m(run.site)
    figure.update_xaxes(range=[x_low, x_high], constrain="domain")
    figure.update_yaxes(range=[y_low, y_high], constrain="domain", scaleanchor="x")
    figure.update_layout(margin={"t": 64})
    grid = run.site.grid
    (cx, cy, _), (width, depth), cell = grid.center_m, grid.size_m, grid.cell_size_m
    x = cx - width / 2 + cell * (np.arange(grid.shape[1]) + 0.5)
    y = cy - depth / 2 + cell * (np.arange(grid.shape[0]) + 0.5)
    if run.maps:
        low, high = np.nanquantile(np.concatenate([image.ravel() for image in run.maps.values()]), [0.02, 0.98])
    for number, (name, image) in enumerate(run.maps.items()):
        figure.add_heatmap(
            x=x,
            y=y,
            z=np.round(image, 1),
            name=name,
            visible=number == 0,
            colorscale=SCALE,
            zmin=low,
            zmax=high,
            hovertemplate="(%{x:.2f}, %{y:.2f}) m<br>%{z:.1f} dBm<extra>" + name + "</extra>",
            colorbar={"title": "dBm", "thickness": 12},
        )
    _draw_building(figure, run)
    alternative = run.compared.label if run.compared else None
    of_map: list[str | bool | None] = [*run.maps] + [True] * (len(figure.data) - len(run.maps))
    if run.placement is not None:
        _draw_placement(figure, run.placement)
        of_map += [None] * (len(figure.data) - len(of_map))
    if run.compared is not None and alternative in run.maps:
        _draw_placement(figure, run.compared.placement)
        for trace in figure.data[len(of_map) :]:
            trace.visible = False
        of_map += [alternative] * (len(figure.data) - len(of_map))
    buttons = [
        {"label": name, "method": "restyle", "args": [{"visible": [_is_seen(of, name, alternative) for of in of_map]}]}
        for name in run.maps
    ]
    if buttons:
        menu = {"type": "buttons", "direction": "right", "buttons": buttons, "x": 0, "xanchor": "left"}
        menu |= {"y": 1.01, "yanchor": "bottom", "pad": {"b": 6}, "font": {"color": "#222222", "size": 11}}
        figure.update_layout(updatemenus=[menu | {"bgcolor": "#dddddd"}])
    return figure


def _is_seen(of: str | bool | None, name: str, alternative: str | None) -> bool:
    """Whether a trace is seen beside the map ``name``; it is of a map, of all (True), or of the winner (None)."""
    return of is True or of == name or (of is None and name != alternative)


def cdf_figure(run: Mapped) -> go.Figure:
    """Share of the cells below each RSS, of the winner and of what it is compared with."""
    figure = _figure("received signal strength [dBm]", "share of the cells below")
    other = run.compared.label if run.compared else ""
    for name, label, colour in ((other, other, BEFORE_COLOUR), ("all", run.title, AFTER_COLOUR)):
        if name in run.maps:
            cells_dbm, shares = distribution(run.maps[name])
            hover = "%{y:.1%} of the cells are below %{x:.1f} dBm<extra>" + label + "</extra>"
            line = {"shape": "hv", "color": colour}
            figure.add_scatter(x=cells_dbm, y=shares, mode="lines", line=line, name=label, hovertemplate=hover)
    objective = run.config.objective
    if objective.marked_share is not None:
        note = {"annotation_text": objective.told(run.scores["all"].value), "annotation_position": "bottom right"}
        figure.add_hline(y=objective.marked_share, line={"color": INK, "dash": "dot", "width": 1}, **note)
    figure.update_yaxes(tickformat=".0%")
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.15})
    return figure


def cdfs_figure(subjects: Sequence[Mapped]) -> go.Figure:
    """Share of the cells below each RSS, of several placements."""
    figure = _figure("received signal strength [dBm]", "share of the cells below")
    for subject in subjects:
        cells_dbm, shares = distribution(subject.maps["all"])
        hover = "%{y:.1%} of the cells are below %{x:.1f} dBm<extra>" + subject.title + "</extra>"
        figure.add_scatter(
            x=cells_dbm, y=shares, mode="lines", line={"shape": "hv"}, name=subject.title, hovertemplate=hover
        )
    figure.update_yaxes(tickformat=".0%")
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.15})
    return figure


def convergence_figure(runs: Sequence[RunData]) -> go.Figure:
    """Best score so far against rays traced."""
    objective = runs[0].config.objective
    title = f"best {objective.quantity} so far [{objective.unit}]"
    figure = _figure("rays per access point, all trials together", title)
    for run in runs:
        history, progress = run.history, run.history.progress
        best_now = np.nan if progress.best.value is None else progress.best.value
        now = (progress.rays_per_ap, progress.elapsed_s, best_now)
        rays, seconds, best = np.array([*history.curve, now]).T
        hover = "%{text} after %{x:.3s} rays and %{customdata:.0f} s<extra>" + run.name + "</extra>"
        told, line = [objective.told(value) for value in best], {"shape": "hv"}
        figure.add_scatter(
            x=rays, y=best, customdata=seconds, text=told, mode="lines", line=line, name=run.name, hovertemplate=hover
        )
    shown = [value for trace in figure.data for value in trace.y]
    figure.update_yaxes(_ticks(objective, shown), automargin=True)
    figure.update_layout(showlegend=len(runs) > 1, legend={"orientation": "h", "y": 1.15})
    return figure


def trials_figure(run: RunData) -> go.Figure:
    """Parallel coordinates over the genes of feasible placements of the highest rung, coloured by score."""
    rows = comparable(run)
    genes = {gene.name: gene for gene in run.site.space.genes}
    scores, objective = [row.result.score.value for row in rows], run.config.objective
    dimensions = [
        {"label": name, "values": [row.result.genes[name] for row in rows], "range": [gene.low, gene.high]}
        for name, gene in genes.items()
    ]
    ticks = _ticks(objective, scores)
    dimensions.append({"label": f"{objective.label} [{objective.unit}]", "values": scores, **ticks})
    line = {"color": scores, "colorscale": SCALE, "showscale": False}
    figure = _figure("", "", height=420)
    figure.update_layout(margin={"t": 56, "r": 48})
    figure.add_parcoords(
        dimensions=dimensions, line=line, labelfont={"size": 11}, unselected={"line": {"opacity": 0.05}}
    )
    return figure


def comparable(run: RunData) -> list[Reported]:
    """The best placements of the highest rung that any was scored at: scores of two rungs do not compare."""
    best = run.history.ranked
    return [event for event in best if event.result.rung == best[0].result.rung]


def funnel_figure(run: RunData) -> go.Figure:
    """Trials that have reached each iteration, and those that were stopped there or since the bar above."""
    history = run.history
    iterations = sorted(history.reached)
    bars = sorted({iterations[round(i)] for i in np.linspace(0, len(iterations) - 1, min(MOST_BARS, len(iterations)))})
    reached = [history.reached[bar] for bar in bars]
    spans = [range(above + 1, bar + 1) for above, bar in pairwise([0, *bars])]
    stopped = [sum(history.stopped[iteration] for iteration in span) for span in spans]
    figure = _figure("trials", "", height=120 + 60 * len(bars))
    figure.add_funnel(
        y=[f"iteration {bar}" for bar in bars],
        x=reached,
        text=[f"{count} trials<br>{gone} stopped here" for count, gone in zip(reached, stopped, strict=True)],
        textinfo="text",
        hovertemplate="%{text}<extra>%{y}</extra>",
        marker={"color": AFTER_COLOUR},
    )
    return figure


def _ticks(objective: ObjectiveSettings, values: Sequence[float]) -> dict[str, list[Any]]:
    """The ticks of an axis of values that are not all what the axis is of: they tell what penalties stand for."""
    if not any(objective.penalty(value) for value in values):
        return {}
    at = np.linspace(np.nanmin(values), np.nanmax(values), TICKS)
    return {"tickvals": list(at), "ticktext": [objective.number(value) for value in at]}


def _figure(x_title: str, y_title: str, height: int = 360) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 56, "r": 24, "t": 24, "b": 48},
        colorway=COLOURS,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK},
        showlegend=False,
    )
    axis = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    figure.update_xaxes(title=x_title, **axis)
    figure.update_yaxes(title=y_title, **axis)
    return figure


def _draw_building(figure: go.Figure, run: Mapped) -> None:
    for line in () if run.site.plan else outlines_m(run.site):
        figure.add_scatter(x=line[:, 0], y=line[:, 1], mode="lines", line={"color": INK, "width": 1}, hoverinfo="skip")
    for wall in run.site.plan.walls if run.site.plan else ():
        corners = np.asarray(wall.corners_m)
        figure.add_scatter(
            x=corners[:, 0], y=corners[:, 1], mode="lines", line={"color": INK, "width": 2}, hoverinfo="skip"
        )
        for opening in wall.openings:
            x, y = wall.ends_m(opening).T
            figure.add_scatter(
                x=x,
                y=y,
                mode="lines",
                line={"color": OPENING_COLOUR, "width": 4},
                hovertemplate="opening<extra></extra>",
            )


def _draw_placement(figure: go.Figure, placement: Placement) -> None:
    for number, ap in enumerate(placement.access_points, start=1):
        name = escape(f"AP {number}{ap.remark}")
        (x, y, z), (dx, dy, _) = ap.position_m, ARROW_M * ap.direction
        figure.add_scatter(x=[x, x + dx], y=[y, y + dy], mode="lines", line={"color": AP_COLOUR}, hoverinfo="skip")
        figure.add_scatter(
            x=[x],
            y=[y],
            mode="markers+text",
            text=[name],
            textfont={"color": AP_COLOUR},
            textposition="bottom center" if dy > 0 else "top center",
            marker={"color": AP_COLOUR, "size": 12, "symbol": f"triangle-up{'-open' if ap.fixed else ''}"},
            hovertemplate=f"{name} at ({x:.2f}, {y:.2f}, {z:.2f}) m<extra></extra>",
        )
    for plate in placement.reflectors:
        corners, (fx, fy, fz), (px, py, pz) = plate.vertices_m, plate.focal_point_m, plate.center_m
        name = "fixed reflector" if plate.fixed else "reflector"
        figure.add_scatter(
            x=corners[:2, 0],
            y=corners[:2, 1],
            mode="lines",
            line={"color": PLATE_COLOUR, "width": 3 if plate.fixed else 6},
            hovertemplate=f"{name} at ({px:.2f}, {py:.2f}, {pz:.2f}) m<extra></extra>",
        )
        if plate.fixed:  # nobody aims it
            continue
        figure.add_scatter(
            x=[px, fx], y=[py, fy], mode="lines", line={"color": PLATE_COLOUR, "dash": "dot"}, hoverinfo="skip"
        )
        figure.add_scatter(
            x=[fx],
            y=[fy],
            mode="markers",
            marker={"color": PLATE_COLOUR, "size": 9, "symbol": "x"},
            hovertemplate=f"aim at ({fx:.2f}, {fy:.2f}, {fz:.2f}) m<extra></extra>",
        )
