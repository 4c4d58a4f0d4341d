"""How many kernels a candidate compiles once the worker is warm: none.

A kernel counts when it was not in memory yet, be it compiled or found in the cache on disk: a number that is baked
into a kernel makes a new one for every placement, but one that the disk knows from the last run of this benchmark.
"""

from typing import Any

import numpy as np

from benchmarks.support.options import Options, scene_config
from benchmarks.support.processes import call
from benchmarks.support.report import Answer, Row


def measure(scene: str, placements: int) -> dict[str, Any]:
    """New kernels while warming up, and of all ``placements`` together at each rung."""
    from trainables.evaluator import PlacementEvaluator

    config = scene_config(scene)
    evaluator = PlacementEvaluator(config.problem())
    import drjit as dr

    def compiled() -> int:
        kernels = [entry for entry in dr.kernel_history() if entry["type"] == dr.KernelType.JIT]
        return sum(not entry["cache_hit"] or bool(entry["cache_disk"]) for entry in kernels)

    dr.set_flag(dr.JitFlag.KernelHistory, True)
    evaluator.warm_up()
    warm_up, per_rung, rng = compiled(), {}, np.random.default_rng(1)
    for rays in config.rungs:
        for _ in range(placements):
            evaluator.trace(evaluator.site.space.decode(evaluator.site.space.sample(rng)), rays)
        per_rung[rays] = compiled()
    return {"warm_up": warm_up, "rungs": list(per_rung.items())}


def run(options: Options) -> Answer:
    """Count on each scene and rung."""
    rows = []
    for scene in options.scenes:
        counted = call(measure, scene, options.trials)
        rows.append(Row(f"{scene}, warm-up of all rungs", counted["warm_up"], "kernels"))
        for rays, kernels in counted["rungs"]:
            per_candidate = kernels / options.trials
            rows.append(Row(f"{scene}, {rays:,} rays per AP", per_candidate, "kernels/candidate", at_most=0))
    return Answer(rows, [f"{options.trials} random placements a rung; kernels that were not in memory yet count"])
