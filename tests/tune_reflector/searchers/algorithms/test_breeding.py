"""How individuals come to be: within bounds, from named parents, by steps in shares of each gene's range."""

import numpy as np
import pytest

from tests.spaces import Cube
from trainables.problem import PlacementProblem
from tune_reflector.searchers.algorithms.breeding import Breeder, Individual
from tune_reflector.searchers.ga import GaSettings

SPACE = PlacementProblem().site().space


@pytest.fixture
def population() -> list[Individual]:
    cube = Cube(5)
    members = []
    for number in range(10):
        members.append(Individual(list(cube.sample(np.random.default_rng(number)).values()), number, 0))
        members[-1].fitness.values = (1, -float(number))
    return members


def test_children_stay_within_bounds_and_name_their_parents(population: list[Individual]) -> None:
    cube = Cube(5)
    breeder = Breeder(cube, GaSettings(blend_alpha=5, mutation_probability=1), 0)
    for number in range(200):
        child = breeder.breed(number, 1, population)
        assert all(gene.low <= value <= gene.high for gene, value in zip(cube.genes, child, strict=True))
        assert 1 <= len(child.parents) <= 2
        assert list(child) not in [list(parent) for parent in population]


def test_a_mutation_is_a_share_of_each_genes_own_range(population: list[Individual]) -> None:
    """Without crossover a child is its parent plus Gaussian steps: as large, in shares, for metres as for units."""
    cube = Cube(5)
    middle = Individual([0.0] * 5, 0, 0)
    middle.fitness.values = (1, 0.0)
    steps = {"mutation_probability": 1.0, "crossover_probability": 0.0, "tournament": 1}
    breeder = Breeder(cube, GaSettings(**steps), 0)
    shares = np.array([breeder.shares(breeder.breed(k, 1, [middle, middle])) for k in range(600)])
    assert shares.std(axis=0) == pytest.approx([0.1] * 5, rel=0.15)


def test_each_kind_of_gene_has_its_own_step() -> None:
    ga = GaSettings(crossover_probability=0, mutation_probability=1, mutation_steps={"position": 0.01, "wall": 0.2})
    breeder = Breeder(SPACE, ga, 0)
    apart = {"x1": 0.3, "x2": 0.7}
    middle = Individual([gene.denormalize(apart.get(gene.name, 0.5)) for gene in SPACE.genes], 0, 0)
    middle.fitness.values = (1, 0.0)
    assert SPACE.violation(breeder.named(middle)) == 0
    shares = np.array([breeder.shares(breeder.breed(k, 1, [middle, middle])) for k in range(300)])
    spread = dict(zip([gene.name for gene in SPACE.genes], shares.std(axis=0), strict=True))
    assert spread["x1"] == pytest.approx(0.01, rel=0.3)
    assert spread["refl_u"] == pytest.approx(0.2, rel=0.3)
