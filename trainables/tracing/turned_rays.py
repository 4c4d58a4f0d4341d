"""Independent samples of rays: Sionna's lattice of directions, turned at random as a whole.

Sionna's radio maps start their rays on a Fibonacci lattice that the number of rays fixes: its seed changes nothing of
where they go. Lattices of other numbers of rays are of the same orientation, and so alike that their maps spread less
than those of rays drawn anew. A lattice that is turned at random keeps its evenness, and each of its directions is
uniform over the sphere: its map is one more sample, independent of the others.

Sionna offers no way to pass directions in, so the function with which its solver spawns rays is replaced while it runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import drjit as dr
import mitsuba as mi
import numpy as np
from scipy.spatial.transform import Rotation
from sionna.rt.radio_map_solvers import radio_map_solver

SEED = 42
"""Sionna's own seed, that of sample 0."""


def seed_of(sample: int) -> int:
    """The solver's seed for a sample: it uses each and the one after it."""
    return SEED + 2 * sample


def turn_of(sample: int) -> Rotation:
    """How a sample's lattice is turned: not at all for sample 0, else at random, uniformly over all rotations."""
    return Rotation.random(random_state=np.random.default_rng(sample)) if sample else Rotation.identity()


@contextmanager
def turned_rays(sample: int) -> Iterator[None]:
    """Let Sionna's radio maps start on the lattice of ``sample``, 0 being Sionna's own, while this is open.

    The turn is data, so that all samples but the first share their kernels.
    """
    if sample == 0:
        yield
        return
    spawn = radio_map_solver.spawn_ray_from_sources
    turn = mi.Matrix3f([[dr.opaque(mi.Float, float(x)) for x in row] for row in turn_of(sample).as_matrix()])

    def spawn_turned(*args: object) -> mi.Ray3f:
        ray: mi.Ray3f = spawn(*args)
        ray.d = dr.normalize(turn @ ray.d)
        return ray

    radio_map_solver.spawn_ray_from_sources = spawn_turned
    try:
        yield
    finally:
        radio_map_solver.spawn_ray_from_sources = spawn
