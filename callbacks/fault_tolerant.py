"""What is only for show must not end a search: a callback that fails is told of once, and left alone from then on."""

from collections.abc import Callable
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


class FaultTolerantCallback(Callback):
    """Calls another callback as long as it works.

    Args:
        inner: the other one.
        say: tells people.
    """

    def __init__(self, inner: Callback, say: Callable[[str], None]) -> None:
        self.inner = inner
        self._say = say
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
            self._say(f"{type(self.inner).__name__} stops, the search goes on: {type(error).__name__}: {reason}")
