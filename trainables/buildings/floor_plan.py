"""Floor plans: a readable YAML file turned into meshes with ITU materials.

A Sionna surface already *is* a slab of its material's thickness. A wall is therefore one sheet, drawn where
its path runs (the centre line of an inner wall, the inner face of an outer one), never a box: a box would
charge transmission twice. Doors and windows are rectangles cut out of a sheet, left open or filled with a
sheet of another material.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
import shapely
from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator
from shapely.geometry import LineString, Point, Polygon
from shapely.ops import unary_union

from search_records.display import display_path
from search_spaces import plain_yaml
from search_spaces.complaints import ComplaintsError, Source, complain, complaints
from search_spaces.model import Model
from search_spaces.reflector import WallRectangle
from search_spaces.zones import Coordinate, Region, Zone, Zones, region

ITU_MATERIALS = (
    "asphalt_concrete",
    "brick",
    "carpet_tile",
    "ceiling_board",
    "chipboard",
    "clear_acrylic",
    "concrete",
    "floorboard",
    "glass",
    "marble",
    "medium_dry_ground",
    "metal",
    "plasterboard",
    "plywood",
    "vacuum",
    "very_dry_ground",
    "vinyl_tile",
    "wet_ground",
    "wood",
)
"""Materials of ITU-R P.2040 that Sionna knows (a test holds the two lists together)."""


def _is_itu_material(name: str) -> str:
    if name not in ITU_MATERIALS:
        raise ValueError(f"must be one of ITU-R P.2040's, but got {name!r}; choose from " + ", ".join(ITU_MATERIALS))
    return name


MAX_SEGMENTS = 1_000
"""Of all walls together."""

MAX_CROSSINGS = 5_000
"""Pairs of segments that meet or cross; in a building, two or three a segment."""

MAX_OPENINGS = 100
"""Of one wall."""

MAX_HEIGHT_M = 1_000.0

OUTSIDE_M = 0.5
"""How far walls may lie outside the outline, beside their own thickness: outer ones may be drawn on their middle."""

_TOLERANCE_M = 1e-9
"""Lengths that differ by less are equal: 0.1 + 0.2 is not quite 0.3."""

Material = Annotated[str, AfterValidator(_is_itu_material)]


MAX_THICKNESS_M = dict.fromkeys(ITU_MATERIALS, 0.5) | {
    "wood": 1.0,  # logs
    "metal": 1.0,
    **dict.fromkeys(("brick", "concrete", "marble"), 5.0),  # of a bunker
    **dict.fromkeys(("asphalt_concrete", "medium_dry_ground", "vacuum", "very_dry_ground", "wet_ground"), 100.0),
}
"""Thickest slab by material [m], far beyond what is built: a board of 10 m is a slip of the decimal point."""


class Slab(Model):
    """A sheet's material and the thickness that transmission through it is computed with."""

    material: Material = Field(description="ITU-R P.2040 material")
    thickness_m: float = Field(gt=0, le=100, description="thickness of the slab [m]; most boards: at most 0.5")

    @field_validator("thickness_m")
    @classmethod
    def _can_be_built(cls, thickness_m: float, info: ValidationInfo) -> float:
        material = info.data.get("material")
        if material is not None and thickness_m > (most_m := MAX_THICKNESS_M[material]):
            raise ValueError(f"must be <= {most_m:g} m for {material}, but got {thickness_m:g}; give metres")
        return thickness_m


