"""The pool of workers: N load N scenes in a whole search, whatever the searcher and however short the trials.

Left to itself, Tune loads more. A worker that finishes early is handed the next trial while that trial's own
worker is still starting, which is then destroyed; and a worker that is idle for a moment, at a generational barrier
or while Hyperband fills a bracket, is evicted and loaded again later. Two things mend that:

- ``Gate``: a worker that has loaded its scene waits until all of the first N have;
- ``keep_workers``: Tune's cache of idle workers keeps them until the search ends.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import ray
from ray.exceptions import RayActorError
from ray.tune.execution import tune_controller
from ray.tune.utils.object_cache import _ObjectCache

GATE_TIMEOUT_S = 30.0
"""Longest wait for the others: a worker that never comes (its node died) must not hold up the rest."""


class _Gate:
    """Opens once ``size`` callers wait, and stays open."""

    def __init__(self, size: int) -> None:
        self._missing = size
        self._open = asyncio.Event()

    async def arrive(self) -> None:
        self._missing -= 1
        if self._missing <= 0:
            self._open.set()
        try:
            await asyncio.wait_for(self._open.wait(), GATE_TIMEOUT_S)
        except TimeoutError:
            self._open.set()


class Gate:
    """A barrier for the first ``size`` workers of a search, across processes and nodes."""

    def __init__(self, size: int) -> None:
        actor = ray.remote(num_cpus=0, max_concurrency=max(size, 2) * 4)(_Gate)
        self._actor = actor.remote(size)

    def arrive(self) -> None:
        """Wait for the others; returns at once when the gate is open, or was lost with its node."""
        with suppress(RayActorError):
            ray.get(self._actor.arrive.remote())


class _IdleWorkers(_ObjectCache):
    """Tune's cache of idle workers, told to keep them all until the search is over."""

    def cache_object(self, key: Any, obj: Any) -> bool:
        self._cached_objects[key].append(obj)
        self._num_cached_objects += 1
        return True

    def flush_cached_objects(self, force_all: bool = False) -> Iterator[Any]:
        return super().flush_cached_objects(force_all=True) if force_all else iter(())


@contextmanager
def keep_workers() -> Iterator[None]:
    """Within this context a Tune search keeps its idle workers.

    Tune has no setting for it, so its private cache is replaced; the test that counts scene loads fails if a
    new version of Ray no longer uses it.
    """
    original = tune_controller._ObjectCache
    tune_controller._ObjectCache = _IdleWorkers
    try:
        yield
    finally:
        tune_controller._ObjectCache = original
