"""What a wall does to a ray: reflection of the electric field, by ITU-R P.2040's slab or by a perfect mirror.

A field is a complex vector in space, so that polarisation needs no frames that turn from bounce to bounce. Of the
direction k of a ray and the normal n, s = k x n is across the plane of incidence (TE), p = s x k in it (TM):

    E_r = r_TE (E.s) s + r_TM (E.p_i) p_r
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.constants import epsilon_0, speed_of_light

from search_spaces.design import Vector
from trainables.physical_optics.plate import Array

Complex = npt.NDArray[np.complex128]


class Surface(Protocol):
    """What reflects."""

    def coefficients(self, cosines: Array, wavelength_m: float) -> tuple[Complex, Complex]:
        """r_TE and r_TM, ``[...]``, for cosines of the angle of incidence ``[...]``, > 0."""


@dataclass(frozen=True)
class Mirror:
    """A perfect conductor: the tangential field turns round."""

    def coefficients(self, cosines: Array, wavelength_m: float) -> tuple[Complex, Complex]:
        """-1 and +1."""
        ones = np.ones(np.shape(cosines), dtype=np.complex128)
        return -ones, ones


@dataclass(frozen=True)
class Slab:
    """A layer of one material between air and air, with the reflections inside it: ITU-R P.2040-4, equations 37-44.

    Attributes:
        relative_permittivity: its real part.
        conductivity_s_per_m: conductivity, S/m.
        thickness_m: thickness, m.
    """

    relative_permittivity: float
    conductivity_s_per_m: float
    thickness_m: float

    def coefficients(self, cosines: Array, wavelength_m: float) -> tuple[Complex, Complex]:
        """r_TE and r_TM, ``[...]``, for cosines of the angle of incidence ``[...]``, > 0."""
        omega = 2 * np.pi * speed_of_light / wavelength_m
        eta = self.relative_permittivity - 1j * self.conductivity_s_per_m / (omega * epsilon_0)
        root = np.sqrt(eta - (1 - cosines**2))
        te = (cosines - root) / (cosines + root)  # (37a)
        tm = (eta * cosines - root) / (eta * cosines + root)  # (37b)
        through = np.exp(-4j * np.pi * self.thickness_m / wavelength_m * root)  # e^(-j2q), q of (44)
        return te * (1 - through) / (1 - te**2 * through), tm * (1 - through) / (1 - tm**2 * through)  # (43a)


def reflected(directions: Array, normal: Vector) -> Array:
    """Directions ``[..., 3]`` after a mirror with the normal ``[3]``."""
    return np.asarray(directions - 2 * (directions @ normal)[..., None] * normal)


def reflection_matrix(directions: Array, normal: Vector, surface: Surface, wavelength_m: float) -> Complex:
    """What turns the field of a ray along ``directions`` ``[..., 3]`` into that of its reflection, ``[..., 3, 3]``.

    The normal ``[3]`` may point to either side. The matrix of the way back is the transpose.
    """
    te, tm = surface.coefficients(np.abs(directions @ normal), wavelength_m)
    across = np.cross(directions, normal)
    length = np.linalg.norm(across, axis=-1, keepdims=True)
    # Head-on there is no plane of incidence, and any will do: r_TM = -r_TE.
    any_across = np.cross(directions, np.eye(3)[np.argmin(np.abs(normal))])
    head_on = length < 1e-9
    across = np.where(head_on, any_across, across)
    across = across / np.linalg.norm(across, axis=-1, keepdims=True)
    before, after = np.cross(across, directions), np.cross(across, reflected(directions, normal))
    matrix = te[..., None, None] * across[..., :, None] * across[..., None, :]
    return np.asarray(matrix + tm[..., None, None] * after[..., :, None] * before[..., None, :])
