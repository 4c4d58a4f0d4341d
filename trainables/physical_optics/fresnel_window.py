"""The plate in closed form: physical optics as a window of Fresnel integrals, smooth in the plate's pose.

To second order about the plate's centre c the path from transmitter A by a point of the plate to receiver B is
d1 + d2 + sum_e (g_e y_e + h_e y_e^2 / 2), with y_e the point's offset along the side e and

    k1 = (c - A) / d1,  k2 = (B - c) / d2,
    g = (k1 - k2).e,    h = (1 - (k1.e)^2) / d1 + (1 - (k2.e)^2) / d2,

so that Kirchhoff's integral (see ``tile_sum``) falls into one of each side (ITU-R P.526: rectangular aperture),

    I = e^(jk g^2 / 2h) sqrt(pi / kh) [C(t) - j S(t)]  between  t = sqrt(kh / pi) (-a/2 + g/h) and (+a/2 + g/h),
    G = (lambda / 4 pi)^2 |((cos t1 + cos t2) / 2) I_u I_v / (lambda d1 d2)|^2.

What is left out is the path's mixed term in y_u y_v and its third order. At 5.18 GHz, within 20 dB of the peak, that is
0.2 dB rms for a plate of 0.3 m; for one of 1 m it is 0.3 dB at 20 m and more, 1 dB at 5 m from both ends at a slant.
Cutting the plate into patches, each developed about its own centre and added up as fields, leaves out less, and stays
smooth, as their number does not depend on the pose.
"""

import numpy as np
from scipy.special import fresnel

from search_spaces.design import Vector
from trainables.physical_optics.plate import Array, Plate

_CHORD = 1.9
"""Of Cornu's spiral C(t) + jS(t), whose farthest points from its centre, at t = +-1.21, are 0.949 away."""


def fresnel_window(
    plate: Plate, transmitter_m: Vector, receivers_m: Array, wavelength_m: float, patches: int = 1
) -> Array:
    """Power gain between isotropic antennas by way of a perfectly reflecting plate.

    Args:
        plate: the plate.
        transmitter_m: the transmitter, ``[3]``, m.
        receivers_m: the receivers, ``[num_receivers, 3]``, m.
        wavelength_m: wavelength, m.
        patches: windows along each side; 4 bring that plate of 1 m to 0.1 dB rms.

    Returns:
        Received over radiated power, ``[num_receivers]``; 0 where transmitter or receiver is behind the plate.

    Raises:
        ValueError: a point is the centre of a window, about which the path is developed.
    """
    half_m = plate.sides_m / patches / 2
    along = np.arange(patches) * 2 + 1 - patches
    offsets_m = np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2) * half_m
    centers_m = plate.center_m + offsets_m @ plate.axes  # [patches^2, 3]
    to_transmitter, to_receiver = transmitter_m - centers_m, receivers_m[:, None] - centers_m
    d1, d2 = np.linalg.norm(to_transmitter, axis=-1), np.linalg.norm(to_receiver, axis=-1)
    if min(d1.min(), d2.min(initial=np.inf)) <= 0:
        raise ValueError("transmitter_m, receivers_m: must be off the plate, but got a point on it; move the point")
    k1, k2 = -to_transmitter / d1[:, None], to_receiver / d2[..., None]
    k1_e, k2_e = k1 @ plate.axes.T, k2 @ plate.axes.T
    slope = k1_e - k2_e  # g, [num_receivers, patches^2, 2]
    curvature = (1 - k1_e**2) / d1[:, None] + (1 - k2_e**2) / d2[..., None]  # h, 1/m
    k = 2 * np.pi / wavelength_m
    scale = np.sqrt(k * curvature / np.pi)
    (s_high, c_high), (s_low, c_low) = (fresnel(scale * (slope / curvature + end_m)) for end_m in (half_m, -half_m))
    integrals_m = np.exp(0.5j * k * slope**2 / curvature) * (c_high - c_low - 1j * (s_high - s_low)) / scale
    terms = plate.obliquity(-k1, k2) * np.exp(-1j * k * (d1 + d2)) / (d1 * d2) * integrals_m.prod(axis=-1)
    return np.asarray(np.abs(terms.sum(axis=-1) / (4 * np.pi)) ** 2)


def largest_window(plate: Plate, transmitter_m: Vector, receivers_m: Array, wavelength_m: float) -> Array:
    """What ``fresnel_window`` of one patch is at most, ``[num_receivers]``, as cheap to tell as it is rough.

    An integral I is at most its side a; sqrt(pi / kh) times the longest chord of Cornu's spiral; and 2 over the slowest
    change of phase along the side, if none of its points is stationary (van der Corput's lemma).
    """
    to_transmitter, to_receiver = transmitter_m - plate.center_m, receivers_m - plate.center_m
    d1, d2 = np.linalg.norm(to_transmitter), np.linalg.norm(to_receiver, axis=-1)
    k1_e, k2_e = -to_transmitter @ plate.axes.T / d1, to_receiver @ plate.axes.T / d2[:, None]
    curvature = (1 - k1_e**2) / d1 + (1 - k2_e**2) / d2[:, None]
    k = 2 * np.pi / wavelength_m
    slowest = k * (np.abs(k1_e - k2_e) - curvature * plate.sides_m / 2)  # 1/m; < 0: stationary within
    monotone_m = np.divide(2.0, slowest, out=np.full_like(slowest, np.inf), where=slowest > 0)
    most_m = np.minimum(np.minimum(plate.sides_m, _CHORD * np.sqrt(np.pi / (k * curvature))), monotone_m)
    return np.asarray((most_m.prod(axis=-1) / (4 * np.pi * d1 * d2)) ** 2)
