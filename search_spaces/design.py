"""The records that the packages hand to each other: what stands where, and which way it points.

World frame: right-handed, x east, y north, z up, metres. Directions and normals are unit vectors.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from search_spaces.antenna import AntennaConfig

Vector = npt.NDArray[np.float64]
"""A point [m] or a unit vector, shape ``[3]``."""


def is_name(name: str) -> str:
    """What a thing may be called: it is printed and drawn; ``ValueError`` for anything else."""
    if not (1 <= len(name) <= 100 and name.isprintable()):
        raise ValueError(f"a name must be 1 to 100 printable characters, but got {name[:100]!r}; shorten it")
    return name


@dataclass(frozen=True, eq=False)
class AccessPoint:
    """A transmitter: where it is and which way its boresight points."""

    position_m: Vector
    direction: Vector
    power_dbm: float
    antenna: AntennaConfig | None = None
    """Its own; None: that of the radio settings."""
    name: str | None = None
    fixed: bool = False
    """Whether it hangs there already."""

    @property
    def remark(self) -> str:
        """What to add to its number where people read of it: its name, and whether it is there already."""
        remarks = [*([self.name] if self.name else []), *(["fixed"] if self.fixed else [])]
        return f" ({', '.join(remarks)})" if remarks else ""

    def to_json(self) -> dict[str, Any]:
        return {
            "position_m": self.position_m.tolist(),
            "direction": self.direction.tolist(),
            "power_dbm": self.power_dbm,
            **({"antenna": self.antenna.model_dump(mode="json")} if self.antenna else {}),
            **({"name": self.name} if self.name else {}),
            **({"fixed": True} if self.fixed else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "AccessPoint":
        """From what ``to_json`` gives; ``KeyError``, ``TypeError`` or ``ValueError`` if it is not that."""
        position_m, direction = (np.asarray(data[name], dtype=np.float64) for name in ("position_m", "direction"))
        if position_m.shape != (3,) or direction.shape != (3,) or not np.isfinite([position_m, direction]).all():
            raise ValueError("an access point has a position and a direction of three numbers each")
        antenna = AntennaConfig.model_validate(data["antenna"]) if data.get("antenna") else None
        name = is_name(str(data["name"])) if data.get("name") else None
        return cls(position_m, direction, float(data["power_dbm"]), antenna, name, bool(data.get("fixed", False)))


@dataclass(frozen=True, eq=False)
class ReflectorPose:
    """A plate: its centre, its normal into the room, and the four corners that follow from them.

    One of facets is a flat frame, which centre, normal and corners describe, and the facets in it.
    """

    center_m: Vector
    normal: Vector
    size_m: tuple[float, float]
    u: float
    v: float
    focal_point_m: Vector
    vertices_m: npt.NDArray[np.float64]
    """Corners, shape ``[4, 3]``, counter-clockwise as seen from the side the normal points to."""
    facets_m: npt.NDArray[np.float64] | None = None
    """Corners of each facet alike, shape ``[num_facets, 4, 3]``; None for a flat plate."""
    fixed: bool = False
    """Whether it hangs there already."""

    @property
    def area_m2(self) -> float:
        """Width times height [m2]."""
        return self.size_m[0] * self.size_m[1]

    @property
    def sheets_m(self) -> npt.NDArray[np.float64]:
        """Corners of what rays meet, shape ``[num_facets, 4, 3]``: the facets, or the flat plate itself."""
        return self.vertices_m[None] if self.facets_m is None else self.facets_m

    def to_json(self) -> dict[str, Any]:
        facets = {} if self.facets_m is None else {"facets_m": self.facets_m.tolist()}
        return {
            "center_m": self.center_m.tolist(),
            "normal": self.normal.tolist(),
            "size_m": list(self.size_m),
            "u": self.u,
            "v": self.v,
            "focal_point_m": self.focal_point_m.tolist(),
            "vertices_m": self.vertices_m.tolist(),
            **facets,
            **({"fixed": True} if self.fixed else {}),
        }


@dataclass(frozen=True, eq=False)
class Placement:
    """The access points and reflectors of one candidate: of reflectors, those that hang there already come first."""

    access_points: tuple[AccessPoint, ...]
    reflectors: tuple[ReflectorPose, ...] = ()

    @property
    def fixed_reflectors(self) -> tuple[ReflectorPose, ...]:
        """The plates that hang there already."""
        return tuple(plate for plate in self.reflectors if plate.fixed)

    @property
    def hung_reflectors(self) -> tuple[ReflectorPose, ...]:
        """The plates that the candidate adds."""
        return tuple(plate for plate in self.reflectors if not plate.fixed)

    def to_json(self) -> dict[str, Any]:
        """Its ``access_points`` and ``reflectors``, as ``best.json`` tells them."""
        return {
            "access_points": [ap.to_json() for ap in self.access_points],
            "reflectors": [plate.to_json() for plate in self.reflectors],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Placement":
        """From what ``to_json`` gives, or from a part of that: see ``search_spaces/placement_json.py``.

        Raises:
            ValueError: it is not that; says what is wrong where.
        """
        from search_spaces.placement_json import parse_placement  # which makes these records

        return parse_placement(data)

    def without_reflectors(self) -> "Placement":
        """The same access points, and no plate but those that hang there already."""
        return Placement(self.access_points, self.fixed_reflectors)


def angles_deg(direction: Vector) -> tuple[float, float]:
    """Azimuth from +x (east) towards +y (north) and tilt above the horizon, in degrees."""
    x, y, z = direction
    return math.degrees(math.atan2(y, x)), math.degrees(math.asin(np.clip(z, -1.0, 1.0)))
