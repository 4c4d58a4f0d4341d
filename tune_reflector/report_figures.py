"""Interactive figures of a report, drawn by Plotly: the map, how the search went, and what it tried."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from tune_reflector.run_data import RunData

INK = "#7a7a7a"
"""Readable on a light page and on a dark one."""

AP_COLOUR, PLATE_COLOUR, SCALE = "#D55E00", "#CC79A7", "Cividis"
"""From Okabe and Ito's palette and a map that the colour-blind read like everybody."""

SHOWN_TRIALS = 2_000
"""Points of the scatter; of more trials the best are shown."""

Line = tuple[list[float | None], list[float | None]]


def plan_figure(run: RunData) -> go.Figure:
    """Floor plan with the placement and the RSS map; buttons choose which map."""
    figure = _figure("x, east [m]", "y, north [m]", height=560)
    figure.update_yaxes(scaleanchor="x")
    grid = run.config.site().grid
    (cx, cy, _), (width, depth), cell = grid.center_m, grid.size_m, grid.cell_size_m
    x = cx - width / 2 + cell * (np.arange(round(width / cell)) + 0.5)
    y = cy - depth / 2 + cell * (np.arange(round(depth / cell)) + 0.5)
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
                colorbar={"title": "RSS [dBm]", "thickness": 12},
            )
    for xs, ys in _walls(run):
        figure.add_scatter(x=xs, y=ys, mode="lines", line={"color": INK, "width": 2}, hoverinfo="skip")
    if run.best is not None:
        _draw_placement(figure, run.best)
    others = len(figure.data) - len(run.maps)
    buttons = [
        {
            "label": name,
            "method": "restyle",
            "args": [{"visible": [other == name for other in run.maps] + [True] * others}],
        }
        for name in run.maps
    ]
    if buttons:
        menu = {"type": "buttons", "direction": "right", "buttons": buttons, "x": 0, "y": 1.12, "xanchor": "left"}
        figure.update_layout(updatemenus=[menu | {"font": {"color": "#222222"}, "bgcolor": "#dddddd"}])
    return figure


def convergence_figure(runs: Sequence[RunData]) -> go.Figure:
    """Best P5 so far against rays traced."""
    figure = _figure("rays per access point, all trials together", "best P5 RSS so far [dBm]")
    for run in runs:
        rays, _, best = np.array([*run.curve, (run.standing.rays_per_ap, 0.0, run.standing.best or np.nan)]).T
        figure.add_scatter(x=rays, y=best, mode="lines", line={"shape": "hv"}, name=run.name)
    figure.update_layout(showlegend=len(runs) > 1, legend={"orientation": "h", "y": 1.15})
    return figure


def trials_figure(run: RunData) -> go.Figure:
    """Parallel coordinates over the genes of feasible placements, coloured by score."""
    rows = run.ranked[:SHOWN_TRIALS]
    genes = {gene.name: gene for gene in run.config.site().space.genes}
    scores = [row.values["p5_rss_dbm"] for row in rows]
    dimensions = [
        {"label": name, "values": [row.values[name] for row in rows], "range": [gene.low, gene.high]}
        for name, gene in genes.items()
    ]
    dimensions.append({"label": "P5 [dBm]", "values": scores})
    line = {"color": scores, "colorscale": SCALE, "showscale": False}
    figure = _figure("", "", height=420)
    figure.add_parcoords(
        dimensions=dimensions, line=line, labelfont={"size": 11}, unselected={"line": {"opacity": 0.05}}
    )
    return figure


def funnel_figure(run: RunData) -> go.Figure:
    """How many trials have reached each iteration."""
    figure = _figure("trials", "")
    reached = sorted(run.reached.items())
    figure.add_funnel(
        y=[f"iteration {iteration}" for iteration, _ in reached],
        x=[count for _, count in reached],
        marker={"color": "#0072B2"},
        textinfo="value+percent initial",
    )
    return figure


def _figure(x_title: str, y_title: str, height: int = 360) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 56, "r": 12, "t": 56, "b": 48},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK},
        showlegend=False,
    )
    axis = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    figure.update_xaxes(title=x_title, **axis)
    figure.update_yaxes(title=y_title, **axis)
    return figure


def _walls(run: RunData) -> list[Line]:
    plan = run.config.site().plan
    if plan is None:
        return []
    return [([x for x, _ in wall.corners_m], [y for _, y in wall.corners_m]) for wall in plan.walls]


def _draw_placement(figure: go.Figure, best: dict) -> None:  # type: ignore[type-arg]
    for number, ap in enumerate(best["access_points"], start=1):
        (x, y, z), (dx, dy, _) = ap["position_m"], ap["direction"]
        figure.add_scatter(
            x=[x, x + 1.6 * dx], y=[y, y + 1.6 * dy], mode="lines", line={"color": AP_COLOUR}, hoverinfo="skip"
        )
        figure.add_scatter(
            x=[x],
            y=[y],
            mode="markers+text",
            text=[f"AP {number}"],
            textposition="top center",
            marker={"color": AP_COLOUR, "size": 12, "symbol": "triangle-up"},
            hovertemplate=f"AP {number} at ({x:.2f}, {y:.2f}, {z:.2f}) m<extra></extra>",
        )
    for plate in best["reflectors"]:
        corners, (fx, fy, _) = plate["vertices_m"], plate["focal_point_m"]
        (px, py, _) = plate["center_m"]
        figure.add_scatter(
            x=[corners[0][0], corners[1][0]],
            y=[corners[0][1], corners[1][1]],
            mode="lines",
            line={"color": PLATE_COLOUR, "width": 6},
            hovertemplate="reflector<extra></extra>",
        )
        figure.add_scatter(
            x=[px, fx], y=[py, fy], mode="lines", line={"color": PLATE_COLOUR, "dash": "dot"}, hoverinfo="skip"
        )
