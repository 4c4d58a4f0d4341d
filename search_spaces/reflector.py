"""The plate on its wall: from (u, v, focal point, access points) to four corners.

A mirror sends a ray from A to F when its normal bisects the unit vectors towards A and towards F, so the
plate is aimed by a *focal point* instead of by angles. It hangs on a rectangle of wall:

    top_left ---- u ---->          r  along the wall, left to right as seen from the room
       |                           z  up
       v                           n  = r x z, into the room
       |            bottom_right

The plate's lower and upper edges stay level, as an installer would mount it. It stands off the wall just far
enough that no corner enters it; where a tilted plate would stick out of the rectangle, it is moved in.

A tiled plate is a flat frame that is aimed as a flat plate is; each of its facets is turned about its own centre, to
mirror the access point onto a point of its own.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from search_spaces.design import ReflectorPose, Vector
from search_spaces.model import Model
from search_spaces.zones import Metres

CLEARANCE_M = 0.01
"""Gap between the wall and the nearest corner: a plate in the wall's own plane would make rays hit either."""

MIN_FACING = 0.05
"""Cosine below which a plate counts as facing into its wall: 87 degrees of tilt is past any mount."""

MOST_FACET_TILT = math.radians(10)
"""Between a facet and its plate's plane. Where two meet, either may stand out of the plane by half its side times the
sine of its tilt; the step hides so much of the next facet as its shadow is long: at 45 degrees of incidence 17 %."""

_ROUNDS = 400
"""Most rounds of the iteration that settles centre and tilt; about ten are usual."""

_UP = np.array([0.0, 0.0, 1.0])

Point3 = tuple[Metres, Metres, Metres]

Size = tuple[float, float]
"""Width and height [m]."""

PlateFault = Literal["size", "wall", "access_points", "focal_point", "grazing", "fan"]
"""What keeps an aimed plate from being mounted: it sticks out, what is behind its wall, it would look along it, or its
facets would have to tilt too far."""

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


def _edges(normal: Vector) -> tuple[Vector, Vector]:
    """Unit vectors along the plate's level and steep edges; level x steep = normal."""
    x, y, z = normal.tolist()  # by hand: numpy's cross product of two 3-vectors takes 30 times as long
    flat = math.hypot(x, y)
    level = np.array([-y / flat, x / flat, 0.0])
    return level, np.array([-z * x / flat, -z * y / flat, flat])


def frame(normal: Vector) -> Vector:
    """Unit vectors along a level plate's edges and its normal, as columns, ``[3, 3]``."""
    return np.column_stack([*_edges(normal), normal])


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


def mirrored_m(center_m: Vector, normal: Vector, from_m: Iterable[Vector]) -> Vector:
    """Where a ray from the nearest of some points [m] is, mirrored at ``center_m``, after as long a way again."""
    inwards = center_m - min(from_m, key=lambda point_m: float(np.linalg.norm(point_m - center_m)))
    return np.asarray(center_m + inwards - 2 * (inwards @ normal) * normal)


def backed_by(center_m: Vector, normal: Vector, size_m: Size) -> WallRectangle:
    """The wall that a hanging plate takes with it: upright, no larger than it, just behind its rearmost corner."""
    offsets = corners(np.zeros(3), normal, size_m)
    right, _ = _edges(normal)
    into_room = np.array([right[1], -right[0], 0.0])
    behind_m = center_m - (float(np.max(-offsets @ into_room)) + CLEARANCE_M) * into_room
    corner = size_m[0] / 2 * right - float(np.max(offsets @ _UP)) * _UP
    (left, up, top), (far, down, bottom) = (behind_m - corner).tolist(), (behind_m + corner).tolist()
    return WallRectangle(top_left_m=(left, up, top), bottom_right_m=(far, down, bottom))


@dataclass(frozen=True)
class Tiling:
    """Columns and rows of facets, and how far apart they aim about the focal point [m], across and away."""

    columns: int = 1
    rows: int = 1
    fan_m: tuple[float, float] = (0.0, 0.0)

    @property
    def is_flat(self) -> bool:
        """Whether the plate is one facet."""
        return self.columns * self.rows == 1

    def slack_m(self, size_m: Size) -> float:
        """Most that a facet's corner can be away from where it would be in a flat plate [m]."""
        if self.is_flat:
            return 0.0
        half_diagonal_m = math.hypot(size_m[0] / self.columns, size_m[1] / self.rows) / 2
        return half_diagonal_m * 2 * math.sin(MOST_FACET_TILT / 2)

    def facets(self, center_m: Vector, normal: Vector, size_m: Size, ap_m: Vector, focal_m: Vector) -> "Facets":
        """Facets of a plate that is aimed from ``ap_m`` to ``focal_m``, row by row from the lower left.

        The aims diverge: the right column, as seen from the room, aims farthest to its right, and the uppermost row
        farthest away.
        """
        level, steep = _edges(normal)
        across, up = (
            ((np.arange(count) + 0.5) / count - 0.5) for count in (self.columns, self.rows)
        )  # shares of the plate
        column, row = (grid.ravel() for grid in np.meshgrid(across, up))
        centers_m = center_m + np.outer(column * size_m[0], level) + np.outer(row * size_m[1], steep)
        away = (focal_m - center_m) * [1, 1, 0]
        away = away / length if (length := np.linalg.norm(away)) > 1e-9 else np.cross(level, _UP)
        right = np.array([-away[1], away[0], 0.0])
        right = right if right @ level >= 0 else -right
        ends = [share / max(1 - 1 / count, 1e-12) for share, count in ((column, self.columns), (row, self.rows))]
        aims_m = focal_m + np.outer(ends[0] * self.fan_m[0], right) + np.outer(ends[1] * self.fan_m[1], away)
        towards = [_unit(point_m - centers_m) for point_m in (ap_m, aims_m)]
        normals = _unit(towards[0] + towards[1])
        facet_m = (size_m[0] / self.columns, size_m[1] / self.rows)
        vertices_m = np.stack([corners(c, n, facet_m) for c, n in zip(centers_m, normals, strict=True)])
        return Facets(centers_m, normals, aims_m, vertices_m)


