"""The records that the packages hand to each other: what stands where, and which way it points.

World frame: right-handed, x east, y north, z up, metres. Directions and normals are unit vectors.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
"""A point [m] or a unit vector, shape ``[3]``."""


@dataclass(frozen=True, eq=False)
class AccessPoint:
    """A transmitter: where it is and which way its boresight points."""

    position_m: Vector
    direction: Vector
    power_dbm: float

    def to_json(self) -> dict[str, Any]:
        return {
            "position_m": self.position_m.tolist(),
            "direction": self.direction.tolist(),
            "power_dbm": self.power_dbm,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "AccessPoint":
        """From what ``to_json`` gives; ``KeyError``, ``TypeError`` or ``ValueError`` if it is not that."""
        position_m, direction = (np.asarray(data[name], dtype=np.float64) for name in ("position_m", "direction"))
        if position_m.shape != (3,) or direction.shape != (3,) or not np.isfinite([position_m, direction]).all():
            raise ValueError("an access point has a position and a direction of three numbers each")
        return cls(position_m, direction, float(data["power_dbm"]))


@dataclass(frozen=True, eq=False)
class ReflectorPose:
    """A flat plate: its centre, its normal into the room, and the four corners that follow from them."""

    center_m: Vector
    normal: Vector
    size_m: tuple[float, float]
    u: float
    v: float
    focal_point_m: Vector
    vertices_m: npt.NDArray[np.float64]
    """Corners, shape ``[4, 3]``, counter-clockwise as seen from the side the normal points to."""

    def to_json(self) -> dict[str, Any]:
        return {
            "center_m": self.center_m.tolist(),
            "normal": self.normal.tolist(),
            "size_m": list(self.size_m),
            "u": self.u,
            "v": self.v,
            "focal_point_m": self.focal_point_m.tolist(),
            "vertices_m": self.vertices_m.tolist(),
        }


@dataclass(frozen=True, eq=False)
class Placement:
    """The access points and reflectors of one candidate."""

    access_points: tuple[AccessPoint, ...]
    reflectors: tuple[ReflectorPose, ...] = ()

    def without_reflectors(self) -> "Placement":
        """The same access points, and no plate."""
        return Placement(self.access_points)


def angles_deg(direction: Vector) -> tuple[float, float]:
    """Azimuth from +x (east) towards +y (north) and tilt above the horizon, in degrees."""
    x, y, z = direction
    return math.degrees(math.atan2(y, x)), math.degrees(math.asin(np.clip(z, -1.0, 1.0)))