class Opening(Model):
    """A door or window: a rectangle of one wall segment, open or of another material."""

    segment: int = Field(0, ge=0, description="which segment of the wall's path, from 0")
    start_m: float = Field(ge=0, description="distance from the segment's first point [m]")
    width_m: float = Field(gt=0, description="width along the wall [m]")
    bottom_m: float = Field(0.0, ge=0, description="lower edge [m]; 0 for a door")
    top_m: float = Field(gt=0, description="upper edge [m]")
    slab: Slab | None = Field(None, description="what fills it; null: nothing")

    def overlaps(self, other: "Opening") -> bool:
        """Tell whether two openings of one wall share more than an edge."""
        across_m = min(o.start_m + o.width_m for o in (self, other)) - max(self.start_m, other.start_m)
        up_m = min(self.top_m, other.top_m) - max(self.bottom_m, other.bottom_m)
        return self.segment == other.segment and min(across_m, up_m) > _TOLERANCE_M

    @model_validator(mode="after")
    def _upright(self) -> Self:
        if self.top_m <= self.bottom_m:
            raise ValueError(f"top_m must be above bottom_m, but got {self.top_m} and {self.bottom_m}; swap them")
        return self


class Wall(Slab):
    """A polyline of vertical sheets from the floor up."""

    name: str = Field(max_length=100, description="what it is called in the scene")
    path_m: tuple[Coordinate, ...] = Field(min_length=2, description="corners [x, y] [m]")
    closed: bool = Field(False, description="whether the last corner joins the first")
    height_m: float | None = Field(None, gt=0, le=MAX_HEIGHT_M, description="null: the building's height [m]")
    openings: tuple[Opening, ...] = Field((), max_length=MAX_OPENINGS, description="doors and windows")

    @property
    def corners_m(self) -> tuple[Coordinate, ...]:
        """The path, with the first corner repeated if closed."""
        return (*self.path_m, self.path_m[0]) if self.closed else self.path_m

    def ends_m(self, opening: Opening) -> npt.NDArray[np.float64]:
        """Both ends of an opening, ``[2, 2]`` [m]."""
        start, end = np.asarray(self.corners_m)[opening.segment : opening.segment + 2]
        along = (end - start) / np.linalg.norm(end - start)
        return np.array([start + s * along for s in (opening.start_m, opening.start_m + opening.width_m)])

    @property
    def footprint(self) -> Polygon:
        """The ground that the wall's slab covers."""
        return LineString(self.corners_m).buffer(self.thickness_m / 2, cap_style="flat")


