"""A genetic algorithm as a Tune searcher: one trial is one individual.

What it finds depends on the seed alone, not on the number of workers, the order in which trials end, or an
interruption. For this the results are *entered* in the order of the individuals' numbers, never in that of their
arrival, and each individual is bred after a fixed number of them:

- ``generational``: individual ``k`` of generation ``g`` after all of generation ``g - 1``;
- ``steady_state``: individual ``k`` after 0 to ``k - lag``, so that a worker waits for nobody but a straggler.

An individual whose trial failed is entered without a score and becomes no parent. One that a scheduler stopped on a
lower rung ranks below all that came further.
"""

import json
import time
from bisect import insort
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from deap import tools
from ray.tune.search import Searcher

from search_records.result import MODE
from search_spaces.genes import SearchSpace
from tune_reflector.searchers.algorithms.base import SCORE, Result, reported_score
from tune_reflector.searchers.algorithms.breeding import Breeder, Individual
from tune_reflector.searchers.ga import GaSettings


class GeneticSearcher(Searcher):
    """Evolves the genes of ``space``.

    A suggestion holds, besides the genes, ``individual``, ``generation`` and, if it was bred, ``parent_1`` and
    ``parent_2`` (numbers of individuals).
    """

    def __init__(self, space: SearchSpace, settings: GaSettings, seed: int) -> None:
        super().__init__(metric=SCORE, mode=MODE)
        self._settings = settings
        self._generational = settings.mode == "generational"
        self._breeder = Breeder(space, settings, seed)
        self._begin()

    def _begin(self) -> None:
        self._made = 0
        """Individuals so far; the number of the next one, and with the seed its random state."""
        self._running: dict[str, Individual] = {}
        self._ended: dict[int, Individual] = {}
        """Ended, not yet entered, as one before them is still out."""
        self._entered = 0
        """Individuals 0 to this number (excluded) have been entered."""
        self._population: list[Individual] = []
        """Those with a score that may become parents; best first."""
        self._offspring: list[Individual] = []
        """Entered since the generation began."""
        self._failed = 0
        self._hall_of_fame = tools.HallOfFame(self._settings.hall_of_fame)
        self.statistics: list[dict[str, float]] = []
        """One entry per generation (in ``steady_state``: per as many individuals as the population has)."""
        self._idle_since: list[float] = []

    def suggest(self, trial_id: str) -> dict[str, float] | None:
        individual = self._next()
        if individual is None:
            return None
        self._running[trial_id] = individual
        parents = {f"parent_{i}": parent for i, parent in enumerate(individual.parents, start=1)}
        origin = {"individual": individual.number, "generation": individual.generation, **parents}
        return self._breeder.named(individual) | origin

    def on_trial_result(self, trial_id: str, result: Result) -> None:
        if trial_id in self._running:  # kept, as a trial that is stopped while it pauses ends without a result
            self._rate(self._running[trial_id], result)

    def on_trial_complete(self, trial_id: str, result: Result | None = None, error: bool = False) -> None:
        individual = self._running.pop(trial_id, None)
        if individual is None:
            return
        if error:
            del individual.fitness.values
        elif result is not None:
            self._rate(individual, result)
        if individual.fitness.valid:
            self._hall_of_fame.update([individual])
        self._ended[individual.number] = individual
        if self._generational and self._made == self._first_of(individual.generation + 1):
            self._idle_since.append(time.monotonic())  # its worker now waits for the rest of the generation
        self._enter(self._needed_by(self._made))

    def _rate(self, individual: Individual, result: Result) -> None:
        score = reported_score(result)
        if score is None:
            del individual.fitness.values
        else:
            individual.fitness.values = (result.get("training_iteration", 1), score)

    @property
    def hall_of_fame(self) -> list[dict[str, Any]]:
        """The best individuals, best first: number, generation, parents, score and genes."""
        return [self._shown(individual) for individual in self._hall_of_fame]

    def _next(self) -> Individual | None:
        number = self._made
        if not self._enter(self._needed_by(number)):
            return None
        parents = self._population if number >= self._settings.population else []
        individual = self._breeder.breed(number, self._generation_of(number), parents)
        self._made += 1
        return individual

    def _newcomers(self) -> int:
        """Individuals of each generation after the first; the elites of the one before make up the rest."""
        return self._settings.population - (self._settings.elites if self._generational else 0)

    def _generation_of(self, number: int) -> int:
        population = self._settings.population
        return 0 if number < population else 1 + (number - population) // self._newcomers()

    def _first_of(self, generation: int) -> int:
        """Number of the first individual of a generation."""
        return 0 if generation == 0 else self._settings.population + (generation - 1) * self._newcomers()

    def _needed_by(self, number: int) -> int:
        """How many individuals must have been entered before ``number`` is bred: exactly so many, never more."""
        if self._generational:
            return self._first_of(self._generation_of(number))
        return max(0, number + 1 - self._settings.lag)

    def _enter(self, count: int) -> bool:
        """Enter individuals in the order of their numbers; False if ``count`` of them cannot be entered yet."""
        while self._entered < count:
            individual = self._ended.pop(self._entered, None)
            if individual is None:
                return False
            self._entered += 1
            self._offspring.append(individual)
            if individual.fitness.valid:
                if not self._generational:
                    insort(self._population, individual, key=_rank)
                    del self._population[self._settings.population :]
            else:
                self._failed += 1
            if self._entered == self._first_of(individual.generation + 1):
                self._end_generation(individual.generation)
        return True

    def _end_generation(self, generation: int) -> None:
        if self._generational:
            elites = self._population[: self._settings.elites]
            scored = [individual for individual in self._offspring if individual.fitness.valid]
            self._population = sorted(elites + scored, key=_rank)
        now = time.monotonic()
        scores, rungs = _scores_of_the_top_rung(self._population)
        self.statistics.append(
            {
                "generation": generation,
                "individuals": self._entered,
                "failed": self._failed,
                "rung": rungs,
                f"best_{SCORE}": max(scores, default=float("nan")),
                f"mean_{SCORE}": float(np.mean(scores)) if scores else float("nan"),
                "diversity": self._diversity(),
                "idle_s": sum(now - since for since in self._idle_since),
            }
        )
        self._offspring, self._idle_since = [], []

    def _diversity(self) -> float:
        """Standard deviation of the population's genes, as shares of their ranges, averaged over the genes."""
        if not self._population:
            return 0.0
        shares = np.array([self._breeder.shares(individual) for individual in self._population])
        return float(shares.std(axis=0).mean())

    def _shown(self, individual: Individual) -> dict[str, Any]:
        record = individual.to_json()
        rung, score = record.pop("fitness")
        return record | {"rung": rung, SCORE: score, "genes": self._breeder.named(individual)}

    def save(self, checkpoint_path: str) -> None:
        state = {
            "made": self._made,
            "entered": self._entered,
            "failed": self._failed,
            "running": {trial_id: individual.to_json() for trial_id, individual in self._running.items()},
            "ended": _to_json(self._ended.values()),
            "population": _to_json(self._population),
            "offspring": _to_json(self._offspring),
            "hall_of_fame": _to_json(self._hall_of_fame),
            "statistics": self.statistics,
        }
        Path(checkpoint_path).write_text(json.dumps(state), encoding="utf-8")

    def restore(self, checkpoint_path: str) -> None:
        state = json.loads(Path(checkpoint_path).read_text(encoding="utf-8"))
        self._begin()
        self._made, self._entered, self._failed = state["made"], state["entered"], state["failed"]
        self._running = {trial_id: Individual.from_json(record) for trial_id, record in state["running"].items()}
        self._ended = {individual.number: individual for individual in _from_json(state["ended"])}
        self._population = _from_json(state["population"])
        self._offspring = _from_json(state["offspring"])
        self._hall_of_fame.update(_from_json(state["hall_of_fame"]))
        self.statistics = state["statistics"]


def _rank(individual: Individual) -> tuple[float, float, int]:
    """Sorts the best first; among equals the older."""
    rung, score = individual.fitness.values
    return -rung, -score, individual.number


def _scores_of_the_top_rung(population: Sequence[Individual]) -> tuple[list[float], int]:
    top = max((individual.fitness.values[0] for individual in population), default=0)
    return [individual.score for individual in population if individual.fitness.values[0] == top], int(top)


def _to_json(individuals: Any) -> list[dict[str, Any]]:
    return [individual.to_json() for individual in individuals]


def _from_json(records: Sequence[dict[str, Any]]) -> list[Individual]:
    return [Individual.from_json(record) for record in records]
