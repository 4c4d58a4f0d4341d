"""Fault tolerance for callbacks that only show: one that fails is told of once, and does not end the search."""

import logging
from functools import partial
from typing import Any

from ray.tune import Callback

HOOKS = (
    "setup",
    "on_step_begin",
    "on_step_end",
    "on_trial_start",
    "on_trial_result",
    "on_trial_complete",
    "on_trial_error",
    "on_experiment_end",
)

_log = logging.getLogger(__name__)


class FaultTolerantCallback(Callback):
    """Calls another callback as long as it works.

    Args:
        inner: the other one.
    """

    def __init__(self, inner: Callback) -> None:
        self.inner = inner
        self._works = True
        for hook in HOOKS:
            if getattr(type(inner), hook) is not getattr(Callback, hook):  # Tune calls each at every step
                setattr(self, hook, partial(self._call, hook))

    def _call(self, hook: str, *arguments: Any, **more: Any) -> None:
        if not self._works:
            return
        try:
            getattr(self.inner, hook)(*arguments, **more)
        except Exception as error:
            self._works = False
            reason = " ".join(str(error).split())
            name = type(self.inner).__name__
            _log.warning("%s stops, the search goes on: %s: %s", name, type(error).__name__, reason)
