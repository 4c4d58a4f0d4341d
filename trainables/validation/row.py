"""A row of the validation: one number that this machine has computed, and what it should be."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        name: what is compared.
        expected: what it should be, in ``unit``.
        got: what was computed.
        unit: of both.
        allowed: by how much they may differ, in ``unit``; it stands for the noise of so many rays and for what is known
            to be left out, see ``note``.
        source: where ``expected`` comes from.
        note: what one should know; of a row that is known to be off, how the program deals with it.
        known: whether Sionna is known to be off here. The row then fails nothing: the program goes another way.
    """

    name: str
    expected: float
    got: float
    unit: str
    allowed: float
    source: str
    note: str = ""
    known: bool = False

    @property
    def holds(self) -> bool:
        """Whether they agree; a number that is not finite never does."""
        return math.isfinite(self.got) and abs(self.got - self.expected) <= self.allowed

    @property
    def verdict(self) -> str:
        """``ok``, ``known`` or ``FAILED``."""
        return "ok" if self.holds else "known" if self.known else "FAILED"
