"""What is only for show must not end a search: a callback that fails is told of once, and left alone from then on."""

from collections.abc import Callable
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


class Harmless(Callback):
    """Calls another callback as long as it works.

    Args:
        inner: the other one.
        say: tells people.
    """

    def __init__(self, inner: Callback, say: Callable[[str], None]) -> None:
        self._inner = inner
        self._say = say
        self._works = True

    def _call(self, hook: str, *arguments: Any, **more: Any) -> None:
        if not self._works:
            return
        try:
            getattr(self._inner, hook)(*arguments, **more)
        except Exception as error:
            self._works = False
            reason = " ".join(str(error).split())
            self._say(f"{type(self._inner).__name__} stops, the search goes on: {type(error).__name__}: {reason}")


def _forward(hook: str) -> Callable[..., None]:
    def call(self: Harmless, *arguments: Any, **more: Any) -> None:
        self._call(hook, *arguments, **more)

    return call


for _hook in HOOKS:
    setattr(Harmless, _hook, _forward(_hook))
