"""A run, or several, as one page that needs no network: figures that answer the mouse, and tables."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from callbacks.duration import duration
from tune_reflector.config_file import dump_config
from tune_reflector.final import angles_deg, shown_error
from tune_reflector.report_figures import convergence_figure, funnel_figure, plan_figure, trials_figure
from tune_reflector.run_data import RunData

TOP = 10
"""Candidates in the table."""

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1100px; padding: 0 16px 48px;
       background: light-dark(#ffffff, #15171a); color: light-dark(#1b1b1b, #e6e6e6); }
h1 { margin: 24px 0 0; overflow-wrap: anywhere; } h2 { margin: 40px 0 8px; }
.headline { font-size: 2em; font-weight: 600; margin: 8px 0 0; } .muted { color: light-dark(#5c5c5c, #a8a8a8); }
.wide { overflow-x: auto; } table { border-collapse: collapse; } pre { overflow-x: auto; font-size: 13px; }
th, td { border-bottom: 1px solid #8886; padding: 4px 12px 4px 0; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
"""


def page(runs: Sequence[RunData]) -> str:
    """The whole page."""
    title = ", ".join(run.name for run in runs)
    parts = [_comparison(runs)] if len(runs) > 1 else []
    parts += [_run(run, alone=len(runs) == 1) for run in runs]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style><script>{get_plotlyjs()}</script></head><body>{''.join(parts)}</body></html>\n"
    )


def _run(run: RunData, alone: bool) -> str:
    parts = [f"<h1>{escape(run.name)}</h1>", _headline(run)]
    parts += ["<h2>Where</h2>", _shown(plan_figure(run))]
    if run.best is not None:
        parts += ["<h2>For the installer</h2>", _installer(run)]
    if run.rows:
        parts += ["<h2>How the search went</h2>", _shown(convergence_figure([run]))] if alone else []
        parts += [_shown(funnel_figure(run))] if len(run.reached) > 1 else []
    if run.ranked:
        parts += ["<h2>What was tried</h2>", _shown(trials_figure(run)), "<h2>Best candidates</h2>", _candidates(run)]
    if run.failures:
        parts += [
            "<h2>Failures</h2>",
            _table(["cause", "trials"], [[cause, str(n)] for cause, n in run.failures.items()]),
        ]
    config = escape(dump_config(run.config, comments=False))
    return (
        "".join(parts) + f"<h2>Configuration</h2><details><summary>all settings</summary><pre>{config}</pre></details>"
    )


def _headline(run: RunData) -> str:
    best, facts = run.best, []
    if best is not None:
        line = f"P5 {best['p5_rss_dbm']:.1f} ± {shown_error(best['p5_error_db']):.1f} dBm"
        without = best["without_reflector_p5_rss_dbm"]
        if without is not None:
            facts.append(f"{best['p5_rss_dbm'] - without:+.1f} dB by the reflector (without it {without:.1f} dBm)")
        facts.append(f"{best['coverage_share']:.0%} of the cells above {best['coverage_threshold_dbm']:g} dBm")
        facts.append(f"measured with {best['rays_per_ap']:,} rays per access point")
    elif run.standing.best is not None:
        line = f"P5 {run.standing.best:.1f} dBm so far"
        facts.append("a score of the search itself: luckier than it will be when it is measured again")
    else:
        line = "no score yet"
    seconds = max((row.elapsed_s for row in run.rows), default=0.0)
    facts.append(f"{run.ended} of {run.config.num_trials} trials in {duration(seconds)}")
    facts.append(f"{run.standing.rays_per_ap:.3g} rays per access point in all; {run.provenance.get('device', '')}")
    items = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return f'<p class="headline">{line}</p><ul class="muted">{items}</ul>'


def _comparison(runs: Sequence[RunData]) -> str:
    lines = []
    for run in sorted(runs, key=lambda run: -(run.best or {}).get("p5_rss_dbm", float("-inf"))):
        best = run.best
        score = f"{best['p5_rss_dbm']:.2f} ± {shown_error(best['p5_error_db']):.1f}" if best else "not measured yet"
        lines.append([run.name, score, f"{run.standing.rays_per_ap:.3g}", str(run.ended)])
    table = _table(["run", "P5 [dBm]", "rays per AP", "trials"], lines)
    return f"<h1>{len(runs)} runs</h1>{table}{_shown(convergence_figure(runs))}"


def _installer(run: RunData) -> str:
    """Where to drill: distances from the corners of the box around the building, angles in degrees."""
    assert run.best is not None
    site = run.config.site()
    region = site.plan.outline if site.plan else site.grid.region
    west, south, east, north = region.bounds
    lines = []
    things = [(f"AP {n}", ap["position_m"], ap["direction"], None) for n, ap in enumerate(run.best["access_points"], 1)]
    things += [("reflector", r["center_m"], r["normal"], r["focal_point_m"]) for r in run.best["reflectors"]]
    for name, (x, y, z), direction, aim in things:
        azimuth, tilt = angles_deg(direction)
        lines.append(
            [
                name,
                f"{x - west:.2f} m east, {y - south:.2f} m north",
                f"{east - x:.2f} m west, {north - y:.2f} m south",
                f"{z:.2f} m",
                f"{(90 - azimuth) % 360:.0f}°",
                f"{tilt:+.0f}°",
                "({:.2f}, {:.2f}, {:.2f}) m".format(*aim) if aim else "",
            ]
        )
    heads = ["", "from the south-west corner", "from the north-east corner", "height", "bearing", "tilt", "aims at"]
    note = (
        "Corners are those of the box around the building; bearing is clockwise from north, tilt is above the horizon."
    )
    return _table(heads, lines) + f'<p class="muted">{note}</p>'


def _candidates(run: RunData) -> str:
    heads = ["trial", "P5 [dBm]", "rung", *run.genes]
    lines = [
        [row.trial_id, f"{row.values['p5_rss_dbm']:.2f}", f"{row.values['rung']:.0f}"]
        + [f"{row.values[gene]:.2f}" for gene in run.genes]
        for row in run.ranked[:TOP]
    ]
    return _table(heads, lines)


def _table(heads: Iterable[str], lines: Iterable[Sequence[str]]) -> str:
    def cells(tag: str, texts: Iterable[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts) + "</tr>"

    body = "".join(cells("td", line) for line in lines)
    return f'<div class="wide"><table>{cells("th", heads)}{body}</table></div>'


def _shown(figure: go.Figure) -> str:
    options: dict[str, Any] = {"responsive": True, "displayModeBar": False}
    return str(figure.to_html(full_html=False, include_plotlyjs=False, config=options))
