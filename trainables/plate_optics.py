"""A plate's power in the cells by physical optics, for problems that images are exact for.

That is a floor plan of boxes (``physical_optics/rooms.py``) in which rays are reflected and nothing else. The power is
averaged over points of each cell's panels, as a map is. It takes the CPU alone, so that too much of it is refused.
What several plates bring is added up; what one of them reflects onto another is left out. Plates that hang already are
left to the rays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np
import numpy.typing as npt

from search_spaces.design import AccessPoint, Placement, Vector
from trainables.objectives.base import Powers
from trainables.physical_optics.box import Box
from trainables.physical_optics.plate import Plate
from trainables.physical_optics.power import power_by_plate_w
from trainables.physical_optics.reflection import Slab, Surface
from trainables.physical_optics.rooms import NoBoxesError, boxes, check_shared, rooms_of
from trainables.problem import PlacementProblem
from trainables.tracing.radio import RadioConfig
from trainables.tracing.receivers import POINTS_PER_CELL, panel_points_m

MOST_PATHS = 6_000_000
"""From plate to points of cells, for each access point anew: 1.2 million in ``l_corridor``, where they take 6 s."""

_AT_A_TIME = 300_000
"""Paths, in memory."""

PLATE_THICKNESS_M = 0.001
"""A skin depth of metal is a thousandth of it."""


@dataclass(frozen=True, eq=False)
class PlateOptics:
    """A placement of access points and plates in rooms that are boxes.

    ``before`` is each access point's room, ``[num_ap]``; ``points_m`` are the cells', ``[num_cells * 4, 3]``, m, and
    ``after`` their rooms, ``[num_cells * 4]``.
    """

    radio: RadioConfig
    access_points: tuple[AccessPoint, ...]
    plates: tuple[tuple[Plate, Surface], ...]
    rooms: Sequence[Box]
    before: npt.NDArray[np.intp]
    points_m: Vector
    after: npt.NDArray[np.intp]

    @classmethod
    def of(cls, problem: PlacementProblem, placement: Placement) -> Self:
        """Of a problem and a placement of it.

        Raises:
            NoBoxesError: images are not exact for them, or it would take long.
        """
        _check(problem, placement)
        radio, receivers, site = problem.radio, problem.receivers, problem.site()
        assert site.plan is not None, "checked"
        rooms = boxes(site.plan, lambda itu, thickness_m: slab(itu, thickness_m, radio.frequency_hz))
        grid, poses = site.grid, placement.hung_reflectors
        points_m = panel_points_m(grid, receivers.panel_height_m).reshape(-1, 3)
        aps_m = np.array([ap.position_m for ap in placement.access_points])
        for pose in poses:
            check_shared(rooms, pose.vertices_m, "the plate")
        made = cls(
            radio,
            placement.access_points,
            tuple(
                (Plate.of(pose.vertices_m), slab(plate.material, PLATE_THICKNESS_M, radio.frequency_hz))
                for plate, pose in zip(problem.plates[-len(poses) :], poses, strict=True)
            ),
            rooms,
            rooms_of(rooms, aps_m, "access points"),
            points_m,
            rooms_of(rooms, points_m, "receiver cells"),
        )
        if (paths := made.num_images * len(points_m) * len(aps_m) * len(poses)) > MOST_PATHS:
            raise NoBoxesError(f"{paths:,} paths from plates to cells are more than {MOST_PATHS:,}")
        return made

    @property
    def num_images(self) -> int:
        """Of a point, after all bounces but the plate's own, in a room of six walls."""
        return 1 + sum(4 * bounces**2 + 2 for bounces in range(1, self.radio.max_depth))

    def power_w(self, besides_w: Powers) -> Powers:
        """Power by way of the plates, at every order of bounce, ``[num_ap, num_cells]``, W.

        Args:
            besides_w: what each cell gets without them, ``[num_cells]``, W: what is negligible beside it is left out.
        """
        besides_w = np.repeat(besides_w, POINTS_PER_CELL)
        power_w = np.zeros((len(self.access_points), len(self.points_m)))
        for after, room in enumerate(self.rooms):
            here = np.flatnonzero(self.after == after)
            for start in range(0, len(here), step := max(1, _AT_A_TIME // self.num_images)):
                some = here[start : start + step]
                for (number, ap), (plate, surface) in product(enumerate(self.access_points), self.plates):
                    power_w[number, some] += power_by_plate_w(
                        ap,
                        self.radio,
                        plate,
                        surface,
                        self.points_m[some],
                        self.rooms[self.before[number]],
                        room,
                        besides_w=besides_w[some],
                    )
        return np.asarray(power_w.reshape(len(power_w), -1, POINTS_PER_CELL).mean(axis=2))


def slab(material: str, thickness_m: float, frequency_hz: float) -> Slab:
    """A slab of an ITU-R P.2040 material, as rays meet it."""
    from sionna.rt.radio_materials.itu import itu_material

    permittivity, conductivity = itu_material(material, frequency_hz)
    return Slab(float(permittivity), float(conductivity), thickness_m)


def _check(problem: PlacementProblem, placement: Placement) -> None:
    """Raise ``NoBoxesError`` where something other than mirrors matters."""
    radio = problem.radio
    if problem.scene.floor_plan() is None:
        raise NoBoxesError("the scene is no floor plan")
    if not placement.hung_reflectors:
        raise NoBoxesError("there is no plate")
    if any(pose.facets_m is not None for pose in placement.hung_reflectors):
        raise NoBoxesError("a plate is tiled (reflector.tiles)")
    if not radio.specular_reflection:
        raise NoBoxesError("radio.specular_reflection is false")
    for name in ("refraction", "diffuse_reflection", "diffraction"):
        if getattr(radio, name):
            raise NoBoxesError(f"radio.{name} is true")
    if problem.receivers.surface != "crosses":
        raise NoBoxesError("receivers.surface is not crosses")
    if any(radio.antenna_of(ap).num_elements > 1 for ap in placement.access_points):
        raise NoBoxesError("access points are arrays (radio.array_rows, radio.array_columns, or antenna)")
