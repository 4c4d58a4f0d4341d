"""The picture of a comparison: best score so far against rays traced, a line and a band for each entry."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from search_records.atomic_files import atomic_write
from trainables.objectives.base import ObjectiveSettings
from tune_reflector.reporting.palette import COLOURS

_STYLES = ("-", "--", ":", "-.")


def save_comparison(
    path: Path, curves: Mapping[str, np.ndarray], rays: np.ndarray, objective: ObjectiveSettings
) -> None:
    """Write the figure as PNG.

    Args:
        path: the file.
        curves: for each entry ``[num_runs, num_points]``, best score so far; NaN before the first complete trial.
        rays: ``[num_points]``, rays per access point.
        objective: what the score is.
    """
    fig = Figure(figsize=(8, 5), layout="constrained")
    axis = fig.subplots()
    for number, (label, bests) in enumerate(curves.items()):
        if not len(bests):
            continue
        colour, style = COLOURS[number % len(COLOURS)], _STYLES[number // len(COLOURS) % len(_STYLES)]
        low, middle, high = np.quantile(bests, [0.25, 0.5, 0.75], axis=0)  # NaN until every run has a score
        axis.fill_between(rays, low, high, step="post", color=colour, alpha=0.18, linewidth=0)
        axis.step(rays, middle, where="post", color=colour, linestyle=style, label=f"{label} ({len(bests)} runs)")
    best = f"best {objective.quantity} so far [{objective.unit}]"
    axis.set(xlabel="rays per access point traced by the search", ylabel=best, xlim=(0, rays[-1]))
    axis.xaxis.set_major_formatter(EngFormatter())
    axis.yaxis.set_major_formatter(lambda value, _: objective.penalty(value) or f"{value:g}")
    axis.grid(alpha=0.3)
    axis.legend(loc="lower right", frameon=False)
    fig.text(
        0.01,
        -0.01,
        "Line: median over the seeds; band: quartiles. These are the searches' own scores, noisy and at the rays of\n"
        "their own top rung; the table is made of the winners measured again with fresh rays.",
        fontsize=7.5,
        color="0.35",
        va="top",
    )
    with atomic_write(path) as file:
        fig.savefig(file, format="png", dpi=130, bbox_inches="tight")
