"""Ctrl-C and SIGTERM: the first ends a search gently, a second one at once. Free of Ray."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """A signal has ended the search, which can be resumed.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__()
        self.exit_code = 128 + number
        """What a shell expects of a program that the signal has ended."""


@contextmanager
def terminable() -> Iterator[None]:
    """Within this context SIGTERM raises ``Interrupted``, much as Ctrl-C raises ``KeyboardInterrupt``."""
    if not _of_this_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def exit_code_of(run: Callable[[], int]) -> int:
    """Run a command; its exit code, or 128 + the number of the signal that ended it."""
    with terminable():
        try:
            return run()
        except Interrupted as interruption:
            return interruption.exit_code
        except KeyboardInterrupt:
            return 128 + signal.SIGINT


def _of_this_thread() -> bool:
    """Signals are the main thread's: Python lets no other handle them."""
    return threading.current_thread() is threading.main_thread()


class GracefulShutdown:
    """Handles the first signal by a call; from then on signals do again what they did before.

    In a thread that signals do not belong to it does nothing.

    Args:
        call: what to do; it gets the signal's number and frame.
    """

    def __init__(self, call: Callable[[int, FrameType | None], None]) -> None:
        self.number: int | None = None
        """Of the signal that came; None before."""
        self._call = call
        self._before = {number: signal.getsignal(number) for number in NUMBERS}

    def install(self) -> None:
        """Handle signals from now on."""
        for number in NUMBERS if _of_this_thread() else ():
            signal.signal(number, self._handle)

    def restore(self) -> None:
        """Handle signals as when this object was made."""
        for number, handler in self._before.items() if _of_this_thread() else ():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        self.restore()
        self._call(number, frame)
