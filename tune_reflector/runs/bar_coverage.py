"""The error bar, validated: how many further independent measurements lie in it."""

from collections.abc import Iterator

import numpy as np

from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.validation.row import Row
from tune_reflector.config.sections import FinalSettings
from tune_reflector.runs.measurement import CONFIDENCE, FIRST_SAMPLE, measure

PLACEMENTS = 8

FURTHER = 12
"""Measurements of each placement."""

SETTINGS = FinalSettings(rays_per_ap=30_000)


def rows() -> Iterator[Row]:
    """Over random placements in ``l_corridor``, with few rays, so that there is noise to speak of."""
    evaluator = PlacementEvaluator(PlacementProblem())
    space, rng = evaluator.site.space, np.random.default_rng(1)
    first = FIRST_SAMPLE + SETTINGS.lattices
    held = []
    for _ in range(PLACEMENTS):
        placement = space.decode(space.sample(rng))
        bar = measure(evaluator, placement, SETTINGS)
        for sample in range(first, first + FURTHER):
            again = evaluator.score(evaluator.trace(placement, SETTINGS.rays_per_ap, sample))
            held.append(abs(again.value - bar.score.value) <= bar.error)
    yield Row(
        f"measurements of P5 within the error bar, of {len(held)}",
        CONFIDENCE,
        float(np.mean(held)),
        "of 1",
        0.05,
        "Student's prediction interval",
        f"{PLACEMENTS} placements, the bar from {SETTINGS.lattices} samples of rays each",
    )