class FloorPlan(Model):
    """One storey: its shell, its inner walls, and who may be where."""

    name: str = Field(max_length=100, description="name of the building")
    description: str = Field("", description="what it is, for people")
    height_m: float = Field(gt=0, le=MAX_HEIGHT_M, description="floor to ceiling [m]")
    outline_m: Zone = Field(description="inner outline of the building, corners [x, y] [m]")
    floor: Slab | None = Field(description="null: open ground")
    ceiling: Slab | None = Field(description="null: open sky")
    walls: tuple[Wall, ...] = Field(description="outer and inner walls")
    user_zones: Zones = Field(min_length=1, description="where users are")
    access_point_areas: Zones = Field(min_length=1, description="where APs may stand")
    keep_out_zones: Zones = Field((), description="where APs may not stand")
    reflector_wall: WallRectangle | None = Field(None, description="where a plate may hang")

    @model_validator(mode="after")
    def _check(self) -> Self:
        complain(self._complaints())
        return self

    def _complaints(self) -> Iterator[str]:
        yield from self._complaints_of_walls()
        for number, wall in enumerate(self.walls):
            yield from self._complaints_of_openings(number, wall)
        if self.reflector_wall is not None:
            try:
                self.check_wall(self.reflector_wall, "reflector_wall")
            except ValueError as error:
                yield str(error)

    def _complaints_of_walls(self) -> Iterator[str]:
        segments = [LineString(ends) for wall in self.walls for ends in pairwise(wall.corners_m)]
        if len(segments) > MAX_SEGMENTS:
            yield (
                f"walls must have at most {MAX_SEGMENTS:,} segments together, but have {len(segments):,}; leave out "
                "small ones"
            )
            return
        met = shapely.STRtree(segments).query(segments, predicate="intersects").shape[1]
        crossings = (met - len(segments)) // 2  # every segment has met itself, and each pair is there both ways
        if crossings > MAX_CROSSINGS:
            yield (
                f"walls must meet at most {MAX_CROSSINGS:,} times, segment by segment, but do {crossings:,} times; "
                "leave out small ones"
            )
        for number, wall in enumerate(self.walls):
            inside = self.outline.buffer(OUTSIDE_M + wall.thickness_m)
            outside = [[x, y] for x, y in wall.path_m if not inside.intersects(Point(x, y))]
            if outside:
                yield (
                    f"walls.{number}.path_m must lie inside outline_m {list(self.outline.bounds)}, but wall "
                    f"{wall.name!r} reaches {', '.join(map(str, outside))}; move it, or enlarge outline_m"
                )

    def _complaints_of_openings(self, of_wall: int, wall: Wall) -> Iterator[str]:
        lengths = [float(np.hypot(*np.subtract(b, a))) for a, b in pairwise(wall.corners_m)]
        height_m = wall.height_m or self.height_m
        for number, opening in enumerate(wall.openings):
            where = f"walls.{of_wall}.openings.{number}"
            if opening.segment >= len(lengths):
                yield (
                    f"{where}.segment must be < {len(lengths)}, the segments of wall {wall.name!r}, but got "
                    f"{opening.segment}; count from 0"
                )
                continue
            end_m = opening.start_m + opening.width_m
            length_m = lengths[opening.segment]
            if end_m > length_m + _TOLERANCE_M or opening.top_m > height_m + _TOLERANCE_M:
                yield (
                    f"{where} must lie within its {length_m:g} x {height_m:g} m of wall {wall.name!r}, but ends at "
                    f"{end_m:g} m and {opening.top_m:g} m; make it smaller"
                )
            if any(opening.overlaps(other) for other in wall.openings[:number]):
                yield f"{where} of wall {wall.name!r} at {opening.start_m:g} m overlaps another; move it"

    def check_wall(self, wall: WallRectangle, field: str) -> None:
        """Raise ``ValueError`` that names ``field`` unless the rectangle lies inside the building."""
        ends = LineString([wall.top_left_m[:2], wall.bottom_right_m[:2]])
        if not self.outline.buffer(0.5).contains(ends) or (
            wall.bottom_right_m[2] < 0 or wall.top_left_m[2] > self.height_m
        ):
            raise ValueError(
                f"{field} must be inside the building (outline {list(self.outline.bounds)}, height "
                f"{self.height_m:g} m), but runs from {list(wall.top_left_m)} to {list(wall.bottom_right_m)}; "
                "move it onto a wall"
            )
        middle = np.mean([wall.top_left_m[:2], wall.bottom_right_m[:2]], axis=0)
        if not self.outline.buffer(0.5).contains(Point(middle + 0.6 * wall.normal[:2])):
            raise ValueError(
                f"{field} must face into the building, but from {list(wall.top_left_m)} on the left to "
                f"{list(wall.bottom_right_m)} on the right it faces out; swap the corners' x and y"
            )

    @property
    def outline(self) -> Region:
        """The inner outline."""
        return region([self.outline_m])

    @cached_property
    def wall_footprints(self) -> Region:
        """The ground that wall slabs cover."""
        return unary_union([wall.footprint for wall in self.walls])


@dataclass(frozen=True)
class Sheet:
    """One flat mesh of one slab.

    ``vertices_m``: ``[n, 3]``; ``faces``: ``[m, 3]`` indices into them.
    """

    name: str
    slab: Slab
    vertices_m: npt.NDArray[np.float64]
    faces: npt.NDArray[np.uint32]


def load_floor_plan(path: Path) -> FloorPlan:
    """Read a floor plan.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not YAML, or not a floor plan; ``ComplaintsError`` if several things are wrong with it.
    """
    text = plain_yaml.read(path)
    content = plain_yaml.parse(text, str(path))
    if not isinstance(content, dict):
        raise ValueError(
            f"{path} must be a floor plan, a mapping of keys, but is a {type(content).__name__}; write 'key: value' "
            "lines"
        )
    try:
        return FloorPlan.model_validate(content)
    except ValidationError as error:
        source = Source(str(display_path(path)), text, names_itself=True)
        raise ComplaintsError(complaints(error, content, FloorPlan, source), placed=True) from None


