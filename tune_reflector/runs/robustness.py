"""Robustness: what placements are worth in worlds other than the model's, beside the error of the rays.

The rays' error says how well the model was computed, not how well it fits. So placements are traced again in the
worlds of ``final.variants``, with the same rays and the same draws for all, and few rays suffice: what they tell is by
how much a world changes a score,

    score in the world = score measured with many rays + (few rays there - few rays in the model),

so that most of what few rays get wrong cancels out. All variants count alike. That is no sample of the
world's buildings, but a list of doubts: read the worst as what may well happen, not the mean as what will.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from search_records.display import format_share
from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import ObjectiveSettings
from trainables.objectives.risk import cvar
from trainables.variants.base import AS_MODELLED, Variant
from tune_reflector.runs.measurement import SCREENING
from tune_reflector.runs.score_json import finite

WORST_SHARE = 0.2
"""Of the variants, whose mean is told."""


@dataclass(frozen=True)
class Robustness:
    """A score, or a difference of two, in the model's world and by how much each variant changes it."""

    nominal: float
    changes: Mapping[str, float]
    """By the variant's name; at least one."""

    @cached_property
    def values(self) -> dict[str, float]:
        """The score in each variant."""
        return {name: self.nominal + change for name, change in self.changes.items()}

    @property
    def mean(self) -> float:
        """Over the variants."""
        return float(np.mean(list(self.values.values())))

    def cvar(self, share: float = WORST_SHARE) -> float:
        """Mean of the worst share of the variants."""
        return cvar(list(self.values.values()), share)

    @property
    def worst(self) -> tuple[str, float]:
        """The worst variant, and the score in it."""
        return min(self.values.items(), key=lambda item: item[1])

    @property
    def best(self) -> float:
        """The score in the best variant."""
        return max(self.values.values())

    def chance(self, target: float) -> float:
        """Share of the variants in which the score is at least ``target``."""
        return float(np.mean([value >= target for value in self.values.values()]))

    def gain_over(self, other: "Robustness") -> "Robustness":
        """The difference of two placements, world by world."""
        changes = {name: change - other.changes[name] for name, change in self.changes.items()}
        return Robustness(self.nominal - other.nominal, changes)

    def to_json(self) -> dict[str, Any]:
        """As ``best.json`` tells it."""
        name, value = self.worst
        told = {"nominal": self.nominal, "mean": self.mean, "cvar": self.cvar(), "worst": value, "worst_variant": name}
        return {**told, "best": self.best, "values": self.values}

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> "Robustness":
        """From the form in ``best.json``; raises as ``InVariants.parse`` does."""
        nominal = finite(content["nominal"])
        changes = {str(name): finite(value) - nominal for name, value in content["values"].items()}
        if not changes:
            raise ValueError("there is no variant")
        return cls(nominal, changes)


@dataclass(frozen=True)
class Subject:
    """A placement to be looked at, what traces it, and its score as measured with many rays."""

    evaluator: PlacementEvaluator
    placement: Placement
    nominal: float


def robustness(
    subjects: Mapping[str, Subject], variants: Sequence[Variant], rays_per_ap: int, sample: int = SCREENING
) -> dict[str, Robustness]:
    """The scores of placements in every variant, by the subject's name.

    Subjects may have evaluators of their own, where they have other numbers of access points or no plate; those that
    share one share the scenes that variants take.

    Args:
        subjects: the placements by name.
        variants: of distinct names, one at least.
        rays_per_ap: of every map; the same for all.
        sample: of rays; the same for all.

    Raises:
        MapError: a map cannot be.
    """
    scores: dict[str, dict[str, float]] = {name: {} for name in subjects}
    for evaluator in {id(subject.evaluator): subject.evaluator for subject in subjects.values()}.values():
        for variant in (AS_MODELLED, *variants):
            there = evaluator.under(variant)
            for name, subject in subjects.items():
                if subject.evaluator is evaluator:
                    placement = variant.placed(subject.placement, evaluator.site)
                    score = there.score(there.trace(placement, rays_per_ap, sample))
                    scores[name][variant.name] = score.value
    found = {}
    for name, of in scores.items():
        modelled = of.pop(AS_MODELLED.name)
        most = subjects[name].evaluator.problem.objective.highest - subjects[name].nominal
        changes = {variant: min(value - modelled, most) for variant, value in of.items()}
        found[name] = Robustness(subjects[name].nominal, changes)
    return found


