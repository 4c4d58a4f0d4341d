"""The placements around one, and how far apart two are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.neighbourhood import Neighbourhood, distance
from trainables.problem import PlacementProblem

SPACE = PlacementProblem().site().space


@given(seed=st.integers(0, 10_000), margin=st.floats(1e-3, 1))
@settings(max_examples=40)
def test_the_bounds_are_around_the_centre_and_within_the_space(seed: int, margin: float) -> None:
    rng = np.random.default_rng(seed)
    centre = SPACE.sample(rng)
    near = Neighbourhood(SPACE, centre, margin)
    drawn = near.sample(rng)
    assert SPACE.violation(drawn) == 0
    for gene, whole in zip(near.genes, SPACE.genes, strict=True):
        assert whole.low <= gene.low <= centre[gene.name] <= gene.high <= whole.high
        assert gene.high - gene.low <= 2.0001 * margin * (whole.high - whole.low)
        assert gene.low <= drawn[gene.name] <= gene.high
    assert distance(SPACE, centre, drawn) <= margin * 1.0001


def test_distance_is_in_shares_of_the_ranges() -> None:
    first = {gene.name: gene.low for gene in SPACE.genes}
    last = {gene.name: gene.high for gene in SPACE.genes}
    assert distance(SPACE, first, first) == 0
    assert distance(SPACE, first, last) == pytest.approx(1)
    one = first | {"x1": last["x1"]}
    assert distance(SPACE, first, one) == pytest.approx(np.sqrt(1 / len(SPACE.genes)))


@given(seed=st.integers(0, 10_000), jitter=st.floats(0, 1))
@settings(max_examples=40)
def test_a_shaken_placement_can_be_built(seed: int, jitter: float) -> None:
    rng = np.random.default_rng(seed)
    genes = SPACE.sample(rng)
    shaken = SPACE.shaken(genes, jitter, rng)
    assert SPACE.violation(shaken) == 0
    assert all(gene.low <= shaken[gene.name] <= gene.high for gene in SPACE.genes)
    if jitter == 0:
        assert shaken == pytest.approx(genes)


def test_a_shake_is_a_share_of_each_range() -> None:
    genes = {gene.name: gene.denormalize(0.5) for gene in SPACE.genes} | {"x1": 4.0, "x2": 9.0}
    assert SPACE.violation(genes) == 0
    rng = np.random.default_rng(0)
    shaken = [SPACE.shaken(genes, 0.02, rng) for _ in range(300)]
    for gene in SPACE.genes:
        spread = np.std([gene.normalize(s[gene.name]) for s in shaken])
        assert spread == pytest.approx(0.02, rel=0.2)
