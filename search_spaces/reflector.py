"""The plate on its wall: from (u, v, focal point, access points) to four corners.

A mirror sends a ray from A to F when its normal bisects the unit vectors towards A and towards F, so the
plate is aimed by a *focal point* instead of by angles. It hangs on a rectangle of wall:

    top_left ---- u ---->          r  along the wall, left to right as seen from the room
       |                           z  up
       v                           n  = r x z, into the room
       |            bottom_right

The plate's lower and upper edges stay level, as an installer would mount it. It stands off the wall just far
enough that no corner enters it; where a tilted plate would stick out of the rectangle, it is moved in.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from search_spaces.design import ReflectorPose, Vector
from search_spaces.model import Model
from search_spaces.zones import Coordinate, Metres

CLEARANCE_M = 0.01
"""Gap between the wall and the nearest corner: a plate in the wall's own plane would make rays hit either."""

MIN_FACING = 0.05
"""Cosine below which a plate counts as facing into its wall: 87 degrees of tilt is past any mount."""

_ROUNDS = 400
"""Most rounds of the iteration that settles centre and tilt; about ten are usual."""

_UP = np.array([0.0, 0.0, 1.0])

Point3 = tuple[Metres, Metres, Metres]

PlateFault = Literal["size", "wall", "access_points", "focal_point", "grazing"]
"""What keeps an aimed plate from being mounted: it sticks out, what is behind its wall, or it would look along it."""


PlateModel = Literal["diffracting", "mirror"]
"""How a plate reflects: as one of its size does, or as a hole in a wall shows the mirror image behind it."""


class WallRectangle(Model):
    """The part of a vertical wall on which the plate may hang, by two corners seen from the room."""

    top_left_m: Point3 = Field(description="corner [x, y, z], upper left as seen from the room [m]")
    bottom_right_m: Point3 = Field(description="corner [x, y, z], lower right as seen from the room [m]")

    @model_validator(mode="after")
    def _has_area(self) -> Self:
        if self.top_left_m[2] <= self.bottom_right_m[2]:
            raise ValueError(
                f"top_left_m must be higher than bottom_right_m, but z is {self.top_left_m[2]} and "
                f"{self.bottom_right_m[2]}; swap the corners"
            )
        if self.width_m <= 0:
            raise ValueError(
                "top_left_m and bottom_right_m must differ in x or y, but both are at "
                f"{self.top_left_m[:2]}; give opposite corners"
            )
        return self

    @property
    def width_m(self) -> float:
        """Extent along the wall [m]."""
        return float(np.hypot(*np.subtract(self.bottom_right_m[:2], self.top_left_m[:2])))

    @property
    def height_m(self) -> float:
        """Vertical extent [m]."""
        return self.top_left_m[2] - self.bottom_right_m[2]

    @property
    def right(self) -> Vector:
        """Unit vector along the wall, left to right as seen from the room."""
        x, y = np.subtract(self.bottom_right_m[:2], self.top_left_m[:2]) / self.width_m
        return np.array([x, y, 0.0])

    @property
    def normal(self) -> Vector:
        """Unit vector into the room: right x up."""
        x, y, _ = self.right
        return np.array([y, -x, 0.0])


def _positive_size(size_m: tuple[float, float]) -> tuple[float, float]:
    if min(size_m) <= 0:
        raise ValueError(f"a plate's sides must be > 0 m, but got {list(size_m)}")
    return size_m


