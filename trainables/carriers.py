"""Carriers: several frequencies at once, such as 2.4, 5 and 6 GHz, each with a map of its own.

Materials, antenna arrays and what a plate's size means depend on the frequency, so that each carrier is traced in a
scene of its own. The objective scores each map; a placement is worth the worst of these scores, or their weighted mean.
Rays are counted per access point and carrier.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from search_records.result import Score
from search_spaces.model import Model


class Carrier(Model):
    """One more carrier of all access points."""

    frequency_hz: float = Field(ge=1e9, le=100e9, description="carrier frequency [Hz]")
    power_dbm: float | None = Field(
        None, ge=-100, le=100, description="transmit power of every access point on it [dBm]; null: its own"
    )


class CarriersConfig(Model):
    """Frequencies beside radio.frequency_hz, which is the first carrier, and how their scores make one."""

    further: tuple[Carrier, ...] = Field((), max_length=7, description="the other carriers")
    weights: tuple[float, ...] | None = Field(
        None, description="of the score of each carrier, the first being radio's; null: the worst counts alone"
    )

    @model_validator(mode="after")
    def _weights_are_of_all(self) -> Self:
        if self.weights is None:
            return self
        if len(self.weights) != self.count:
            raise ValueError(
                f"weights must be as many as carriers, {self.count} with radio.frequency_hz, but are "
                f"{len(self.weights)}; give one of each"
            )
        if min(self.weights) <= 0:
            raise ValueError(f"weights must be > 0, but got {min(self.weights):g}; leave the carrier out")
        return self

    @property
    def count(self) -> int:
        """How many carriers there are."""
        return 1 + len(self.further)

    def together(self, scores: Sequence[Score]) -> Score:
        """The score of a placement, from those of its carriers: coverage and all else is of the same."""
        if self.weights is None:
            return min(scores, key=lambda score: score.value)
        weights = np.array(self.weights) / sum(self.weights)
        figures = [field.name for field in fields(Score) if field.name != "feasible"]
        means: dict[str, Any] = {name: float(weights @ [getattr(of, name) for of in scores]) for name in figures}
        return Score(**means)
