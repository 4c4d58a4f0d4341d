"""Adam (Kingma and Ba 2015), uphill: an ascent whose memory is plain arrays, so that a checkpoint can hold it."""

from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

SECOND_MOMENT_DECAY = 0.999
"""beta_2, as the paper has it."""

EPSILON = 1e-8
"""Keeps a step finite where the slope has always been zero."""


class Adam:
    """The memory of one ascent.

    Args:
        size: numbers that climb.
        learning_rate: length of a step along each, about.
        momentum: beta_1, the share of the direction that a step keeps from the one before.
    """

    def __init__(self, size: int, learning_rate: float, momentum: float) -> None:
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._steps = 0
        self._mean = np.zeros(size)
        self._square = np.zeros(size)

    def step(self, slopes: Vector) -> Vector:
        """Take in the slopes, ``[size]``; returns how far to go along each number, ``[size]``."""
        beta_1, beta_2 = self._momentum, SECOND_MOMENT_DECAY
        self._steps += 1
        self._mean = beta_1 * self._mean + (1 - beta_1) * slopes  # m_t
        self._square = beta_2 * self._square + (1 - beta_2) * slopes**2  # v_t
        # Both moments begin at zero and are too small at first; these factors take that back.
        unbiased = np.sqrt(1 - beta_2**self._steps) / (1 - beta_1**self._steps)
        return np.asarray(self._learning_rate * unbiased * self._mean / np.sqrt(self._square + EPSILON**2))

    def state(self) -> dict[str, Any]:
        """The memory of the ascent, as arrays."""
        return {"steps": self._steps, "mean": self._mean, "square": self._square}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._steps = int(state["steps"])
        self._mean, self._square = np.asarray(state["mean"]), np.asarray(state["square"])
