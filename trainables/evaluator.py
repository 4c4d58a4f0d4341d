"""Scores placements: one scene that is loaded once, any number of candidates."""

import time
from dataclasses import dataclass, replace
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

    With several carriers in front, ``[num_carriers, num_ap, num_cells]``, where the problem has as many; and with
    several worlds in front of these, where the evaluator traces as many.
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
        num_ap: access points of each placement; None: as many as the problem's own have.

    Raises:
        BackendError: rays cannot be traced on this machine.
        ValueError: the scene is not one that Sionna can use.
    """

    def __init__(
        self,
        problem: PlacementProblem,
        threads: int | None = None,
        variant: Variant = AS_MODELLED,
        num_ap: int | None = None,
    ) -> None:
        self.problem = problem
        self.variant = variant
        self.site = problem.site()
        self.backend = start_backend(problem.resources.device, threads)
        from trainables.tracing.radio_map import RadioMapper  # Sionna, once the backend is chosen

        self._threads = threads
        self.scene = self.new_scene(num_ap or problem.access_points.total, len(problem.plates))
        variant.rebuild(self.scene, self.site)
        self._mapper = RadioMapper(self.scene, variant.radio(problem.radio), problem.receivers, self.site.grid)
        further = problem.carriers.further
        self._further = [PlacementEvaluator(problem.on(carrier), threads, variant, num_ap) for carrier in further]

    def new_scene(self, num_ap: int, num_reflectors: int) -> "MovableScene":
        """Another scene of the same building, to change at will: the one that is traced stays as it is."""
        from trainables.tracing.movable_scene import MovableScene

        problem = self.problem
        source: FloorPlan | str = problem.scene.floor_plan() or str(problem.scene.file)
        return MovableScene(source, problem.radio, num_ap, problem.plates[:num_reflectors])

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
        if self._further:
            own_dbm = np.array([[ap.power_dbm] for ap in placement.access_points])
            maps_w = [rss_w]
            for carrier, there in zip(self.problem.carriers.further, self._further, strict=True):
                there_w = PlacementEvaluator.trace(there, placement, rays_per_ap, sample).rss_w
                if carrier.power_dbm is not None:
                    there_w = there_w * 10 ** ((carrier.power_dbm - own_dbm) / 10)
                maps_w.append(there_w)
            rss_w = np.stack(maps_w)
        return TracedMap(rss_w, rays_per_ap, time.perf_counter() - start)

    def score(self, traced: TracedMap) -> Score:
        """The score of a traced map."""
        return self.score_of(traced.rss_w)

    def merit(self, traced: TracedMap, placement: Placement) -> Score:
        """The score by which a traced placement ranks: less what its plates cost."""
        score = self.score(traced)
        return replace(score, value=score.value - self.problem.plate_cost(placement))

    def infeasible_merit(self, violation: float) -> Score:
        """The score of a placement that cannot be built: below any that can, whatever that costs."""
        score = self.problem.objective.infeasible_score(violation)
        return replace(score, value=score.value - self.problem.most_plate_cost)

    def score_of(self, rss_w: Powers) -> Score:
        """The score of the powers of one world, ``[num_ap, num_cells]`` or with carriers in front."""
        objective, cells = self.problem.objective, self.site.cells
        if not self._further:
            return objective.score(rss_w, cells)
        return self.problem.carriers.together([objective.score(of_one_w, cells) for of_one_w in rss_w])

    def details(self, rss_w: Powers) -> dict[str, float | str]:
        """What else is to be told of the powers of one world, by name with its unit: the score of each carrier."""
        objective, cells = self.problem.objective, self.site.cells
        if not self._further:
            return dict(objective.details(rss_w, cells))
        told: dict[str, float | str] = {}
        for of_one_w, evaluator in zip(rss_w, (self, *self._further), strict=True):
            where = f"at {evaluator.problem.radio.frequency_hz / 1e9:g} GHz"
            value = objective.score(of_one_w, cells).value
            told[f"{objective.label} {where} [{objective.unit}]"] = objective.penalty(value) or value
            told |= {f"{name} {where}": number for name, number in objective.details(of_one_w, cells).items()}
        return told

    def modelled_w(self, traced: TracedMap) -> Powers:
        """Its powers in the world of the model: what people are shown, ``[num_ap, num_cells]``, W.

        Of several carriers those of the first, ``radio.frequency_hz``.
        """
        return np.asarray(traced.rss_w[0]) if self._further else traced.rss_w

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
            if rays * self.problem.access_points.total <= WARM_UP_RAYS:
                self.trace(placement, rays)
