"""A callback that fails is told of once, and the search goes on without it."""

from typing import Any

import pytest
from ray.tune import Callback

from callbacks.fault_tolerant import HOOKS, FaultTolerantCallback


class Fragile(Callback):
    """Fails at one of the hooks, and counts how often it was called."""

    def __init__(self, fails_at: str) -> None:
        self.calls: list[str] = []
        self.fails_at = fails_at


def make(hook: str) -> Any:
    def call(self: Fragile, *_: Any, **__: Any) -> None:
        self.calls.append(hook)
        if hook == self.fails_at:
            raise OSError(28, "No space left on device")

    return call


for hook in HOOKS:
    setattr(Fragile, hook, make(hook))


@pytest.mark.parametrize("hook", HOOKS)
def test_a_failure_is_told_once_and_ends_the_calls(hook: str, caplog: pytest.LogCaptureFixture) -> None:
    fragile = Fragile(fails_at=hook)
    harmless: Any = FaultTolerantCallback(fragile)
    for _ in range(2):
        for each in HOOKS:
            getattr(harmless, each)(iteration=1, trials=[])
    assert fragile.calls == list(HOOKS[: HOOKS.index(hook) + 1])
    (said,) = caplog.records
    assert said.getMessage() == "Fragile stops, the search goes on: OSError: [Errno 28] No space left on device"
    assert (said.levelname, said.name.partition(".")[0]) == ("WARNING", "callbacks")


def test_one_that_works_is_called_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    works = Fragile(fails_at="never")
    harmless: Any = FaultTolerantCallback(works)
    for each in HOOKS:
        getattr(harmless, each)(iteration=1, trials=[])
    assert works.calls == list(HOOKS)
    assert caplog.records == []
