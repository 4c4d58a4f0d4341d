"""How far the scores of each rung are from those of many rays, and whether they rank placements alike.

*crosses* and *plane* are the two receiver surfaces, traced with one rung's rays; *merged* are the maps of all rungs
so far, averaged, which is what a trial reports. The reference is traced with crosses, on another lattice.
"""

from itertools import accumulate
from typing import Any

import numpy as np

from benchmarks.support.options import Options, scene_config
from benchmarks.support.processes import call
from benchmarks.support.report import Answer, Row


def measure(scene: str, placements: int, reference_rays: int) -> dict[str, Any]:
    """Reference scores, and scores and seconds of each surface and rung, for random feasible placements."""
    from trainables.evaluator import PlacementEvaluator, TracedMap

    problem = scene_config(scene).problem()
    rungs = problem.rungs
    space = problem.site().space
    rng = np.random.default_rng(1)
    chosen = [space.decode(space.sample(rng)) for _ in range(placements)]
    maps: dict[str, list[list[TracedMap]]] = {}
    reference: list[float] = []
    for surface in ("plane", "crosses"):
        receivers = problem.receivers.model_copy(update={"surface": surface})
        evaluator = PlacementEvaluator(problem.model_copy(update={"receivers": receivers}))
        evaluator.warm_up()
        maps[surface] = [[evaluator.trace(placement, rays) for rays in rungs] for placement in chosen]
        if surface == "crosses":
            reference = [evaluator.score(evaluator.trace(p, reference_rays)).value for p in chosen]
    maps["merged"] = [list(accumulate(traced, TracedMap.merged)) for traced in maps["crosses"]]
    return {
        "rungs": list(rungs),
        "reference": reference,
        "scores": {
            name: [[evaluator.score(traced).value for traced in rung] for rung in zip(*of, strict=True)]
            for name, of in maps.items()
        },
        "seconds": {
            name: [float(np.median([traced.trace_time_s for traced in rung])) for rung in zip(*of, strict=True)]
            for name, of in maps.items()
        },
    }


def run(options: Options) -> Answer:
    """Compare every surface and rung with the reference, on each scene."""
    from scipy.stats import kendalltau

    rows = []
    for scene in options.scenes:
        measured = call(measure, scene, max(2, options.placements), options.reference_rays)
        reference = np.array(measured["reference"])
        for surface, rungs in measured["scores"].items():
            for number, rays in enumerate(measured["rungs"]):
                if surface == "merged" and number == 0:
                    continue  # nothing to merge yet
                error_db = np.array(rungs[number]) - reference
                what = f"{scene}, {surface}, {rays:,} rays per AP:"
                rows += [
                    Row(f"{what} rms error", float(np.sqrt(np.mean(error_db**2))), "dB"),
                    Row(f"{what} bias", float(error_db.mean()), "dB"),
                    Row(f"{what} Kendall's tau", float(kendalltau(rungs[number], reference).statistic), ""),
                    Row(f"{what} time", measured["seconds"][surface][number], "s/candidate"),
                ]
    notes = [
        f"P5 of {max(2, options.placements)} random feasible placements against crosses with "
        f"{options.reference_rays:,} rays per AP; all cores",
        "merged: all rungs up to this one, as a trial reports them; its time is their sum",
    ]
    return Answer(rows, notes)
