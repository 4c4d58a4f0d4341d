"""Signals are the main thread's: elsewhere a search begins without them."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tune_reflector.execution.signals import GracefulShutdown, Interrupted, terminable


def test_in_another_thread_no_handler_is_touched() -> None:
    def install() -> None:
        with terminable():
            shutdown = GracefulShutdown(lambda number, frame: None)
            shutdown.install()
            shutdown.restore()

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with ThreadPoolExecutor(1) as threads:
        threads.submit(install).result()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_in_the_main_thread_a_signal_is_heeded_once_and_all_is_as_before() -> None:
    before, got = signal.getsignal(signal.SIGTERM), []
    with terminable():
        shutdown = GracefulShutdown(lambda number, frame: got.append(number))
        shutdown.install()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGTERM)
    assert got == [shutdown.number] == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is before
