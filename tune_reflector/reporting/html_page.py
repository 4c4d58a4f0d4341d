"""A run, or several, as one page that needs no network: figures that answer the mouse, and tables."""

import shlex
import time
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from search_records.display import format_duration
from search_records.events import EndedWithoutWinner, Finished
from tune_reflector.config.config_file import dump_config
from tune_reflector.reporting.installation import mountings
from tune_reflector.reporting.plotly_figures import (
    cdf_figure,
    comparable,
    convergence_figure,
    funnel_figure,
    plan_figure,
    trials_figure,
)
from tune_reflector.runs.history import MOST_PLACEMENTS
from tune_reflector.runs.layout import FIGURES_FOLDER
from tune_reflector.runs.run_data import RunData
from tune_reflector.runs.winner import shown_error

TOP = 10
"""Candidates in the table."""

THRESHOLDS_DBM = (-50.0, -60.0, -67.0, -70.0, -80.0)
"""Coverage is told above each, and above that of the objective: from excellent to barely usable Wi-Fi."""

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1100px; padding: 0 16px 48px;
       background: light-dark(#ffffff, #15171a); color: light-dark(#1b1b1b, #e6e6e6); }
h1 { margin: 24px 0 0; overflow-wrap: anywhere; } h2 { margin: 40px 0 8px; }
.headline { font-size: 2em; font-weight: 600; margin: 8px 0 0; line-height: 1.2; }
.muted { color: light-dark(#5c5c5c, #a8a8a8); }
.wide { overflow-x: auto; } .roomy { min-width: 820px; } table { border-collapse: collapse; }
pre { overflow-x: auto; font-size: 13px; } img { max-width: 100%; }
.xaxislayer-above text, .yaxislayer-above text, .infolayer text, .parcoords text
     { fill: light-dark(#4a4a4a, #bcbcbc) !important; text-shadow: none !important; }
th, td { border-bottom: 1px solid #8886; padding: 4px 12px 4px 0; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
"""

_REFRESH = """
let touched = Date.now();
for (const kind of ["pointermove", "pointerdown", "keydown", "scroll"])
  addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
setInterval(() => {
  if (Date.now() - touched > 15000 && Date.now() - WRITTEN < 1800000) location.reload();
}, 5000);
"""
"""A page of a search that goes on reloads itself, but not under the reader's hands, nor once nobody renews it."""


def page(runs: Sequence[RunData], going_on: bool = False) -> str:
    """The whole page.

    Args:
        runs: what it is about.
        going_on: whether the search is running, so that the page will be replaced by a newer one.
    """
    title = ", ".join(run.name for run in runs)
    parts = [_comparison(runs)] if len(runs) > 1 else []
    parts += [_run(run, len(runs) == 1, going_on) for run in runs]
    refresh = f"<script>const WRITTEN = {1000 * time.time():.0f};{_REFRESH}</script>" if going_on else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style><script>{get_plotlyjs()}</script></head><body>{''.join(parts)}{refresh}</body></html>\n"
    )


def _run(run: RunData, alone: bool, going_on: bool) -> str:
    parts = [f"<h1>{escape(run.name)}</h1>", _state(run, going_on), _headline(run)]
    parts += ["<h2>Where</h2>", _shown(plan_figure(run)), _view(run)]
    if run.placement is not None:
        parts += ["<h2>For the installer</h2>", _installer(run)]
        parts += ["<h2>How well it is received</h2>", _coverage(run), _shown(cdf_figure(run))]
    if run.history.curve:
        parts += ["<h2>How the search went</h2>", _shown(convergence_figure([run]))] if alone else []
        parts += ["<h2>Who got how far</h2>", _shown(funnel_figure(run))] if len(run.history.reached) > 1 else []
    if run.history.ranked:
        parts += ["<h2>What was tried</h2>", _tried(run), _shown(trials_figure(run), roomy=True)]
        parts += ["<h2>Best candidates</h2>", _candidates(run)]
    if run.history.failures:
        failures = [[cause, str(count)] for cause, count in run.history.failures.most_common()]
        parts += ["<h2>Failures</h2>", _table(["cause", "trials"], failures)]
    config = escape(dump_config(run.config, comments=False))
    return (
        "".join(parts) + f"<h2>Configuration</h2><details><summary>all settings</summary><pre>{config}</pre></details>"
    )


def _state(run: RunData, going_on: bool) -> str:
    if going_on:
        state = "the search goes on; this page renews itself"
    elif isinstance(run.history.last, Finished):
        state = "finished"
    elif isinstance(run.history.last, EndedWithoutWinner):
        state = "ended without a winner: no placement could be built, or measured"
    else:
        state = f"not finished; go on with: python -m tune_reflector.search --resume {shlex.quote(str(run.folder))}"
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return f'<p class="muted">{escape(state)} (as of {now})</p>'


def _headline(run: RunData) -> str:
    objective, progress, best, facts = run.config.objective, run.history.progress, run.best, []
    if best is not None:
        line = f"{objective.label} {best.value:.1f} ± {shown_error(best.error):.1f} {objective.unit}"
        without = best.without_reflector
        if without is not None:
            facts.append(f"{best.value - without:+.1f} dB by the reflector (without it {without:.1f} {objective.unit})")
        facts.append(f"{best.coverage:.0%} of the cells above {best.coverage_threshold_dbm:g} dBm")
        facts.append(f"measured with {best.rays_per_ap:,} rays per access point")
    elif progress.best.value is not None:
        line = f"{objective.label} {progress.best.value:.1f} {objective.unit} so far"
        facts.append("a score of the search itself, of few rays: it will differ when it is measured again")
    else:
        line = "no score yet"
    facts.append(f"{progress.ended} of {run.total} trials in {format_duration(progress.elapsed_s)}")
    facts.append(f"{progress.rays_per_ap / 1e6:.3g} million rays per access point in all")
    facts.append(f"traced with {run.provenance.get('device', 'an unknown device')}")
    items = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return f'<p class="headline">{line}</p><ul class="muted">{items}</ul>'


def _comparison(runs: Sequence[RunData]) -> str:
    lines = []
    for run in sorted(runs, key=lambda run: -run.best.value if run.best else float("inf")):
        best, progress = run.best, run.history.progress
        score = f"{best.value:.2f} ± {shown_error(best.error):.1f}" if best else "not measured yet"
        searcher = f"{run.config.searcher.kind} with {run.config.scheduler.kind}"
        lines.append([run.name, score, searcher, f"{progress.rays_per_ap / 1e6:.3g}", str(progress.ended)])
    objective = runs[0].config.objective
    heads = ["run", f"{objective.label} [{objective.unit}]", "search", "million rays per AP", "trials"]
    return f"<h1>{len(runs)} runs</h1>{_table(heads, lines)}{_shown(convergence_figure(runs))}"


def _view(run: RunData) -> str:
    """The building in three dimensions, if it was drawn."""
    picture = run.folder / FIGURES_FOLDER / "scene.png"
    if run.best is None or not picture.exists():
        return ""
    data = b64encode(picture.read_bytes()).decode()
    return f'<img src="data:image/png;base64,{data}" alt="the building from above, with the strongest paths">'


def _installer(run: RunData) -> str:
    assert run.placement is not None
    things = mountings(run.site, run.placement)
    first, second = zip(*(thing.wall.corners_m for thing in things), strict=True)
    along = list(zip(*(thing.from_corners_m for thing in things), strict=True))
    facts = [
        ["nearest wall", *(thing.wall.name for thing in things)],
        ["its first corner", *map(_point, first)],
        ["from there, along it", *(f"{length:.2f} m" for length in along[0])],
        ["its second corner", *map(_point, second)],
        ["from there, along it", *(f"{length:.2f} m" for length in along[1])],
        ["off the wall", *(f"{thing.off_m:.2f} m" for thing in things)],
        ["height", *(f"{thing.position_m[2]:.2f} m" for thing in things)],
        ["azimuth", *(f"{thing.azimuth_deg:.0f}°" for thing in things)],
        ["bearing", *(f"{thing.bearing_deg:.0f}° {thing.facing}" for thing in things)],
        ["tilt", *(f"{thing.tilt_deg:+.0f}°" for thing in things)],
        ["aims at", *("" if thing.aim_m is None else _point(thing.aim_m) for thing in things)],
        ["centre", *(_point(thing.position_m) for thing in things)],
    ]
    note = (
        "Points are (x east, y north, z up) in metres, as on the floor plan; a plate's wall is the one it hangs on. "
        "Azimuth is counter-clockwise from east, bearing clockwise from north, tilt above the horizon."
    )
    return _table(["", *(thing.name for thing in things)], facts) + f'<p class="muted">{note}</p>'


def _point(coordinates_m: Iterable[float]) -> str:
    return "({})".format(", ".join(f"{coordinate:.2f}" for coordinate in coordinates_m))


def _coverage(run: RunData) -> str:
    """Share of the cells above each threshold, of each map."""
    thresholds = sorted({*THRESHOLDS_DBM, run.config.objective.coverage_threshold_dbm}, reverse=True)
    lines = []
    for name, image in run.maps.items():
        cells = image[np.isfinite(image)]
        lines.append([name, *(f"{np.mean(cells > threshold):.0%}" for threshold in thresholds)])
    return _table(["cells above", *(f"{threshold:g} dBm" for threshold in thresholds)], lines)


def _tried(run: RunData) -> str:
    placements = comparable(run)
    only = ", best first" if len(placements) == MOST_PLACEMENTS else ""
    rung = placements[0].result.rung
    return f'<p class="muted">{len(placements):,} placements that were scored at rung {rung}{only}</p>'


def _candidates(run: RunData) -> str:
    objective = run.config.objective
    heads = ["trial", f"{objective.label} [{objective.unit}]", "rung", *run.genes]
    lines = [
        [event.trial_id, f"{event.result.score.value:.2f}", str(event.result.rung)]
        + [f"{event.result.genes[gene]:.2f}" for gene in run.genes]
        for event in run.history.ranked[:TOP]
    ]
    return _table(heads, lines)


def _table(heads: Iterable[str], lines: Iterable[Sequence[str]]) -> str:
    def cells(tag: str, texts: Iterable[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts) + "</tr>"

    body = "".join(cells("td", line) for line in lines)
    return f'<div class="wide"><table>{cells("th", heads)}{body}</table></div>'


def _shown(figure: go.Figure, roomy: bool = False) -> str:
    """A figure; a ``roomy`` one is scrolled where the page is too narrow for it."""
    options: dict[str, Any] = {"responsive": True, "displayModeBar": False}
    html = str(figure.to_html(full_html=False, include_plotlyjs=False, config=options))
    return f'<div class="wide"><div class="roomy">{html}</div></div>' if roomy else html
