"""Rough walls scatter as much as they are told to, and smooth ones are what is left without."""

import numpy as np
import pytest

from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.variants.rough_walls import RoughWallsSettings

PROBLEM = PlacementProblem.model_validate({"radio": {"max_depth": 3}, "reflector": {"model": "mirror"}})


def test_every_wall_scatters_and_no_plate_does() -> None:
    (variant,) = RoughWallsSettings(scattering_coefficients=(0.3,)).variants(PROBLEM)
    there = PlacementEvaluator(PROBLEM, variant=variant)
    found = {name: o.radio_material.scattering_coefficient[0] for name, o in there.scene.scene.objects.items()}
    assert found.pop("reflector-0") == 0
    assert found
    assert list(found.values()) == pytest.approx([0.3] * len(found))


def test_walls_that_hardly_scatter_are_smooth_and_rough_ones_take_from_the_mirror_image() -> None:
    space = PROBLEM.site().space
    placement = space.decode(space.sample(np.random.default_rng(5)))
    smooth = PlacementEvaluator(PROBLEM)
    variants = RoughWallsSettings(scattering_coefficients=(1e-6, 0.7)).variants(PROBLEM)
    assert smooth.variant.name == "as modelled"
    mirror_w, hardly_w, rough_w = (of.trace(placement, 20_000).rss_w for of in (smooth, *map(smooth.under, variants)))
    assert hardly_w == pytest.approx(mirror_w, rel=1e-3)
    lit = mirror_w.max(axis=0) > 0
    assert (rough_w.max(axis=0) > 0).sum() > lit.sum()  # corners that no mirror image reaches
    assert np.abs(rough_w - mirror_w)[:, lit].sum() > 0.05 * mirror_w.sum()
