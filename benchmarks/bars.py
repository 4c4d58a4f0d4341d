"""Whether error bars hold: how many further independent measurements lie in the bar of one.

Every placement is traced on many samples of rays. They are cut into groups as large as a measurement; each group gives
a score and its bar, as it is told of a winner, and all samples of the other groups are held against it. Of good bars a
share of about 0.95 lies inside, and of no placement much less. Placements are poor, middling and good ones, by rank
among random ones.
"""

from typing import Any

import numpy as np

from benchmarks.support.options import Options, scene_config
from benchmarks.support.processes import call
from benchmarks.support.report import Answer, Row

RANDOM_PLACEMENTS = 40
"""Random placements of which some are measured."""

SCREENING_RAYS = 30_000


def measure(scene: str, placements: int, rays_per_ap: int, bars: int) -> list[dict[str, Any]]:
    """Of each placement: score, error and share inside of each bar, and the scores of its samples."""
    from trainables.evaluator import PlacementEvaluator, TracedMap
    from tune_reflector.runs.measurement import FIRST_SAMPLE, error_bar

    config = scene_config(scene)
    size = config.final.lattices
    evaluator = PlacementEvaluator(config.problem())
    space = evaluator.site.space
    rng = np.random.default_rng(1)
    drawn = [space.decode(space.sample(rng)) for _ in range(max(RANDOM_PLACEMENTS, placements))]
    drawn.sort(key=lambda placement: evaluator.score(evaluator.trace(placement, SCREENING_RAYS)).value)
    answers = []
    for number in np.linspace(0, len(drawn) - 1, placements).round().astype(int):
        samples = range(FIRST_SAMPLE, FIRST_SAMPLE + size * bars)
        maps = [evaluator.trace(drawn[number], rays_per_ap, sample) for sample in samples]
        singles = np.array([evaluator.score(traced).value for traced in maps])
        told = []
        for first in range(0, len(maps), size):
            merged = maps[first]
            for traced in maps[first + 1 : first + size]:
                merged = TracedMap.merged(merged, traced)
            value = evaluator.score(merged).value
            error = error_bar(value, singles[first : first + size])
            others = np.delete(singles, slice(first, first + size))
            told.append({"value": value, "error": error, "inside": float(np.mean(np.abs(others - value) <= error))})
        answers.append({"bars": told, "singles": singles.tolist()})
    return answers


def run(options: Options) -> Answer:
    """The share inside, of each placement over its bars, and of all."""
    rows, shares = [], []
    for scene in options.scenes:
        for answer in call(measure, scene, options.bar_placements, options.bar_rays, options.bars):
            values, errors, inside = (
                np.array([bar[name] for bar in answer["bars"]]) for name in ("value", "error", "inside")
            )
            what = f"{scene}, {values.mean():.1f} dBm:"
            rows.append(Row(f"{what} spread of single samples", float(np.std(answer["singles"], ddof=1)), "dB"))
            rows.append(Row(f"{what} median error", float(np.median(errors)), "dB"))
            rows.append(Row(f"{what} share inside", float(inside.mean()), ""))
            shares.extend(inside)
    rows.append(Row("all: share inside", float(np.mean(shares)), "", at_least=0.9))
    notes = [
        f"{options.bar_rays:,} rays per AP a sample; {options.bars} bars a placement, each held against all samples of "
        "the other bars; a share above 0.99 would tell of bars that are too wide"
    ]
    return Answer(rows, notes)
