"""The plate in tiles: physical optics as a sum.

The scalar Kirchhoff integral over the plate (as behind ITU-R P.526's diffraction by a rectangular aperture, of which
a plate is the mirror image; measured plates follow it, arXiv 2211.08626), with a tile's own phase taken as linear:

    G = |sum_t (lambda / 4 pi) (dA / lambda) o_t sinc(a_u p_u / lambda) sinc(a_v p_v / lambda)
               e^(-jk (r1 + r2)) / (r1 r2)|^2

r1, r2 are the distances from the tile to transmitter and receiver, p is the sum of the unit vectors towards them, o is
the mean of their cosines to the normal, and sinc(x) = sin(pi x) / (pi x). What is left out is the phase's curvature
over a tile, so that its side is a fraction of the first Fresnel zone's radius sqrt(lambda r1 r2 / (r1 + r2)).
"""

import math

import numpy as np
import numpy.typing as npt

from search_spaces.design import Vector
from trainables.physical_optics.plate import Array, Plate

TILES_PER_ZONE = 6
"""Tiles along the first Fresnel zone's radius. Near the peak (20 dB) 2 are up to 3 dB off the integral, 6 up to 0.3."""

TERMS_AT_ONCE = 200_000
"""Tiles times receivers that are held in memory together; a few 10 MB."""


def tile_sum(plate: Plate, transmitter_m: Vector, receivers_m: Array, wavelength_m: float) -> Array:
    """Power gain between isotropic antennas by way of a perfectly reflecting plate.

    Args:
        plate: the plate.
        transmitter_m: the transmitter, ``[3]``, m.
        receivers_m: the receivers, ``[num_receivers, 3]``, m.
        wavelength_m: wavelength, m.

    Returns:
        Received over radiated power, ``[num_receivers]``; 0 where transmitter or receiver is behind the plate.

    Raises:
        ValueError: a point lies on the plate, where no tile is small enough.
    """
    transmitter_distance_m = float(plate.distances_m(transmitter_m))
    distances_m = plate.distances_m(receivers_m)
    if min(transmitter_distance_m, distances_m.min(initial=math.inf)) <= 0:
        raise ValueError("transmitter_m, receivers_m: must be off the plate, but got a point on it; move it")
    gains = np.zeros(len(receivers_m))
    near_to_far = np.argsort(distances_m)
    start = 0
    while start < len(near_to_far):  # blocks of receivers at like distances share their tiles
        nearest_m = float(distances_m[near_to_far[start]])
        side_m = (
            math.sqrt(wavelength_m * transmitter_distance_m * nearest_m / (transmitter_distance_m + nearest_m))
            / TILES_PER_ZONE
        )
        counts = np.ceil(plate.sides_m / side_m).astype(int)
        block = near_to_far[start : start + max(1, TERMS_AT_ONCE // int(counts.prod()))]
        gains[block] = np.abs(_field(plate, counts, transmitter_m, receivers_m[block], wavelength_m)) ** 2
        start += len(block)
    return gains


def _field(
    plate: Plate, counts: npt.NDArray[np.int64], transmitter_m: Vector, receivers_m: Array, wavelength_m: float
) -> npt.NDArray[np.complex128]:
    """The sum over ``counts`` tiles along each side, ``[num_receivers]``, complex."""
    tile_m = plate.sides_m / counts
    along_m = [(np.arange(n) - (n - 1) / 2) * side for n, side in zip(counts, tile_m, strict=True)]
    offsets_m = np.stack(np.meshgrid(*along_m, indexing="ij"), axis=-1).reshape(-1, 2)
    centers_m = plate.center_m + offsets_m @ plate.axes
    to_transmitter = transmitter_m - centers_m  # [num_tiles, 3]
    to_receiver = receivers_m[:, None] - centers_m  # [num_receivers, num_tiles, 3]
    r1 = np.linalg.norm(to_transmitter, axis=-1)
    r2 = np.linalg.norm(to_receiver, axis=-1)
    to_transmitter = to_transmitter / r1[:, None]
    to_receiver = to_receiver / r2[..., None]
    steepness = (to_transmitter + to_receiver) @ plate.axes.T  # p_u, p_v
    terms = (
        plate.obliquity(to_transmitter, to_receiver)
        * np.sinc(tile_m * steepness / wavelength_m).prod(axis=-1)
        * np.exp(-2j * np.pi / wavelength_m * (r1 + r2))
        / (r1 * r2)
    )
    return np.asarray(terms.sum(axis=-1) * tile_m.prod() / (4 * np.pi))