def bundled_floor_plans() -> dict[str, Path]:
    """Floor plans that come with the package, by name."""
    folder = Path(str(files("trainables.buildings") / "floor_plans"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def sheets(plan: FloorPlan) -> list[Sheet]:
    """Build the surfaces of a floor plan, one ``Sheet`` per slab and wall."""
    built = []
    for name, slab, z in (("floor", plan.floor, 0.0), ("ceiling", plan.ceiling, plan.height_m)):
        if slab is not None:
            built.append(_horizontal(name, slab, plan.outline, z))
    for wall in plan.walls:
        parts: dict[Slab, list[npt.NDArray[np.float64]]] = {}
        for slab, quad in _wall_quads(wall, wall.height_m or plan.height_m):
            parts.setdefault(slab, []).append(quad)
        for slab, quads in parts.items():
            built.append(_quads(f"{len(built)}-{wall.name}", slab, quads))  # numbered: names may repeat
    return built


def _horizontal(name: str, slab: Slab, outline: Region, z: float) -> Sheet:
    triangles = shapely.constrained_delaunay_triangles(outline).geoms
    corners_m = np.array([shapely.get_coordinates(t)[:3] for t in triangles]).reshape(-1, 2)
    vertices_m = np.column_stack([corners_m, np.full(len(corners_m), z)])
    return Sheet(name, slab, vertices_m, np.arange(len(vertices_m), dtype=np.uint32).reshape(-1, 3))


def _quads(name: str, slab: Slab, quads: list[npt.NDArray[np.float64]]) -> Sheet:
    """A mesh of quadrilaterals ``[4, 3]``, each cut into two triangles."""
    first = 4 * np.arange(len(quads), dtype=np.uint32)[:, None, None]
    faces = (first + np.array([[0, 1, 2], [0, 2, 3]], dtype=np.uint32)).reshape(-1, 3)
    return Sheet(name, slab, np.concatenate(quads), faces)


def _wall_quads(wall: Wall, height_m: float) -> Iterator[tuple[Slab, npt.NDArray[np.float64]]]:
    """The wall's rectangles between and above its openings, and the openings' own."""
    own = Slab(material=wall.material, thickness_m=wall.thickness_m)
    for number, (start, end) in enumerate(pairwise(wall.corners_m)):
        length_m = float(np.hypot(*np.subtract(end, start)))
        openings = [o for o in wall.openings if o.segment == number]
        cuts = {0.0, length_m}
        for o in openings:
            cuts |= {o.start_m, min(o.start_m + o.width_m, length_m)}
        for left, right in pairwise(sorted(cuts)):
            if right - left < _TOLERANCE_M:
                continue
            across = [o for o in openings if o.start_m < (left + right) / 2 < o.start_m + o.width_m]
            z = 0.0
            for o in sorted(across, key=lambda o: o.bottom_m):
                if o.bottom_m > z + _TOLERANCE_M:
                    yield own, _upright(start, end, left, right, z, o.bottom_m)
                if o.slab is not None:
                    yield o.slab, _upright(start, end, left, right, o.bottom_m, o.top_m)
                z = o.top_m
            if z < height_m - _TOLERANCE_M:
                yield own, _upright(start, end, left, right, z, height_m)


def _upright(
    start: Coordinate, end: Coordinate, left: float, right: float, bottom: float, top: float
) -> npt.NDArray[np.float64]:
    along = np.subtract(end, start) / np.hypot(*np.subtract(end, start))
    a, b = np.asarray(start) + left * along, np.asarray(start) + right * along
    return np.array([[*a, bottom], [*b, bottom], [*b, top], [*a, top]])