class ReflectorConfig(Model):
    """One passive metal plate on one wall."""

    size_m: Annotated[tuple[float, float], AfterValidator(_positive_size)] = Field(
        (1.0, 1.0), description="width and height of the plate [m]"
    )
    wall: WallRectangle | None = Field(None, description="where it may hang; null: the floor plan's reflector wall")
    focal_area: tuple[Coordinate, Coordinate] | None = Field(
        None,
        description="bounds of the focal point, [[x_min, y_min], [x_max, y_max]] [m]; "
        "null: the rectangle around the user zones",
    )
    focal_height_m: Metres = Field(1.5, description="height of the focal point [m]; users' height")
    material: str = Field("metal", description="ITU-R P.2040 material of the plate")
    model: PlateModel = Field(
        "diffracting", description="diffracting: the plate's size spreads what it reflects; mirror: it has sharp edges"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.focal_area is not None:
            (x_min, y_min), (x_max, y_max) = self.focal_area
            if x_min >= x_max or y_min >= y_max:
                raise ValueError(
                    "focal_area must be [[x_min, y_min], [x_max, y_max]] with min < max, but got "
                    f"{[list(c) for c in self.focal_area]}; order the corners"
                )
        return self


def check_fits(size_m: tuple[float, float], wall: WallRectangle) -> None:
    """Raise ``ValueError`` unless a plate of ``size_m`` fits on ``wall``."""
    if size_m[0] > wall.width_m or size_m[1] > wall.height_m:
        raise ValueError(
            f"reflector.size_m: the plate must fit on its wall of {wall.width_m:g} x {wall.height_m:g} m, but got "
            f"{list(size_m)}; make it smaller"
        )


def _edges(normal: Vector) -> tuple[Vector, Vector]:
    """Unit vectors along the plate's level and steep edges; level x steep = normal."""
    x, y, z = normal.tolist()  # by hand: numpy's cross product of two 3-vectors takes 30 times as long
    flat = math.hypot(x, y)
    level = np.array([-y / flat, x / flat, 0.0])
    return level, np.array([-z * x / flat, -z * y / flat, flat])


def corners(center_m: Vector, normal: Vector, size_m: tuple[float, float]) -> Vector:
    """Corners of a level plate, shape ``[4, 3]``, counter-clockwise seen against ``normal``."""
    level, steep = _edges(normal)
    signs = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * size_m
    return np.asarray(center_m + signs @ np.stack([level, steep]))


def bisector(center_m: Vector, first_m: Vector, second_m: Vector) -> Vector:
    """The unit normal of a mirror at ``center_m`` that images ``first_m`` onto ``second_m``."""
    towards = [(p - center_m) / max(float(np.linalg.norm(p - center_m)), 1e-12) for p in (first_m, second_m)]
    total = towards[0] + towards[1]
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12))


