"""Variants: what may be other in the world than in its model, so that a placement is not praised for an accident.

A score is that of smooth walls of a recommendation's concrete, of a plate and antennas mounted to the millimetre, and
of an empty building. A *variant* changes one of these and leaves the rest. Where chance has a part in it, it is drawn
from a fixed seed: a variant is the same world for every placement, so that their scores in it compare.
"""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from search_records.display import format_share
from search_spaces.design import Placement
from search_spaces.kinds import Kind
from trainables.problem import PlacementProblem, Site
from trainables.tracing.radio import RadioConfig

if TYPE_CHECKING:
    from trainables.tracing.movable_scene import MovableScene


class Variant:
    """One world that is other than its model; what a kind does not override stays as it is.

    Args:
        name: what is other, in a few words with its unit: ``rough walls, S = 0.3``.
    """

    rebuilds: ClassVar[bool] = False
    """Whether the building is another, which takes a scene of its own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def radio(self, radio: RadioConfig) -> RadioConfig:
        """The radio settings in this world."""
        return radio

    def rebuild(self, scene: "MovableScene", site: Site) -> None:
        """Change the building of a scene that was just loaded."""

    def placed(self, placement: Placement, site: Site) -> Placement:
        """Where access points and plates come to be when this placement is built."""
        return placement


AS_MODELLED = Variant("as modelled")
"""The world of the model itself."""


@dataclass(frozen=True)
class Worlds:
    """The worlds that a score rests on: the model's own and its variants."""

    variants: tuple[Variant, ...]
    worst_share: float
    """Of the worlds, whose mean score counts."""

    @property
    def count(self) -> int:
        """How many there are."""
        return 1 + len(self.variants)

    @property
    def told(self) -> str:
        """What a score of theirs is, for people."""
        return f"a mean over the worst {format_share(self.worst_share)} of {self.count} worlds"


class VariantSettings(Kind):
    """One kind of variants, and how far they go."""

    default_kind: ClassVar[str] = "rough_walls"

    @abstractmethod
    def variants(self, problem: PlacementProblem) -> Sequence[Variant]:
        """The variants of this kind, with a name each; none where the problem has nothing that they change."""


def draws(kind: str, number: int, which: int = 0) -> np.random.Generator:
    """The random numbers of draw ``number`` of a kind, for its object ``which``: the same in every run."""
    return np.random.default_rng([*kind.encode(), number, which])


def all_variants(settings: Iterable[VariantSettings], problem: PlacementProblem) -> list[Variant]:
    """The variants of all kinds for a problem.

    Raises:
        ValueError: two of them are the same.
    """
    variants = [variant for kind in settings for variant in kind.variants(problem)]
    twice = [name for name, count in Counter(variant.name for variant in variants).items() if count > 1]
    if twice:
        raise ValueError(f"final.variants must differ from each other, but has {twice[0]!r} twice; drop one")
    return variants
