"""Scores placements: one scene that is loaded once, any number of candidates."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from search_records.result import Score
from search_spaces.design import Placement
from trainables.buildings.floor_plan import FloorPlan
from trainables.objectives.base import Powers
from trainables.problem import PlacementProblem
from trainables.tracing.backend import set_threads, start_backend
from trainables.variants.base import AS_MODELLED, Variant

if TYPE_CHECKING:
    from trainables.tracing.movable_scene import MovableScene


WARM_UP_RAYS = 10_000_000
"""Of a map, all access points together: tracing more takes so long that nobody notices a kernel being compiled."""


@dataclass(frozen=True)
class TracedMap:
    """Power per access point and cell, ``[num_ap, num_cells]``, W, and the rays it took.

    With several worlds in front, ``[num_worlds, num_ap, num_cells]``, where the evaluator traces as many.
    """

    rss_w: Powers
    rays_per_ap: int
    trace_time_s: float

    def merged(self, other: "TracedMap") -> "TracedMap":
        """Merge both maps into one, each ray counting the same.

        Maps of other numbers of rays, or of other samples, come from other lattices, so the average of a coarse and
        a fine map is better than the fine one alone.
        """
        rays = self.rays_per_ap + other.rays_per_ap
        rss_w = (self.rss_w * self.rays_per_ap + other.rss_w * other.rays_per_ap) / rays
        return TracedMap(rss_w, rays, self.trace_time_s + other.trace_time_s)


class PlacementEvaluator:
    """Owns a Sionna scene and scores placements in it.

    Args:
        problem: what to score.
        threads: threads on the CPU; None: all cores.
        variant: the world in which to score it, where that is another than the problem's own.

    Raises:
        BackendError: rays cannot be traced on this machine.
        ValueError: the scene is not one that Sionna can use.
    """

    def __init__(self, problem: PlacementProblem, threads: int | None = None, variant: Variant = AS_MODELLED) -> None:
        self.problem = problem
        self.variant = variant
        self.site = problem.site()
        self.backend = start_backend(problem.resources.device, threads)
        from trainables.tracing.radio_map import RadioMapper  # Sionna, once the backend is chosen

        self._threads = threads
        self.scene = self.new_scene(problem.access_points.count, 1 if problem.reflector else 0)
        variant.rebuild(self.scene, self.site)
        self._mapper = RadioMapper(self.scene, variant.radio(problem.radio), problem.receivers, self.site.grid)

    def new_scene(self, num_ap: int, num_reflectors: int) -> "MovableScene":
        """Another scene of the same building, to change at will: the one that is traced stays as it is."""
        from trainables.tracing.movable_scene import MovableScene

        problem = self.problem
        source: FloorPlan | str = problem.scene.floor_plan() or str(problem.scene.file)
        if problem.reflector is None:
            return MovableScene(source, problem.radio, num_ap)
        materials = (problem.reflector.material,) * num_reflectors
        return MovableScene(source, problem.radio, num_ap, materials, problem.reflector.model)

    def under(self, variant: Variant) -> "PlacementEvaluator":
        """Of the same problem in another world: this one, unless that takes a scene of its own."""
        return PlacementEvaluator(self.problem, self._threads, variant) if variant.rebuilds else self

    def trace(self, placement: Placement, rays_per_ap: int, sample: int = 0) -> TracedMap:
        """Trace a placement with ``rays_per_ap`` rays; another ``sample`` of them is independent of all others.

        Sample 0 is the search's own, see ``RadioMapper.trace``.
        """
        start = time.perf_counter()
        if placement is not self.scene.placement:
            self._mapper.move(placement)
        rss_w = self._mapper.trace(rays_per_ap, sample)
        return TracedMap(rss_w, rays_per_ap, time.perf_counter() - start)

    def score(self, traced: TracedMap) -> Score:
        """The score of a traced map."""
        return self.problem.objective.score(traced.rss_w)

    def modelled_w(self, traced: TracedMap) -> Powers:
        """Its powers in the world of the model: what people are shown, ``[num_ap, num_cells]``, W."""
        return traced.rss_w

    def set_threads(self, threads: int | None) -> None:
        """Trace with ``threads`` threads from now on (None: all cores); on a GPU it makes no difference."""
        self._threads = threads
        set_threads(threads)

    def warm_up(self) -> None:
        """Compile the kernels of every rung, so that no candidate waits for them; of the quick rungs only.

        A kernel is that of a number of rays, so that it is compiled by tracing as many.
        """
        placement = self.site.space.decode(self.site.space.sample(np.random.default_rng(0)))
        for rays in self.problem.rungs:
            if rays * self.problem.access_points.count <= WARM_UP_RAYS:
                self.trace(placement, rays)
