"""Samples of rays: each a lattice turned at random, none of which takes a kernel of its own."""

from collections.abc import Iterator

import drjit as dr
import numpy as np
import pytest
from scipy.stats import kstest

from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator

RAYS = 5_000


@pytest.fixture(scope="module")
def placement(corridor: PlacementEvaluator) -> Placement:
    space = corridor.site.space
    return space.decode(space.sample(np.random.default_rng(3)))


def directions(rays: int) -> np.ndarray:
    """Those in which Sionna's solver would start ``rays`` rays now, ``[rays, 3]``."""
    import mitsuba as mi
    from sionna.rt.radio_map_solvers import radio_map_solver as solver

    ray = solver.spawn_ray_from_sources(solver.fibonacci_lattice, rays, mi.Point3f([0.0], [0.0], [0.0]))
    return np.array(ray.d).reshape(3, rays).T


def test_a_sample_is_the_lattice_turned_as_a_whole(corridor: PlacementEvaluator) -> None:
    from trainables.tracing.turned_rays import turn_of, turned_rays

    lattice = directions(500)
    for sample in (1, 2, 77):
        with turned_rays(sample):
            turned = directions(500)
        assert turned @ turned.T == pytest.approx(lattice @ lattice.T, abs=1e-5)
        assert np.linalg.norm(turned - lattice, axis=1).mean() > 0.1
        rotation, _ = turn_of(sample).align_vectors(turned, lattice)
        assert (rotation * turn_of(sample).inv()).magnitude() < 1e-3
    with turned_rays(0):
        assert (directions(500) == lattice).all()


def test_sionna_gets_its_own_function_back_whatever_happens(corridor: PlacementEvaluator) -> None:
    from sionna.rt.radio_map_solvers import radio_map_solver as solver

    from trainables.tracing.turned_rays import turned_rays

    spawn = solver.spawn_ray_from_sources
    with turned_rays(1):
        assert solver.spawn_ray_from_sources is not spawn
    assert solver.spawn_ray_from_sources is spawn
    with pytest.raises(ZeroDivisionError), turned_rays(1):
        1 / 0  # noqa: B018
    assert solver.spawn_ray_from_sources is spawn


def test_turns_are_uniform_over_all_rotations() -> None:
    """Where a turn takes a fixed direction is uniform on the sphere: each coordinate is so in [-1, 1]."""
    from trainables.tracing.turned_rays import seed_of, turn_of

    taken = np.array([turn_of(sample).apply([0.0, 0.0, 1.0]) for sample in range(1, 500)])
    for axis in taken.T:
        assert kstest(axis, "uniform", args=(-1, 2)).pvalue > 0.01
    seeds = [seed_of(sample) + used for sample in range(100) for used in (0, 1)]  # Sionna uses both
    assert len(set(seeds)) == len(seeds)
    assert seeds[0] == 42


@pytest.fixture
def kernel_history() -> Iterator[None]:
    with dr.scoped_set_flag(dr.JitFlag.KernelHistory, True):
        dr.kernel_history_clear()
        yield


def test_samples_differ_repeat_and_share_their_kernels(
    corridor: PlacementEvaluator, placement: Placement, kernel_history: None
) -> None:
    """That they differ from sample 0 also tells that this Sionna spawns rays by the function that is replaced."""
    maps = {sample: corridor.trace(placement, RAYS, sample).rss_w for sample in (0, 1)}
    dr.kernel_history_clear()
    maps |= {sample: corridor.trace(placement, RAYS, sample).rss_w for sample in (2, 3)}
    compiled = [entry for entry in dr.kernel_history() if entry["type"] == dr.KernelType.JIT]
    assert compiled
    assert all(entry["cache_hit"] for entry in compiled)
    for sample, rss_w in maps.items():
        assert all(np.mean(rss_w != other) > 0.5 for number, other in maps.items() if number != sample)
    assert corridor.trace(placement, RAYS, 2).rss_w == pytest.approx(maps[2], rel=1e-3)
    assert corridor.trace(placement, RAYS).rss_w == pytest.approx(maps[0], rel=1e-3)


def test_samples_estimate_what_many_rays_do(corridor: PlacementEvaluator, placement: Placement) -> None:
    """In all cells but those next to an access point, which are hit by few rays of great weight."""
    many_w = corridor.trace(placement, 40 * RAYS).rss_w.max(axis=0)
    usual = many_w < np.quantile(many_w, 0.8)
    powers_w = np.array(
        [corridor.trace(placement, RAYS, sample).rss_w.max(axis=0)[usual].sum() for sample in range(1, 17)]
    )
    error_of_mean_w = powers_w.std(ddof=1) / np.sqrt(len(powers_w))
    assert powers_w.mean() == pytest.approx(many_w[usual].sum(), abs=4 * error_of_mean_w)