@dataclass(frozen=True, eq=False)
class Facets:
    """Facets of one plate: centres, normals and aims, ``[num_facets, 3]``; corners, ``[num_facets, 4, 3]``."""

    centers_m: Vector
    normals: Vector
    aims_m: Vector
    vertices_m: Vector

    def excess_tilt(self, normal: Vector) -> float:
        """By how much the steepest is tilted too far against a plate's ``normal`` [rad]; 0 if none is."""
        steepest = math.acos(min(1.0, max(-1.0, float(np.min(self.normals @ normal)))))
        return max(0.0, steepest - MOST_FACET_TILT)


def _unit(vectors: Vector) -> Vector:
    """``[n, 3]``, each of length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


@dataclass(frozen=True)
class PlateMount:
    """A plate of a given size on a given wall: turns (u, v) and two targets into a pose."""

    wall: WallRectangle
    size_m: Size
    tiling: Tiling = Tiling()

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

        What its normal lacks to ``MIN_FACING``, the metres that a plate nearly as wide as its wall sticks out, or the
        radians that a facet is tilted too far.
        """
        center, normal = self._aim(u, v, ap_m, focal_m)
        facing = float(normal @ self._frame[2])
        if facing < MIN_FACING:
            return MIN_FACING - facing
        return self._overhang_m(normal) or self._excess_tilt(center, normal, ap_m, focal_m)

    def fault(self, u: float, v: float, ap_m: Vector, focal_m: Vector) -> PlateFault | None:
        """Why the aimed plate cannot be mounted; None where ``violation`` is 0."""
        center, normal = self._aim(u, v, ap_m, focal_m)
        into_room = self._frame[2]
        if normal @ into_room >= MIN_FACING:
            if self._overhang_m(normal) > 0:
                return "size"
            return "fan" if self._excess_tilt(center, normal, ap_m, focal_m) > 0 else None
        point = self.wall_point(u, v)
        ap_behind, focal_behind = (float((target_m - point) @ into_room) <= 0 for target_m in (ap_m, focal_m))
        if ap_behind and focal_behind:
            return "wall"
        return "access_points" if ap_behind else "focal_point" if focal_behind else "grazing"

    def pose(self, u: float, v: float, ap_m: Vector, focal_m: Vector) -> ReflectorPose:
        """Aim the plate from ``ap_m`` to ``focal_m`` [m].

        Raises:
            ValueError: the bisector points into the wall (see ``facing``), so tilted the plate is wider than its wall,
                or a facet is tilted too far.
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
        vertices_m, facets_m = corners(center, normal, self.size_m), None
        if not self.tiling.is_flat:
            facets = self.tiling.facets(center, normal, self.size_m, ap_m, focal_m)
            if (excess := facets.excess_tilt(normal)) > 0:
                raise ValueError(
                    f"a facet of the plate at u={u:g}, v={v:g} would tilt {math.degrees(excess):.3g} degrees too far "
                    "out of its plane"
                )
            facets_m = facets.vertices_m
        return ReflectorPose(center, normal, self.size_m, u, v, focal_m, vertices_m, facets_m)

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
        slack_m = self.tiling.slack_m(self.size_m)
        on_wall = self.on_wall(u, v, float(np.max(offsets @ right)) + slack_m, float(np.max(offsets @ _UP)))
        standoff = float(np.max(-offsets @ into_room)) + CLEARANCE_M + slack_m
        return np.asarray(on_wall + standoff * into_room)

    def _overhang_m(self, normal: Vector) -> float:
        """How far a plate of this tilt sticks out of its wall on either side, or above and below [m].

        A facet's upper edge is never above that of the flat plate upright.
        """
        offsets = corners(np.zeros(3), normal, self.size_m)
        slack_m = self.tiling.slack_m(self.size_m)
        overhangs_m = (
            float(np.max(offsets @ self._frame[1])) + slack_m - self._extent_m[0] / 2,
            float(np.max(offsets @ _UP)) - self._extent_m[1] / 2,
        )
        return sum(overhang_m for overhang_m in overhangs_m if overhang_m > 1e-9)

    def _excess_tilt(self, center_m: Vector, normal: Vector, ap_m: Vector, focal_m: Vector) -> float:
        """By how much a facet is tilted too far [rad]."""
        if self.tiling.is_flat:
            return 0.0
        return self.tiling.facets(center_m, normal, self.size_m, ap_m, focal_m).excess_tilt(normal)


def _clamp(value: float, low: float, high: float) -> float:
    return (low + high) / 2 if low > high else min(max(value, low), high)