@dataclass(frozen=True)
class InVariants:
    """What a run tells of its winner, its alternatives and its runners-up in the variants of the world."""

    winner: Robustness
    alternatives: Mapping[str, Robustness]
    """By the kind of the comparison."""
    runners_up: Mapping[str, Robustness]
    """By the trial's id."""
    rays_per_ap: int

    def to_json(self, objective: ObjectiveSettings) -> dict[str, Any]:
        """As ``best.json`` tells it: scores, also where they are penalties; gains are differences of scores."""
        goal = target(objective)

        def told(found: Robustness) -> dict[str, Any]:
            return found.to_json() | ({} if goal is None else {"chance": found.chance(goal)})

        return {
            "rays_per_ap": self.rays_per_ap,
            "worst_share": WORST_SHARE,
            "target": goal,
            "winner": told(self.winner),
            "comparisons": [
                {"kind": kind, **told(found), "gain": self.winner.gain_over(found).to_json()}
                for kind, found in self.alternatives.items()
            ],
            "runners_up": [{"trial_id": trial, **told(found)} for trial, found in self.runners_up.items()],
        }

    @classmethod
    def parse(cls, content: Mapping[str, Any], kinds: Collection[str]) -> "InVariants":
        """From the form in ``best.json``, whose comparisons are of ``kinds``.

        Raises:
            KeyError, ValueError, TypeError, AttributeError, OverflowError: it lacks something, or something is not what
                it should be.
        """
        winner = Robustness.parse(content["winner"])
        others = {str(other["kind"]): Robustness.parse(other) for other in content["comparisons"]}
        if unknown := others.keys() - kinds:
            raise ValueError(f"no comparison is called {min(unknown)!r:.60}")
        if any(other.changes.keys() != winner.changes.keys() for other in others.values()):
            raise ValueError("a comparison is of other variants")
        runners_up = {str(rival["trial_id"]): Robustness.parse(rival) for rival in content["runners_up"]}
        return cls(winner, others, runners_up, int(content["rays_per_ap"]))

    def told(self, objective: ObjectiveSettings, labels: Mapping[Any, str]) -> list[str]:
        """For people, in a line for the winner and one for each alternative; ``labels`` names their kinds."""
        (where, value), goal = self.winner.worst, target(objective)
        worst = f"{objective.told(value)} at worst ({where})"
        line = f"in {len(self.winner.values)} variants of the world: {worst}"
        if not objective.penalty(value):
            line += f", {objective.number(self.winner.cvar())} in the worst {format_share(WORST_SHARE)}"
            line += f", {objective.number(self.winner.mean)} on average"
        if goal is not None:
            line += f"; {format_share(self.winner.chance(goal))} reach {goal:g} {objective.unit}"
        lines = [line]
        for kind, other in self.alternatives.items():
            if objective.penalty(min(value, other.worst[1])):
                continue  # a difference to a penalty is no gain
            gain = self.winner.gain_over(other)
            lines.append(
                f"the bar to count on: over the {labels[kind]} it gains {gain.worst[1]:+.1f} ({gain.worst[0]}) to "
                f"{gain.best:+.1f} {objective.difference_unit} there, {gain.mean:+.1f} on average"
            )
        return lines


def target(objective: ObjectiveSettings) -> float | None:
    """What a score should reach: the threshold of coverage, if the score is a power too."""
    return objective.coverage_threshold_dbm if objective.unit == "dBm" else None