@dataclass(frozen=True)
class PlateMount:
    """A plate of a given size on a given wall: turns (u, v) and two targets into a pose."""

    wall: WallRectangle
    size_m: tuple[float, float]

    @cached_property
    def _frame(self) -> tuple[Vector, Vector, Vector]:
        """Upper left corner, direction along the wall and direction into the room: asked for at every turn."""
        return np.asarray(self.wall.top_left_m), self.wall.right, self.wall.normal

    @cached_property
    def _extent_m(self) -> tuple[float, float]:
        """Width and height of the wall's rectangle."""
        return self.wall.width_m, self.wall.height_m

    def on_wall(self, u: float, v: float, half_width_m: float, half_height_m: float) -> Vector:
        """The point of the wall at (u, v) of the rectangle shrunk by half a plate on each side.

        Clamped so that a plate of the half extents given stays inside the whole rectangle.
        """
        (width_m, height_m), (top_left_m, right, _) = self._extent_m, self._frame
        across = self.size_m[0] / 2 + u * (width_m - self.size_m[0])
        down = self.size_m[1] / 2 + v * (height_m - self.size_m[1])
        across = _clamp(across, half_width_m, width_m - half_width_m)
        down = _clamp(down, half_height_m, height_m - half_height_m)
        return np.asarray(top_left_m + across * right - down * _UP)

    def wall_point(self, u: float, v: float) -> Vector:
        """The point of the wall behind the plate's centre, before any tilt."""
        return self.on_wall(u, v, self.size_m[0] / 2, self.size_m[1] / 2)

    def facing(self, u: float, v: float, ap_m: Vector, focal_m: Vector) -> float:
        """Cosine between the plate's normal and its wall's; below ``MIN_FACING`` it cannot be mounted."""
        return float(self._aim(u, v, ap_m, focal_m)[1] @ self._frame[2])

    def violation(self, u: float, v: float, ap_m: Vector, focal_m: Vector) -> float:
        """By how much the aimed plate cannot be mounted; 0 if it can.

        What its normal lacks to ``MIN_FACING``, or the metres that a plate nearly as wide as its wall sticks out.
        """
        _, normal = self._aim(u, v, ap_m, focal_m)
        facing = float(normal @ self._frame[2])
        return MIN_FACING - facing if facing < MIN_FACING else self._overhang_m(normal)

    def fault(self, u: float, v: float, ap_m: Vector, focal_m: Vector) -> PlateFault | None:
        """Why the aimed plate cannot be mounted; None where ``violation`` is 0."""
        _, normal = self._aim(u, v, ap_m, focal_m)
        into_room = self._frame[2]
        if normal @ into_room >= MIN_FACING:
            return "size" if self._overhang_m(normal) > 0 else None
        point = self.wall_point(u, v)
        ap_behind, focal_behind = (float((target_m - point) @ into_room) <= 0 for target_m in (ap_m, focal_m))
        if ap_behind and focal_behind:
            return "wall"
        return "access_points" if ap_behind else "focal_point" if focal_behind else "grazing"

    def pose(self, u: float, v: float, ap_m: Vector, focal_m: Vector) -> ReflectorPose:
        """Aim the plate from ``ap_m`` to ``focal_m`` [m].

        Raises:
            ValueError: the bisector points into the wall (see ``facing``), or so tilted the plate is wider
                than its wall.
        """
        center, normal = self._aim(u, v, ap_m, focal_m)
        if normal @ self._frame[2] < MIN_FACING:
            raise ValueError(
                f"the plate at u={u:g}, v={v:g} would have to face into its wall to aim from "
                f"{ap_m.tolist()} to {focal_m.tolist()}"
            )
        if (overhang_m := self._overhang_m(normal)) > 0:
            raise ValueError(
                f"the plate at u={u:g}, v={v:g} would stick out of its wall by {overhang_m:.3g} m to aim from "
                f"{ap_m.tolist()} to {focal_m.tolist()}"
            )
        vertices_m = corners(center, normal, self.size_m)
        return ReflectorPose(center, normal, self.size_m, u, v, focal_m, vertices_m)

    def _aim(self, u: float, v: float, ap_m: Vector, focal_m: Vector) -> tuple[Vector, Vector]:
        """Centre and normal of the aimed plate.

        The centre depends on the tilt (standoff) and the tilt on the centre (bisector). The standoff is
        centimetres and the distances are metres, so a fixed-point iteration settles in a few rounds. Where an
        access point is so near that it circles instead, shorter and shorter steps settle it. It ends early,
        with the normal that shows why, where the plate would face into the wall.
        """
        center = self.wall_point(u, v)
        normal = bisector(center, ap_m, focal_m)
        for number in range(_ROUNDS):
            if normal @ self._frame[2] < MIN_FACING:
                break
            step = self._mounted(u, v, normal) - center
            center = center + 0.5 ** (number // 50) * step
            normal = bisector(center, ap_m, focal_m)
            if np.linalg.norm(step) < 1e-9:
                break
        return center, normal

    def _mounted(self, u: float, v: float, normal: Vector) -> Vector:
        """The plate's centre for a tilt: on the wall, inside its rectangle, no corner in the wall."""
        offsets = corners(np.zeros(3), normal, self.size_m)
        _, right, into_room = self._frame
        on_wall = self.on_wall(u, v, float(np.max(offsets @ right)), float(np.max(offsets @ _UP)))
        standoff = float(np.max(-offsets @ into_room)) + CLEARANCE_M
        return np.asarray(on_wall + standoff * into_room)

    def _overhang_m(self, normal: Vector) -> float:
        """How far a plate of this tilt sticks out of its wall on either side [m]; it is never too high."""
        across = corners(np.zeros(3), normal, self.size_m) @ self._frame[1]
        overhang_m = float(np.max(across)) - self._extent_m[0] / 2
        return overhang_m if overhang_m > 1e-9 else 0.0


def _clamp(value: float, low: float, high: float) -> float:
    return (low + high) / 2 if low > high else min(max(value, low), high)
