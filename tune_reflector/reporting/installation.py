"""The installer's sheet: where to drill, measured along the nearest wall from its two corners."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from shapely import LineString, Point

from search_spaces.design import Placement, Vector, angles_deg
from search_spaces.zones import Coordinate
from trainables.problem import Site

COMPASS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")


@dataclass(frozen=True)
class WallFace:
    """A straight stretch of wall between two corners [m]."""

    name: str
    corners_m: tuple[Coordinate, Coordinate]

    @property
    def line(self) -> LineString:
        """From the first corner to the second."""
        return LineString(self.corners_m)


@dataclass(frozen=True)
class Mounting:
    """One thing to mount; lengths [m], angles [degrees].

    ``from_corners_m`` are measured along the wall, from each of its corners to the foot of the perpendicular; ``off_m``
    is the length of that. ``bearing_deg`` is clockwise from north, ``azimuth_deg`` counter-clockwise from +x (east),
    ``tilt_deg`` above the horizon. ``aim_m`` is the point that a plate sends its light to; ``ground_m`` is the z of the
    ground below, which heights are above.
    """

    name: str
    position_m: Vector
    wall: WallFace
    from_corners_m: tuple[float, float]
    off_m: float
    azimuth_deg: float
    tilt_deg: float
    aim_m: Vector | None = None
    ground_m: float = 0.0

    @property
    def height_m(self) -> float:
        """Above the ground, or above z = 0."""
        return float(self.position_m[2]) - self.ground_m

    @property
    def bearing_deg(self) -> float:
        """Bearing as a compass shows it [degrees]."""
        return (90.0 - self.azimuth_deg) % 360.0

    @property
    def facing(self) -> str:
        """The nearest of eight directions of the compass."""
        return COMPASS[round(self.azimuth_deg / 45.0) % 8]


def mountings(site: Site, placement: Placement) -> list[Mounting]:
    """Describe every access point and plate of a placement, in its order."""
    faces = list(wall_faces(site))
    found = [
        _mounting(f"AP {number}{ap.remark}", ap.position_m, ap.direction, faces)
        for number, ap in enumerate(placement.access_points, start=1)
    ]
    for number, plate in enumerate(placement.reflectors, start=1):
        space = site.space.plates[number - 1]
        if plate.fixed:
            name = f"{space.name} (fixed)"
            found.append(_mounting(name, plate.center_m, plate.normal, faces, plate.focal_point_m))
            continue
        hangs_on = space.wall_at(plate.u)
        face = WallFace("reflector's wall", (hangs_on.top_left_m[:2], hangs_on.bottom_right_m[:2]))
        # The whole wall, if the floor plan knows it: its corners are there to be found, those of a part are not.
        whole = [other for other in faces if face.line.within(other.line.buffer(0.01))]
        found.append(_mounting(space.name, plate.center_m, plate.normal, whole[:1] or [face], plate.focal_point_m))
    if (ground := site.grid.ground) is None:
        return found
    return [replace(thing, ground_m=ground.height_m(*thing.position_m[:2])) for thing in found]


def wall_faces(site: Site) -> Iterator[WallFace]:
    """Walls of the floor plan; without one, the sides of the box around users and access points."""
    if site.plan is not None:
        for wall in site.plan.walls:
            yield from (WallFace(wall.name, ends) for ends in pairwise(wall.corners_m))
        return
    west, south, east, north = site.grid.region.union(site.space.access_points.region).bounds
    box = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    yield from (WallFace("edge of the zones", ends) for ends in pairwise(box))


def _mounting(
    name: str, position_m: Vector, direction: Vector, faces: list[WallFace], aim_m: Vector | None = None
) -> Mounting:
    point = Point(position_m[:2])
    wall = min(faces, key=lambda face: face.line.distance(point))
    along_m = wall.line.project(point)
    return Mounting(
        name,
        position_m,
        wall,
        (along_m, wall.line.length - along_m),
        wall.line.distance(point),
        *angles_deg(direction),
        aim_m,
    )
