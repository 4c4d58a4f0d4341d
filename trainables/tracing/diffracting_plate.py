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

Of a tiled plate each facet is such a plate of its own size: light that leaves one has passed that one's edges.
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

_UNIT_M = np.array([[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]])
"""Any rectangle: Sionna looks into a material before it is placed."""


class DiffractingPlate(rt.ITURadioMaterial):
    """An ITU material of one plate, of one facet or more, which must be told where that plate is (``place``).

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

    def place(self, sheets_m: Vector) -> None:
        """Take note of each facet's corners in turn, ``[num_facets, 4, 3]``, m; as data, so that no kernel is compiled.

        Of their number there is a kernel; it is that of the mesh, two triangles a facet.
        """
        first, second, third, last = np.moveaxis(sheets_m, -2, 0)
        sides = np.stack([second - first, last - first])
        lengths_m = np.linalg.norm(sides, axis=-1)
        self._num_facets = len(sheets_m)
        self._centers_m = mi.Point3f(*_data((first + third) / 2))
        self._axes = [mi.Vector3f(*_data(axis)) for axis in sides / lengths_m[..., None]]
        self._half_m = [_data(half_m[:, None])[0] for half_m in lengths_m / 2]

    def sample(
        self, ctx: mi.BSDFContext, si: mi.SurfaceInteraction3f, sample1: Any, sample2: Any, active: Any = True
    ) -> tuple[mi.BSDFSample3f, mi.Spectrum]:
        """As the ITU material does, and then bend what was reflected."""
        bs, jones = super().sample(ctx, si, sample1, sample2, active)
        if ctx.component & NO_JONES_MATRIX == 0:  # nobody but a search for candidate paths asks for no Jones matrix
            bent = self._bent(bs.wo, si, sample2)
            bs.wo = dr.select(bs.sampled_component == InteractionType.SPECULAR, bent, bs.wo)
        return bs, jones

    def _bent(self, mirrored: mi.Vector3f, si: mi.SurfaceInteraction3f, uniform: mi.Point2f) -> mi.Vector3f:
        """The direction of a ray that a mirror sends towards ``mirrored`` from where it hits."""
        center_m, axes, halves_m = self._facet(si.prim_index // 2)
        offset_m = mi.Vector3f(si.p - center_m)
        wavelength_m = speed_of_light / DEFAULT_FREQUENCY if self.scene is None else self.scene.wavelength[0]
        radius = dr.sqrt(-2 * dr.log(dr.maximum(1 - uniform.x, 1e-7)))  # Box and Muller: two standard normals
        normals = radius * dr.cos(dr.two_pi * uniform.y), radius * dr.sin(dr.two_pi * uniform.y)
        along: list[Any] = []  # mi.Float, whose arithmetic has no types
        for axis, half_m, normal in zip(axes, halves_m, normals, strict=True):
            edge_m = dr.maximum(half_m - dr.abs(dr.dot(offset_m, axis)), _LEAST_EDGE_M)
            along.append(dr.dot(mirrored, axis) + wavelength_m / (4 * dr.pi * edge_m) * normal)
        (u, v), out = axes, dr.cross(*axes)
        rest: Any = dr.copysign(dr.safe_sqrt(1 - dr.square(along[0]) - dr.square(along[1])), dr.dot(mirrored, out))
        bent: mi.Vector3f = dr.normalize(along[0] * u + along[1] * v + rest * out)
        return bent

    def _facet(self, number: Any) -> tuple[mi.Point3f, list[mi.Vector3f], list[mi.Float]]:
        """Centre, unit vectors along both sides and half their lengths [m] of a facet."""
        if self._num_facets == 1:  # nothing to look up
            return self._centers_m, self._axes, self._half_m
        center_m = dr.gather(mi.Point3f, self._centers_m, number)
        axes = [dr.gather(mi.Vector3f, axis, number) for axis in self._axes]
        return center_m, axes, [dr.gather(mi.Float, half_m, number) for half_m in self._half_m]


def _data(points: Vector) -> list[mi.Float]:
    """The columns of ``[n, k]``, as data that no kernel bakes in."""
    columns = [mi.Float(np.ascontiguousarray(column, dtype=np.float32)) for column in points.T]
    dr.make_opaque(columns)
    return columns
