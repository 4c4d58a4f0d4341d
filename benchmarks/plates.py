"""How far a plate's P5 is from physical optics, as a diffracting plate and as a mirror, and what bending rays costs.

In ``l_corridor``, where physical optics knows all orders of bounce: access points are in one leg and users in the
other, each of which is a box, and the plate is where both meet. Its reference is the map that is traced without the
plate, and to it the plate's power by physical optics, averaged over four points of a cell, as panels average. Left out
there: paths that come back to the plate from the users' leg, and its shadow (0.01 dB of P5).
"""

from typing import Any, get_args

import numpy as np

from benchmarks.support.options import Options
from benchmarks.support.processes import OtherLoad, call
from benchmarks.support.report import Answer, Row
from search_spaces.reflector import PlateModel

MODELS = get_args(PlateModel)

DRAWS = 15
"""Random placements of which the best counts: most leave the users to what the walls bring, and show no plate."""


def _problem(frequency_hz: float, side_m: float, model: str) -> Any:
    from trainables.problem import PlacementProblem

    reflector = {"size_m": [side_m, side_m], "model": model}
    return PlacementProblem.model_validate({"radio": {"frequency_hz": frequency_hz}, "reflector": reflector})


def measure(frequency_hz: float, side_m: float, placements: int, rays: int) -> dict[str, Any]:
    """Scores of the best of ``DRAWS`` random placements each, and the plate's power over that of physical optics.

    Returns:
        scores: by model at ``rays``, of ``reference`` and of ``bare`` (no plate), and of each rung with the
            diffracting plate, merged as trials report them; ``[placements]`` each, dBm.
        plate_db: by model, power that all cells get by the plate over that of the reference; ``[placements]``, dB.
    """
    from trainables.evaluator import PlacementEvaluator, TracedMap
    from trainables.plate_optics import PlateOptics

    maps: dict[str, list[TracedMap]] = {}
    for model in MODELS:
        problem = _problem(frequency_hz, side_m, model)
        evaluator = PlacementEvaluator(problem)
        if model == MODELS[0]:
            chosen = _good_placements(evaluator, placements)
            rungs = [[evaluator.trace(placement, few) for few in problem.rungs] for placement in chosen]
            for number, few in enumerate(problem.rungs):
                maps[str(few)] = [traced[0] if not number else traced[0].merged(traced[1]) for traced in rungs]
            maps["bare"] = [evaluator.trace(placement.without_reflectors(), rays) for placement in chosen]
        maps[model] = [evaluator.trace(placement, rays) for placement in chosen]
    by_plate_w = [
        PlateOptics.of(evaluator.problem, placement).power_w(bare.rss_w.max(axis=0))
        for placement, bare in zip(chosen, maps["bare"], strict=True)
    ]
    maps["reference"] = [
        TracedMap(bare.rss_w + more_w, rays, 0.0) for bare, more_w in zip(maps["bare"], by_plate_w, strict=True)
    ]
    return {
        "scores": {name: [evaluator.score(traced).value for traced in of] for name, of in maps.items()},
        "plate_db": {
            model: [
                float(10 * np.log10((traced.rss_w - bare.rss_w).sum() / more_w.sum()))
                for traced, bare, more_w in zip(maps[model], maps["bare"], by_plate_w, strict=True)
            ]
            for model in MODELS
        },
    }


def _good_placements(evaluator: Any, count: int) -> list[Any]:
    """The best of ``DRAWS`` random placements each, by a map of the first rung."""
    space, rays = evaluator.site.space, evaluator.problem.rungs[0]
    rng = np.random.default_rng(5)
    chosen = []
    for _ in range(count):
        drawn = [space.decode(space.sample(rng)) for _ in range(DRAWS)]
        chosen.append(max(drawn, key=lambda placement: evaluator.score(evaluator.trace(placement, rays)).value))
    return chosen


def seconds(model: str, candidates: int) -> dict[str, float]:
    """Median seconds of a candidate at the last rung, and the cores that others took meanwhile."""
    from trainables.evaluator import PlacementEvaluator

    evaluator = PlacementEvaluator(_problem(5.18e9, 1.0, model))
    evaluator.warm_up()
    space, rng = evaluator.site.space, np.random.default_rng(1)
    chosen = [space.decode(space.sample(rng)) for _ in range(candidates)]
    load = OtherLoad()
    times_s = [evaluator.trace(placement, evaluator.problem.rungs[-1]).trace_time_s for placement in chosen]
    return {"seconds": float(np.median(times_s)), "others": load.cores()}


def run(options: Options) -> Answer:
    """Compare both models with physical optics for each plate, and with each other in time."""
    from scipy.stats import kendalltau

    rows = []
    for frequency_hz, side_m in options.plates:
        measured = call(measure, frequency_hz, side_m, max(2, options.placements), options.plate_rays)
        scores = {name: np.array(of) for name, of in measured["scores"].items()}
        what = f"{side_m:g} m, {frequency_hz / 1e9:g} GHz"
        worth_db = float((scores["reference"] - scores["bare"]).mean())
        rows.append(Row(f"{what}, what the plate adds to P5", worth_db, "dB"))
        for model in MODELS:
            error_db, reach = scores[model] - scores["reference"], model == MODELS[0]
            tau = float(kendalltau(scores[model], scores["reference"]).statistic)
            power_db = float(np.mean(measured["plate_db"][model]))
            rms_db, bias_db = float(np.sqrt(np.mean(error_db**2))), float(error_db.mean())
            rows += [
                Row(f"{what}, {model}: P5, rms error", rms_db, "dB", at_most=1.0 if reach else None),
                Row(f"{what}, {model}: P5, bias", bias_db, "dB"),
                Row(f"{what}, {model}: P5, |bias|", abs(bias_db), "dB", at_most=0.5 if reach else None),
                Row(f"{what}, {model}: Kendall's tau", tau, "", at_least=0.85 if reach else None),
                Row(f"{what}, {model}: power of the plate", power_db, "dB"),
            ]
        for name in sorted(set(scores) - {*MODELS, "reference", "bare"}, key=int):
            error_db = scores[name] - scores[MODELS[0]]
            tau = float(kendalltau(scores[name], scores[MODELS[0]]).statistic)
            rows += [
                Row(f"{what}, rung of {int(name):,} against {options.plate_rays:,} rays: tau", tau, ""),
                Row(f"{what}, rung of {int(name):,}: bias", float(error_db.mean()), "dB"),
            ]
    times = [{model: call(seconds, model, options.candidates) for model in MODELS} for _ in range(options.repeats)]
    ratio = float(np.median([t["diffracting"]["seconds"] / t["mirror"]["seconds"] for t in times]))
    others = float(np.mean([t[model]["others"] for t in times for model in MODELS]))
    rows += [
        Row("time per map, diffracting over mirror", ratio, "", at_most=1.05),
        Row("cores that others took meanwhile", others, ""),
    ]
    notes = [
        f"the best of {DRAWS} random placements, {max(2, options.placements)} times, at {options.plate_rays:,} rays "
        "per AP; against physical optics at all orders of bounce",
        "rungs are merged, as trials report them",
    ]
    return Answer(rows, notes)
