"""Breeding of individuals: DEAP's selection, crossover and mutation, and randomness that belongs to the individual.

Individual ``k`` depends on the seed, on ``k`` and on the population it is bred from, and on nothing else: its random
generator is seeded by (seed, k). So no state of a generator has to survive an interruption, and it does not matter
which worker asks when.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from deap import base, tools

from search_spaces.genes import Gene, SearchSpace
from tune_reflector.searchers.algorithms.base import repaired
from tune_reflector.searchers.ga import GaSettings

_REDRAWS = 100
"""Children until a feasible one is taken; after that one is repaired."""


class Fitness(base.Fitness):
    """(iteration, score), compared in this order: a trial that was stopped early never beats one that came further."""

    weights = (1.0, 1.0)


class Individual(list[float]):
    """The genes of one trial, in their own units, and where they came from.

    Args:
        genes: values in the order of the space's genes.
        number: counts the individuals of a search.
        generation: 0 is random.
        parents: numbers of the individuals it was bred from; none, one or two.
    """

    def __init__(self, genes: Sequence[float], number: int, generation: int, parents: Sequence[int] = ()) -> None:
        super().__init__(genes)
        self.number = number
        self.generation = generation
        self.parents = tuple(parents)
        self.fitness = Fitness()

    @property
    def score(self) -> float:
        """Score; only of an individual that has one."""
        return float(self.fitness.values[1])

    def __deepcopy__(self, _: Any) -> "Individual":
        return Individual.from_json(self.to_json())

    def to_json(self) -> dict[str, Any]:
        return {
            "individual": self.number,
            "generation": self.generation,
            "parents": list(self.parents),
            "fitness": list(self.fitness.values) if self.fitness.valid else None,
            "genes": list(self),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Individual":
        individual = cls(data["genes"], data["individual"], data["generation"], data["parents"])
        if data["fitness"] is not None:
            individual.fitness.values = tuple(data["fitness"])
        return individual


class Breeder:
    """Makes individuals: random ones, and children of a population."""

    def __init__(self, space: SearchSpace, settings: GaSettings, seed: int) -> None:
        self._space = space
        self._genes: tuple[Gene, ...] = space.genes
        self._settings = settings
        self._seed = seed
        self._steps = [getattr(settings.mutation_steps, gene.kind) for gene in self._genes]

    def breed(self, number: int, generation: int, population: Sequence[Individual]) -> Individual:
        """Individual ``number``, a child of ``population``; a random one if that has fewer than two.

        The very first are the space's ``starts``, as many as the first generation holds.
        """
        if len(population) >= 2:
            with deap_rng(self._seed, number):
                for _ in range(_REDRAWS):
                    child = self._child(number, generation, population)
                    if self._space.violation(self.named(child)) == 0:
                        return child
            mended = repaired(self._space, self.named(child))
            return Individual([mended[gene.name] for gene in self._genes], number, generation, child.parents)
        starts = self._space.starts
        known = starts[number] if generation == 0 and number < len(starts) else None
        genes = known or self._space.sample(np.random.default_rng([self._seed, number]))
        return Individual([genes[gene.name] for gene in self._genes], number, generation)

    def named(self, individual: Sequence[float]) -> dict[str, float]:
        """Values by the genes' names."""
        return {gene.name: value for gene, value in zip(self._genes, individual, strict=True)}

    def shares(self, individual: Sequence[float]) -> list[float]:
        """Values as shares of their ranges, in which all genes are alike."""
        return [gene.normalize(value) for gene, value in zip(self._genes, individual, strict=True)]

    def _child(self, number: int, generation: int, population: Sequence[Individual]) -> Individual:
        settings = self._settings
        tournament = min(settings.tournament, len(population))
        mother, father = tools.selTournament(population, 2, tournament)
        shares, parents = self.shares(mother), [mother.number]
        if random.random() < settings.crossover_probability:
            tools.cxBlend(shares, self.shares(father), settings.blend_alpha)
            parents = sorted({mother.number, father.number})
        before = list(shares)
        tools.mutGaussian(shares, 0.0, self._steps, settings.mutation_probability)
        if len(parents) == 1 and shares == before:  # a copy would tell nothing new: one gene mutates in any case
            i = random.randrange(len(shares))
            shares[i] += random.gauss(0.0, self._steps[i])
        repaired = [min(max(share, 0.0), 1.0) for share in shares]
        genes = [gene.denormalize(share) for gene, share in zip(self._genes, repaired, strict=True)]
        return Individual(genes, number, generation, parents)


@contextmanager
def deap_rng(seed: int, number: int) -> Iterator[None]:
    """Within this context the global ``random``, which DEAP's operators draw from, is seeded; then it is as before."""
    before = random.getstate()
    random.seed(f"{seed}/{number}")
    try:
        yield
    finally:
        random.setstate(before)
