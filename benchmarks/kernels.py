"""How many kernels a candidate compiles once the worker is warm: none.

A kernel counts when it was not in memory yet, be it compiled or found in the cache on disk: a number that is baked
into a kernel makes a new one for every placement, but one that the disk knows from the last run of this benchmark.
"""

from itertools import product
from typing import Any, get_args

import numpy as np

from benchmarks.support.options import Options, scene_config
from benchmarks.support.processes import call
from benchmarks.support.report import Answer, Row
from search_spaces.reflector import PlateModel


def measure(scene: str, model: str, placements: int) -> dict[str, Any]:
    """New kernels while warming up, and of all ``placements`` together at each rung."""
    from trainables.evaluator import PlacementEvaluator

    config = scene_config(scene)
    problem = config.problem()
    reflector = problem.reflector and problem.reflector.model_copy(update={"model": model})
    evaluator = PlacementEvaluator(problem.model_copy(update={"reflector": reflector}))
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
    """Count on each scene and rung, with either model of a plate."""
    rows = []
    for scene, model in product(options.scenes, get_args(PlateModel)):
        counted = call(measure, scene, model, options.trials)
        rows.append(Row(f"{scene}, {model}, warm-up of all rungs", counted["warm_up"], "kernels"))
        for rays, kernels in counted["rungs"]:
            per_candidate = kernels / options.trials
            rows.append(Row(f"{scene}, {model}, {rays:,} rays per AP", per_candidate, "kernels/candidate", at_most=0))
    return Answer(rows, [f"{options.trials} random placements a rung; kernels that were not in memory yet count"])
