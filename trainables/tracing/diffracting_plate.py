"""The plate's material: a mirror of finite size, which bends every ray by as much as its edges let it stray.

A mirror cuts a beam with sharp edges out of the image; a real plate diffracts, and spreads it. By the uncertainty
relation a ray that is known to pass an edge at a distance d has a tangential component of its direction that is
uncertain by sigma = lambda / (4 pi d) (edge-uncertainty ray bending: Heinisch and Chou, Applied Optics 10, 1971;
Freniere, Gregory and Hassler, SPIE 3780, 1999; in acoustics, Stephenson, Acta Acustica 96, 2010). So of a ray that
hits the plate at (U, W) from its centre, e_u and e_v being its axes and h_u and h_v half its sides,

    sigma_u = lambda / (4 pi max(h_u - |U|, 1 mm)),          sigma_v alike,
    l = k_r.e_u + sigma_u z_1,    m = k_r.e_v + sigma_v z_2,    n = +- sqrt(1 - l^2 - m^2) on k_r's side,

where k_r is the mirror's direction and z_1, z_2 are standard normal. Its power and polarisation are the mirror's, so
that no power is lost or won, and bounces before and after are traced as ever. That is diffraction of powers, without
phases: it has the beam's width and its flanks but not its ripples, which a cell's mean does not show either.
"""

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

from typing import Any

import drjit as dr
import numpy as np
import sionna.rt as rt
from scipy.constants import speed_of_light
from sionna.rt.constants import DEFAULT_FREQUENCY, NO_JONES_MATRIX, InteractionType

from search_spaces.design import Vector

_LEAST_EDGE_M = 1e-3
"""Nearest that a ray comes to an edge; nearer ones are bent at random anyhow."""

_UNIT_M = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
"""Any rectangle: Sionna looks into a material before it is placed."""


class DiffractingPlate(rt.ITURadioMaterial):
    """An ITU material of one rectangular plate, which must be told where that plate is (``place``).

    What looks for candidate paths, and confirms them by the image method, meets a mirror.

    Args:
        name: of the material, unique in the scene.
        itu_type: material of ITU-R P.2040.
        thickness: of the plate, m.
        color: in pictures; red, green and blue, 0 to 1.

    Raises:
        ValueError: there is no such material.
    """

    def __init__(self, name: str, itu_type: str, thickness: float, color: tuple[float, float, float]) -> None:
        super().__init__(name, itu_type, thickness=thickness, color=color)
        self.place(_UNIT_M)

    def place(self, vertices_m: Vector) -> None:
        """Take note of the plate's corners in turn, ``[4, 3]``, m; as data, so that no kernel is compiled for them."""
        first, second, third, last = vertices_m
        sides = np.stack([second - first, last - first])
        lengths_m = np.linalg.norm(sides, axis=1)
        self._center_m = mi.Point3f(*_data((first + third) / 2))
        self._axes = [mi.Vector3f(*_data(axis)) for axis in sides / lengths_m[:, None]]
        self._half_m = _data(lengths_m / 2)

    def sample(
        self, ctx: mi.BSDFContext, si: mi.SurfaceInteraction3f, sample1: Any, sample2: Any, active: Any = True
    ) -> tuple[mi.BSDFSample3f, mi.Spectrum]:
        """As the ITU material does, and then bend what was reflected."""
        bs, jones = super().sample(ctx, si, sample1, sample2, active)
        if ctx.component & NO_JONES_MATRIX == 0:  # nobody but a search for candidate paths asks for no Jones matrix
            bent = self._bent(bs.wo, mi.Vector3f(si.p - self._center_m), sample2)
            bs.wo = dr.select(bs.sampled_component == InteractionType.SPECULAR, bent, bs.wo)
        return bs, jones

    def _bent(self, mirrored: mi.Vector3f, offset_m: mi.Vector3f, uniform: mi.Point2f) -> mi.Vector3f:
        """The direction of a ray that a mirror sends towards ``mirrored`` from ``offset_m`` off the plate's centre."""
        wavelength_m = speed_of_light / DEFAULT_FREQUENCY if self.scene is None else self.scene.wavelength[0]
        radius = dr.sqrt(-2 * dr.log(dr.maximum(1 - uniform.x, 1e-7)))  # Box and Muller: two standard normals
        normals = radius * dr.cos(dr.two_pi * uniform.y), radius * dr.sin(dr.two_pi * uniform.y)
        along: list[Any] = []  # mi.Float, whose arithmetic has no types
        for axis, half_m, normal in zip(self._axes, self._half_m, normals, strict=True):
            edge_m = dr.maximum(half_m - dr.abs(dr.dot(offset_m, axis)), _LEAST_EDGE_M)
            along.append(dr.dot(mirrored, axis) + wavelength_m / (4 * dr.pi * edge_m) * normal)
        (u, v), out = self._axes, dr.cross(*self._axes)
        rest: Any = dr.copysign(dr.safe_sqrt(1 - dr.square(along[0]) - dr.square(along[1])), dr.dot(mirrored, out))
        bent: mi.Vector3f = dr.normalize(along[0] * u + along[1] * v + rest * out)
        return bent


def _data(numbers: Vector) -> list[mi.Float]:
    return [dr.opaque(mi.Float, float(number)) for number in numbers]
