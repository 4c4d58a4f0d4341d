"""Variants: a list of worlds of distinct names, the same in every run and for every placement."""

import numpy as np
import pytest

from trainables.problem import PlacementProblem
from trainables.variants import VARIANTS
from trainables.variants.base import VariantSettings, all_variants, draws

PROBLEM = PlacementProblem()


def test_the_kinds_that_come_along_are_those_that_are_told_of() -> None:
    assert set(VARIANTS) <= set(VariantSettings.kinds().values())
    variants = all_variants([kind() for kind in VARIANTS], PROBLEM)
    assert len({variant.name for variant in variants}) == len(variants) == 12
    assert any(variant.rebuilds for variant in variants)
    assert not all(variant.rebuilds for variant in variants)


def test_no_two_variants_are_the_same() -> None:
    same = VariantSettings.kinds()["rough_walls"]
    with pytest.raises(ValueError, match=r"final.variants must differ.*'rough walls, S = 0.1' twice; drop one"):
        all_variants([same(), same()], PROBLEM)


def test_draws_are_repeated_and_no_two_are_alike() -> None:
    numbers = [draws(kind, number, which).random() for kind in ("aim", "b") for number in (0, 1) for which in (0, 1)]
    assert len(set(numbers)) == len(numbers)
    assert draws("aim", 0, 1).random() == numbers[1]
    assert np.all(np.diff(sorted(numbers)) > 1e-6)
