"""Searched settings: numbers stay, ranges become genes, on their own scale."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from search_spaces.genes import Gene
from search_spaces.hyperparameters import AscentHyperparameters, Range, TrialSpace
from trainables.problem import PlacementProblem

SPACE = PlacementProblem().site().space
RANGES = st.tuples(st.floats(1e-6, 1e3), st.floats(1.001, 1e4)).map(lambda pair: (pair[0], pair[0] * pair[1]))


@given(RANGES, st.booleans(), st.floats(0, 1))
def test_a_share_leads_to_a_value_and_back(bounds: tuple[float, float], log: bool, share: float) -> None:
    gene = Gene("g", *bounds, "hyperparameter", log)
    assert gene.low <= gene.denormalize(share) <= gene.high
    assert gene.normalize(gene.denormalize(share)) == pytest.approx(share, abs=1e-9)


def test_on_a_logarithmic_scale_the_middle_is_the_geometric_mean() -> None:
    assert Gene("g", 1e-3, 1e-1, "hyperparameter", True).denormalize(0.5) == pytest.approx(1e-2)
    assert Gene("g", 1.0, 3.0, "hyperparameter").denormalize(0.5) == 2.0


def test_a_gene_without_extent_is_in_its_middle() -> None:
    gene = Gene("g", 2.0, 2.0, "position")
    assert (gene.denormalize(0.7), gene.normalize(2.0)) == (2.0, 0.5)


def test_ranges_are_searched_and_numbers_are_not() -> None:
    settings = AscentHyperparameters(learning_rate=Range(low=0.001, high=0.1, log=True), momentum=0.5)
    assert settings.searched() == (Gene("learning_rate", 0.001, 0.1, "hyperparameter", True),)
    values = settings.values({"learning_rate": 0.03, "x1": 4.0})
    assert (values["learning_rate"], values["momentum"]) == (0.03, 0.5)
    assert set(values) == set(AscentHyperparameters.model_fields)


def test_starts_and_settings_are_searched_together_or_settings_alone() -> None:
    gene = Gene("learning_rate", 0.001, 0.1, "hyperparameter", True)
    together, alone = TrialSpace(SPACE, (gene,)), TrialSpace(None, (gene,))
    assert together.genes == (*SPACE.genes, gene)
    assert alone.genes == (gene,)
    rng = np.random.default_rng(0)
    drawn = [together.sample(rng) for _ in range(200)]
    assert all(SPACE.violation(genes) == 0 for genes in drawn)
    # Uniform in the logarithm: half of all are below the geometric mean.
    below = sum(genes["learning_rate"] < math.sqrt(0.001 * 0.1) for genes in drawn)
    assert 70 < below < 130
    outside = {**drawn[0], "x1": SPACE.genes[0].high + 3.0}
    assert together.violation(outside) == SPACE.violation(outside) > 0
    assert set(alone.sample(rng)) == {"learning_rate"}
    assert alone.violation(alone.sample(rng)) == 0


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"learning_rate": 0}, r"learning_rate(.|\n)*\(0, 1\], but got 0"),
        ({"learning_rate": {"low": 0.1, "high": 2}}, r"learning_rate(.|\n)*but got 2"),
        ({"learning_rate": {"low": 0.1, "high": 0.1}}, "low must be < high"),
        ({"temperature_db": {"low": 0, "high": 1, "log": True}}, "low must be > 0"),
        ({"momentum": 1}, "momentum"),
    ],
)
def test_bad_settings_are_refused(bad: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        AscentHyperparameters.model_validate(bad)
