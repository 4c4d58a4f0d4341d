"""A wall between an access point and points at many angles: what it reflects, and what it lets through."""

from collections.abc import Iterator

import numpy as np
from scipy.constants import epsilon_0, speed_of_light

from search_spaces.design import Placement
from trainables.physical_optics.reflection import Slab
from trainables.strongest_paths import strongest_paths
from trainables.validation.halls import WAVELENGTH_M, Array, at, friis_w, hall
from trainables.validation.row import Row

FREQUENCY_GHZ = 5.18

MATERIALS = {
    "concrete": (Slab(5.24, 0.0462 * FREQUENCY_GHZ**0.7822, 0.2), "0.2 m of concrete"),
    "glass": (Slab(6.31, 0.0036 * FREQUENCY_GHZ**1.3394, 0.006), "6 mm of glass"),
    "plasterboard": (Slab(2.73, 0.0085 * FREQUENCY_GHZ**0.9395, 0.013), "13 mm of plasterboard"),
}
"""By ITU-R P.2040-4, table 3."""

ANGLES_RAD = np.radians([5, 15, 25, 35, 45, 55, 65, 75])


def rows() -> Iterator[Row]:
    """The worst of all angles and both polarisations, as a share of the power that arrives."""
    for material, (slab, title) in MATERIALS.items():
        reflected, through = (np.array(shares) for shares in zip(*_errors(material, slab), strict=True))
        for what, error, equation in (("reflects", reflected, "43a"), ("lets through", through, "43b")):
            yield Row(
                f"what {title} {what} (worst angle)",
                0.0,
                float(error[np.abs(error).argmax()]),
                "of 1",
                0.002,
                f"ITU-R P.2040-4, {equation}",
            )


def transmission(slab: Slab, cosines: Array) -> tuple[Array, Array]:
    """Power that a slab lets through, TE and TM, ``[...]``: |t|^2 of ITU-R P.2040-4, equation 43b."""
    eta = slab.relative_permittivity - 1j * slab.conductivity_s_per_m * WAVELENGTH_M / (
        2 * np.pi * speed_of_light * epsilon_0
    )
    root = np.sqrt(eta - (1 - cosines**2))
    phase = np.exp(-2j * np.pi * slab.thickness_m / WAVELENGTH_M * root)  # e^(-jq)
    faces = (cosines - root) / (cosines + root), (eta * cosines - root) / (eta * cosines + root)  # (37a), (37b)
    te, tm = (np.abs((1 - r**2) * phase / (1 - r**2 * phase**2)) ** 2 for r in faces)
    return te, tm


def _errors(material: str, slab: Slab) -> Iterator[tuple[float, float]]:
    """Of the shares of power that are reflected and let through, for each polarisation and angle.

    The wall is at x = 8; the mirror image of a point behind it is before it, so that both ways are equally long.
    """
    wall = {"name": "wall", "path_m": [[8, 0], [8, 12]], "material": material, "thickness_m": slab.thickness_m}
    ap = at(7.0, 1.0, 2.0, direction=(1.0, 0.0, 0.0))
    along_m = 2 * np.tan(ANGLES_RAD)
    points_m = np.array([[x, 1 + y, 2.0] for x in (7.0, 9.0) for y in along_m])
    sent_w = friis_w(np.hypot(2.0, along_m))
    cosines = np.cos(ANGLES_RAD)
    expected = np.abs(np.array(slab.coefficients(cosines, WAVELENGTH_M))) ** 2, np.array(transmission(slab, cosines))
    for number, polarization in enumerate(("V", "H")):  # upright is across the plane of incidence: TE
        radio = {"specular_reflection": True, "refraction": True, "max_depth": 1, "polarization": polarization}
        evaluator = hall({"walls": [wall]}, radio=radio)
        found = strongest_paths(
            evaluator.new_scene(1, 0), evaluator.problem.radio, Placement((ap,)), points_m, 10 * len(points_m)
        )
        got_w = np.zeros(len(points_m))
        for path in found:
            got_w[path.target] += path.power_w * (len(path.vertices_m) == 3)  # without the direct one
        shares = got_w.reshape(2, -1) / sent_w
        yield from zip(*(shares - [expected[0][number], expected[1][number]]), strict=True)
