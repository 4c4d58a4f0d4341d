"""A placement from plain data: as ``best.json`` tells it, or as a person writes it by hand.

Of an access point ``position_m``, ``direction`` (of any length) and ``power_dbm`` are needed, of a plate ``center_m``,
``normal`` (of any length) and ``size_m``. Corners that are not given follow from these; an aim that is not given is
where a ray from the nearest access point is, mirrored, after as long a way again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from search_spaces.design import AccessPoint, Placement, ReflectorPose, Vector
from search_spaces.reflector import corners, mirrored_m

MOST = 1000
"""Access points, plates or facets: more are no placement."""

_MIDDLE = 0.5
"""Of its wall: where a plate hangs that does not tell."""

Thing = TypeVar("Thing")


def parse_placement(data: Any) -> Placement:
    """The placement that the data describes.

    Raises:
        ValueError: it describes none; names the field, the rule and the value.
    """
    if not isinstance(data, Mapping) or not data.get("access_points"):
        raise ValueError("access_points: must be a list of at least one, but there is none; add it")
    access_points = _each("access_points", data["access_points"], _access_point)
    plates = _each("reflectors", data.get("reflectors") or [], lambda plate: _plate(plate, access_points))
    return Placement(access_points, plates)


def _each(field: str, items: Any, parse: Callable[[Mapping[str, Any]], Thing]) -> tuple[Thing, ...]:
    if not isinstance(items, Sequence) or isinstance(items, str) or len(items) > MOST:
        raise ValueError(f"{field}: must be a list of at most {MOST}, but is not; correct it")
    found = []
    for number, item in enumerate(items):
        where = f"{field}.{number}"
        if not isinstance(item, Mapping):
            raise ValueError(f"{where}: must be a mapping of keys, but is a {type(item).__name__}; correct it")
        try:
            found.append(parse(item))
        except KeyError as missing:
            raise ValueError(f"{where}.{missing.args[0]}: must be given, but is missing; add it") from None
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"{where}: {' '.join(str(error).split())}; correct it") from None
    return tuple(found)


def _access_point(data: Mapping[str, Any]) -> AccessPoint:
    found = AccessPoint.from_json(data)
    if not np.isfinite(found.power_dbm):
        raise ValueError(f"power_dbm must be finite, but got {found.power_dbm}")
    return replace(found, direction=_unit(found.direction, "direction"))


def _plate(data: Mapping[str, Any], access_points: Sequence[AccessPoint]) -> ReflectorPose:
    center_m, normal = _array(data["center_m"], "center_m", 3), _unit(_array(data["normal"], "normal", 3), "normal")
    width_m, height_m = _array(data["size_m"], "size_m", 2).tolist()
    if min(width_m, height_m) <= 0:
        raise ValueError(f"size_m must be > 0, but got {[width_m, height_m]}")
    if np.hypot(*normal[:2]) < 1e-6:
        raise ValueError(f"normal must not be vertical, but got {normal.tolist()}")
    vertices_m, facets_m, aim_m = data.get("vertices_m"), data.get("facets_m"), data.get("focal_point_m")
    return ReflectorPose(
        center_m,
        normal,
        (width_m, height_m),
        float(data.get("u", _MIDDLE)),
        float(data.get("v", _MIDDLE)),
        mirrored_m(center_m, normal, [ap.position_m for ap in access_points])
        if aim_m is None
        else _array(aim_m, "focal_point_m", 3),
        corners(center_m, normal, (width_m, height_m))
        if vertices_m is None
        else _array(vertices_m, "vertices_m", 4, 3),
        None if facets_m is None else _array(facets_m, "facets_m", len(facets_m), 4, 3),
        bool(data.get("fixed", False)),
    )


def _array(value: Any, field: str, *shape: int) -> Vector:
    try:
        found = np.asarray(value, dtype=np.float64)
    except (ValueError, TypeError):
        found = np.empty(0)
    if found.shape != shape or not np.isfinite(found).all():
        raise ValueError(f"{field} must be {' x '.join(map(str, shape))} finite numbers, but is not")
    return found


def _unit(vector: Vector, field: str) -> Vector:
    """Of length 1; one that is so already keeps its last digit."""
    length = float(np.linalg.norm(vector))
    if not length > 0:
        raise ValueError(f"{field} must not be [0, 0, 0]")
    return vector if abs(length - 1) < 1e-9 else vector / length
