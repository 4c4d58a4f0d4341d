"""What the rungs of a ladder say of the same placements, and two references that know better.

Each number of rays is a lattice of its own and is traced once for each placement. As a trial merges the maps of its
rungs, what any choice of rungs would have told follows without another ray. The references are samples of rays that
no search uses, independent of the rungs and of each other: how far the two agree is as far as any rung can be seen to.

Placements are random, every other one the best of a few by a coarse look: rungs must rank good ones, too, and those are
not as easily told from each other.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count as count_up
from statistics import median

import numpy as np
import numpy.typing as npt

from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator
from trainables.problem import MAX_RAYS
from tune_reflector.calibration.agreement import Agreement, Scores, agreement

PLACEMENTS = 24

OF = 4
"""Every other placement is the best of so many random ones."""

LOWEST_RAYS = 10_000
"""The lowest rung of the ladder; each next has twice as many rays."""

HIGHEST_RAYS = 2_560_000
"""The highest, if the configuration has none above: one map of more costs as much as a search of many placements."""

LEAST_TIMES, MOST_TIMES = 2, 8
"""Rays of a reference over those of the highest rung: both together have half of its noise, or a quarter."""

COARSE_RAYS = 40_000
"""Of the look by which placements are chosen."""

COARSE_SHARE = 0.2
"""Of the time, for choosing them; where it would take more, they are random."""

REFERENCE_SAMPLES, COARSE_SAMPLE = (1, 2), 3
"""A search uses sample 0."""

_APART = 1.3
"""Steps of the ladder that are nearer to a given rung than by this factor are left out."""


class TooSlowError(RuntimeError):
    """The time is too short for two rungs; the message says how long it would take."""


@dataclass(frozen=True)
class Speed:
    """The time that a map takes [s]: ``overhead_s``, and ``s_per_ray`` for each ray of an access point."""

    overhead_s: float
    s_per_ray: float

    def seconds(self, rays_per_ap: int) -> float:
        """Of a map of so many rays."""
        return self.overhead_s + rays_per_ap * self.s_per_ray


@dataclass(frozen=True)
class Rung:
    """One iteration of a trial: the rays of all maps that are merged in it, their time, and what they say."""

    rays_per_ap: int
    seconds: float
    scores: Scores


@dataclass(frozen=True)
class Calibration:
    """What was measured of one scene."""

    value: Callable[[npt.NDArray[np.float64]], float]
    """Of a map."""
    placements: tuple[Placement, ...]
    ladder: tuple[int, ...]
    """Rays per AP."""
    rss_w: tuple[npt.NDArray[np.float32], ...]
    """Maps of each rung of the ladder, ``[num_placements, num_ap, num_cells]``, W; each with carriers in front."""
    seconds: tuple[float, ...]
    """Median time of such a map."""
    reference_rays_per_ap: int
    """Of each of both references."""
    references: tuple[Scores, Scores]
    reference: Scores
    """Of both together."""
    chosen: bool
    """Whether every other placement is the best of ``OF`` random ones; all are random otherwise."""

    @property
    def ceiling(self) -> Agreement:
        """How far the references agree with each other."""
        return agreement(*self.references)

    def climb(self, rungs: Sequence[int]) -> list[Rung]:
        """What the iterations of a trial with these rungs tell, which merges their maps; each is of the ladder."""
        climbed, rays, seconds = [], 0, 0.0
        sum_w = np.zeros(self.rss_w[0].shape)
        for rung in rungs:
            step = self.ladder.index(rung)
            rays += rung
            seconds += self.seconds[step]
            sum_w += rung * self.rss_w[step].astype(np.float64)
            scores = np.array([self.value(map_w) for map_w in sum_w / rays])
            climbed.append(Rung(rays, seconds, scores))
        return climbed

    def rung(self, rays_per_ap: int) -> Rung:
        """What a trial of this rung alone tells."""
        return self.climb([rays_per_ap])[0]


def measure(
    evaluator: PlacementEvaluator,
    rungs: Sequence[int],
    time_s: float,
    seed: int,
    show: Callable[[str], None],
    num_placements: int = PLACEMENTS,
) -> Calibration:
    """Trace placements at every rung of a ladder, and with as many more rays as the time allows.

    Args:
        evaluator: of the scene.
        rungs: rays per AP that the ladder holds, if the time allows.
        time_s: about how long it may take [s].
        seed: of the placements.
        show: is told what is being done.
        num_placements: how many; where the machine is slower than it was at first, down to half of them.

    Raises:
        TooSlowError: the time is too short.
        MapError: a map cannot be.
    """
    end = time.monotonic() + time_s
    show("how fast is it?")
    speed = _speed(evaluator, time_s, seed)
    placements, chosen = _choose(evaluator, COARSE_SHARE * time_s, seed, num_placements, speed, show)
    coarse_s = OF * (num_placements // 2) * speed.seconds(COARSE_RAYS) if chosen else 0.0
    most = MAX_RAYS // evaluator.problem.access_points.total
    ladder, reference_rays = plan_rays(rungs, (time_s - coarse_s) / num_placements, speed, most)
    maps_w: list[list[npt.NDArray[np.float32]]] = [[] for _ in ladder]
    seconds: list[list[float]] = [[] for _ in ladder]
    references = []
    for number, placement in enumerate(placements, start=1):
        if number > len(placements) / 2 and time.monotonic() > end:
            break
        for step, rays in enumerate(ladder):
            show(f"placement {number} of {len(placements)}, {rays:,} rays per AP")
            traced = evaluator.trace(placement, rays)
            maps_w[step].append(traced.rss_w.astype(np.float32))
            seconds[step].append(traced.trace_time_s)
        show(f"placement {number} of {len(placements)}, {reference_rays:,} rays per AP twice")
        one, other = (evaluator.trace(placement, reference_rays, sample) for sample in REFERENCE_SAMPLES)
        references.append([evaluator.score(traced).value for traced in (one, other, one.merged(other))])
    first, second, both = np.array(references).T
    return Calibration(
        value=lambda rss_w: evaluator.score_of(rss_w).value,
        placements=tuple(placements[: len(references)]),
        ladder=ladder,
        rss_w=tuple(np.array(of_rung) for of_rung in maps_w),
        seconds=tuple(map(median, seconds)),
        reference_rays_per_ap=reference_rays,
        references=(first, second),
        reference=both,
        chosen=chosen,
    )


def plan_rays(
    rungs: Sequence[int], seconds: float, speed: Speed, most: float = MAX_RAYS
) -> tuple[tuple[int, ...], int]:
    """The ladder and the rays of each reference, such that a placement takes no more than ``seconds`` with both.

    As high a ladder as there is time for references of ``LEAST_TIMES`` its highest rung; no map has more than ``most``
    rays per AP.

    Raises:
        TooSlowError: there is no time for two rungs.
    """
    doubling, rays = [], LOWEST_RAYS
    while rays <= HIGHEST_RAYS:
        doubling.append(rays)
        rays *= 2
    steps = [rays for rays in doubling if not any(1 / _APART < rays / rung < _APART for rung in rungs)]
    wanted = sorted(rays for rays in {*rungs, *steps} if LEAST_TIMES * rays <= most)
    for size in range(len(wanted), 1, -1):
        ladder = tuple(wanted[:size])
        left_s = seconds - sum(map(speed.seconds, ladder)) - 2 * speed.overhead_s
        reference_rays = int(left_s / 2 / speed.s_per_ray)
        if reference_rays >= LEAST_TIMES * ladder[-1]:
            return ladder, int(min(reference_rays, MOST_TIMES * ladder[-1], most))
    lowest = wanted[:2]
    needed_s = sum(map(speed.seconds, lowest)) + 2 * speed.seconds(LEAST_TIMES * max(lowest, default=LOWEST_RAYS))
    raise TooSlowError(f"{needed_s:.3g} s are needed for a placement, but there are {seconds:.3g}")


def _speed(evaluator: PlacementEvaluator, time_s: float, seed: int) -> Speed:
    """Of maps whose kernels are compiled."""
    space = evaluator.site.space
    placement = space.decode(space.sample(np.random.default_rng([seed])))
    few_s = _warm_seconds(evaluator, placement, COARSE_RAYS)
    if 20 * few_s > 0.1 * time_s:  # more rays would take too long to find out
        return Speed(0.0, few_s / COARSE_RAYS)
    many_s = _warm_seconds(evaluator, placement, 10 * COARSE_RAYS)
    s_per_ray = max(many_s - few_s, 0.01 * many_s) / (9 * COARSE_RAYS)
    return Speed(max(0.0, few_s - COARSE_RAYS * s_per_ray), s_per_ray)


def _warm_seconds(evaluator: PlacementEvaluator, placement: Placement, rays_per_ap: int) -> float:
    evaluator.trace(placement, rays_per_ap, COARSE_SAMPLE)
    return evaluator.trace(placement, rays_per_ap, COARSE_SAMPLE).trace_time_s


def _choose(
    evaluator: PlacementEvaluator, time_s: float, seed: int, count: int, speed: Speed, show: Callable[[str], None]
) -> tuple[list[Placement], bool]:
    """Random placements, every other one the best of ``OF``, and True; any and False where that takes too long."""
    space = evaluator.site.space
    look = OF * (count // 2) * speed.seconds(COARSE_RAYS) <= time_s

    def random(number: int) -> Placement:
        return space.decode(space.sample(np.random.default_rng([seed, number])))

    def worth(placement: Placement) -> float:
        return evaluator.score(evaluator.trace(placement, COARSE_RAYS, COARSE_SAMPLE)).value

    placements, numbers = [], count_up()
    for index in range(count):
        show(f"choosing placement {index + 1} of {count}")
        drawn = [random(next(numbers)) for _ in range(OF if look and index % 2 else 1)]
        placements.append(max(drawn, key=worth) if len(drawn) > 1 else drawn[0])
    return placements, look
