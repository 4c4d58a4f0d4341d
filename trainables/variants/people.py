"""People: boxes of human tissue that stand among the users and keep their signal from them.

A body is a box of 0.45 x 0.25 x 1.7 m (shoulder breadth, chest depth and stature of an adult) of muscle, whose
permittivity and conductivity follow from four Cole-Cole dispersions (S. Gabriel, R. W. Lau, C. Gabriel, "The
dielectric properties of biological tissues: III", Phys. Med. Biol. 41, 1996, table 1):

    eps = eps_inf + sum_n d_n / (1 + (j w tau_n)^(1 - a_n)) + sigma / (j w eps_0)

It stands where four cells meet, so that it cuts no receiver of theirs (cells of 0.45 m or more; smaller ones inside a
body get no signal): what a user holds is beside bodies, not in them. Without diffraction its shadow is darker than a
real one.
"""

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field
from scipy.constants import epsilon_0
from shapely.geometry import Polygon

from search_spaces.design import Vector
from search_spaces.zones import Zone, contains
from trainables.problem import PlacementProblem, Site
from trainables.variants.base import Variant, VariantSettings, draws

if TYPE_CHECKING:
    from trainables.tracing.movable_scene import MovableScene

BODY_M = np.array([0.45, 0.25, 1.7])
"""Breadth, depth and height."""

_LIFT_M = 0.01
"""Between floor and feet: two sheets in one plane would make rays hit either."""

_SHELL_M = 0.1
"""Of tissue that a ray passes on each side; nothing to speak of is left of it."""

_EPS_INF, _SIGMA = 4.0, 0.2
_DISPERSIONS = (  # d, tau [s], a
    (50.0, 7.234e-12, 0.1),
    (7000.0, 353.678e-9, 0.1),
    (1.2e6, 318.310e-6, 0.1),
    (2.5e7, 2.274e-3, 0.0),
)
"""Muscle."""


def muscle(frequency_hz: float) -> tuple[float, float]:
    """Relative permittivity and conductivity [S/m] of muscle."""
    omega = 2 * np.pi * frequency_hz
    eps = _EPS_INF + _SIGMA / (1j * omega * epsilon_0)
    eps += sum(d / (1 + (1j * omega * tau) ** (1 - a)) for d, tau, a in _DISPERSIONS)
    return float(eps.real), float(-eps.imag * omega * epsilon_0)


class People(Variant):
    """A few people in each user zone."""

    rebuilds = True

    def __init__(self, number: int, per_zone: int) -> None:
        super().__init__(f"people, {per_zone} a zone, draw {number + 1}")
        self.number = number
        self.per_zone = per_zone

    def rebuild(self, scene: "MovableScene", site: Site) -> None:
        people = self.where(site)
        boxes = [box(center, breadthways) for center, breadthways in people]
        if boxes:
            ground = site.grid.ground
            for (center, _), corners_m in zip(people, boxes, strict=True):
                corners_m[:, 2] += ground.height_m(*center) if ground else 0.0
            vertices_m = np.concatenate(boxes)
            faces = np.concatenate([8 * number + _FACES for number in range(len(boxes))])
            scene.add_bodies("people", vertices_m, faces, muscle, _SHELL_M)

    def where(self, site: Site) -> list[tuple[Vector, bool]]:
        """Where they stand, ``[2]`` [m], and whether their breadth is along x; fewer where a zone is too small."""
        people = []
        for which, zone in enumerate(site.user_zones):
            rng = draws("people", self.number, which)
            places = _places(zone, site)
            chosen = rng.permutation(len(places))[: self.per_zone]
            people += [(places[place], bool(rng.integers(2))) for place in chosen]
        return people


def _places(zone: Zone, site: Site) -> Vector:
    """Where four cells of a zone meet and a body fits into it, ``[n, 2]`` [m]."""
    corners = site.grid.centers_m + site.grid.cell_size_m / 2
    return corners[contains(Polygon(zone).buffer(-BODY_M[:2].max() / 2), corners)]


_SIDES = np.array([[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]], dtype=np.uint32)
_FACES = _SIDES[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)
"""Of a box, outwards."""


def box(center: Vector, breadthways: bool) -> Vector:
    """Corners of a body, ``[8, 3]`` [m]: those of its feet, counter-clockwise, then those above them."""
    half = BODY_M[:2] / 2 if breadthways else BODY_M[1::-1] / 2
    feet = center + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    heights = np.repeat([_LIFT_M, _LIFT_M + BODY_M[2]], 4)
    return np.column_stack([np.tile(feet, (2, 1)), heights])


@VariantSettings.register
class PeopleSettings(VariantSettings):
    """People among the users."""

    kind: Literal["people"] = "people"
    per_zone: int = Field(4, ge=1, le=1000, description="people in each user zone")
    draws: int = Field(2, ge=1, le=100, description="random positions, a variant each")

    def variants(self, problem: PlacementProblem) -> list[People]:
        return [People(number, self.per_zone) for number in range(self.draws)]
