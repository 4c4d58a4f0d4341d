"""A plate as a configuration tells of it: its size, the walls that it may hang on, and what it aims at.

One that hangs somewhere already has a pose in place of walls and an aim.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from search_spaces.model import Model
from search_spaces.reflector import PlateModel, Point3, Size, Tiling, WallRectangle
from search_spaces.zones import MAX_COORDINATE_M, Coordinate, Metres

MOST_PLATES = 20
"""Of a problem: a search has four genes more for each."""

MOST_WALLS = 100
"""Rectangles of one plate."""

MOST_TILES = 20
"""Facets along either side of a plate."""

MOST_COST = 10_000.0
"""Of a square metre."""

_OF_SEARCHED = ("wall", "walls", "focal_area", "focal_height_m", "focal_point_m", "tiles", "fan_m", "cost_per_m2")
"""Settings that mean nothing for a plate that hangs already."""

FIXED, SEARCHED, LISTED, OF_PLAN, CORNERS, OF_OBJECT = FORMS = (
    *("one-size", "sizes", "rectangles", "of-plan"),
    *("corners", "of-object"),
)
"""What pydantic calls the forms of a setting in its errors."""


def _positive(size_m: Size) -> Size:
    if min(size_m) <= 0:
        raise ValueError(f"a plate's sides must be > 0 m, but got {list(size_m)}")
    return size_m


PlateSize = Annotated[tuple[float, float], AfterValidator(_positive)]


def _form(mapping: str, other: str) -> Callable[[Any], str]:
    """Which of two forms a value has: a mapping, or something else."""
    return lambda value: mapping if isinstance(value, Mapping | Model) else other


class SizeRange(Model):
    """A size that the search chooses, side by side."""

    low: PlateSize = Field(description="smallest width and height [m]")
    high: PlateSize = Field(description="largest width and height [m]")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if any(low > high for low, high in zip(self.low, self.high, strict=True)) or self.low == self.high:
            raise ValueError(f"low must be below high={list(self.high)}, but got {list(self.low)}; swap them")
        return self


class PlanWalls(Model):
    """Walls of the floor plan, on each side that looks into the building."""

    material: str | None = Field(None, description="of the walls; null: all")
    heights_m: tuple[Metres, Metres] | None = Field(
        None, description="lowest and highest edge of a plate [m]; null: floor to ceiling"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.heights_m is not None and self.heights_m[0] >= self.heights_m[1]:
            raise ValueError(
                f"heights_m must be [low, high] with low < high, but got {list(self.heights_m)}; swap them"
            )
        return self


class ObjectWall(Model):
    """A wall that is a face of an object of the scene: the largest rectangle on it."""

    object: str | None = Field(None, description="name of the object; null: whichever is at `at`")
    at: Point3 | None = Field(None, description="a point on the face, [x, y, z] [m]; null: the object's largest face")
    heights_m: tuple[Metres, Metres] | None = Field(
        None, description="lowest and highest edge of a plate, as heights of receivers are meant [m]; null: all of it"
    )

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.object is None and self.at is None:
            raise ValueError("object or at must be given, but both are null; name an object, or a point on its face")
        if self.heights_m is not None and self.heights_m[0] >= self.heights_m[1]:
            raise ValueError(
                f"heights_m must be [low, high] with low < high, but got {list(self.heights_m)}; swap them"
            )
        return self


def _wall_form(value: Any) -> str:
    """A wall of an object, or one between two corners."""
    keys = value.keys() if isinstance(value, Mapping) else ()
    return OF_OBJECT if isinstance(value, ObjectWall) or "object" in keys or "at" in keys else CORNERS


OneWall = Annotated[
    Annotated[WallRectangle, Tag(CORNERS)] | Annotated[ObjectWall, Tag(OF_OBJECT)], Discriminator(_wall_form)
]


class FixedPose(Model):
    """Where a plate hangs already, and which way it faces; its lower and upper edges are level."""

    center_m: Point3 = Field(description="its centre, [x, y, z] [m]")
    normal: tuple[Metres, Metres, Metres] = Field(
        description="which way it faces, [x, y, z], east, north, up, of any length; not straight up or down"
    )

    @model_validator(mode="after")
    def _faces_sideways(self) -> Self:
        if not any(self.normal[:2]) or np.hypot(*self.normal[:2]) < 1e-3 * abs(self.normal[2]):
            raise ValueError(
                f"normal must not point straight up or down, but got {list(self.normal)}; give where the plate faces, "
                "for instance [1, 0, 0]"
            )
        return self


def _all_walls(value: Any) -> Any:
    """``all`` is every wall of the plan."""
    if isinstance(value, str):
        if value != "all":
            raise ValueError(
                f"walls must be all, a list of rectangles or a mapping, but got {value!r}; write {{material: {value}}} "
                "for those of a material"
            )
        return {}
    return value


FixedOrSearched = Annotated[
    Annotated[PlateSize, Tag(FIXED)] | Annotated[SizeRange, Tag(SEARCHED)], Discriminator(_form(SEARCHED, FIXED))
]

SeveralWalls = Annotated[
    Annotated[
        Annotated[tuple[WallRectangle, ...], Field(min_length=1, max_length=MOST_WALLS), Tag(LISTED)]
        | Annotated[PlanWalls, Tag(OF_PLAN)],
        Discriminator(_form(OF_PLAN, LISTED)),
    ],
    BeforeValidator(_all_walls),
]


class ReflectorConfig(Model):
    """One passive metal plate."""

    name: str | None = Field(None, min_length=1, max_length=100, description="for people; null: its number")
    fixed: FixedPose | None = Field(
        None,
        description="where it hangs already: {center_m: [x, y, z], normal: [x, y, z]}; it is traced with, not moved; "
        "null: the search places it",
    )
    size_m: FixedOrSearched = Field(
        (1.0, 1.0), description="width and height of the plate [m]; {low: [w, h], high: [w, h]}: the search chooses"
    )
    cost_per_m2: float = Field(
        0.0,
        ge=0,
        le=MOST_COST,
        description="what a square metre of it must bring to be worth it, in the objective's unit (dB of dBm); the "
        "search ranks placements less that, and no measured score has it taken off",
    )
    wall: OneWall | None = Field(
        None,
        description="where it may hang: two corners, or {object: NAME} or {at: [x, y, z]} for the largest rectangle on "
        "a face of an object of the scene; null: the floor plan's reflector wall",
    )
    walls: SeveralWalls | None = Field(
        None,
        description="in place of wall, where there are several: a list of rectangles, all (every wall of the floor "
        "plan), or {material: concrete, heights_m: [1, 2.5]}",
    )
    focal_area: tuple[Coordinate, Coordinate] | None = Field(
        None,
        description="bounds of the focal point, [[x_min, y_min], [x_max, y_max]] [m]; "
        "null: the rectangle around the user zones",
    )
    focal_height_m: Metres = Field(1.5, description="height of the focal point [m]; users' height")
    focal_point_m: Point3 | None = Field(
        None, description="where it aims, [x, y, z] [m], if that is not searched; null: in focal_area"
    )
    tiles: tuple[int, int] = Field(
        (1, 1), description="columns and rows of flat facets, each with an aim of its own; [1, 1]: one flat plate"
    )
    fan_m: tuple[float, float] = Field(
        (0.0, 0.0),
        description="how far apart the facets aim about the focal point, by column (across) and by row (away) [m]; "
        "[0, 0]: all at the focal point, which focuses",
    )
    material: str = Field("metal", description="ITU-R P.2040 material of the plate")
    model: PlateModel = Field(
        "diffracting", description="diffracting: the plate's size spreads what it reflects; mirror: it has sharp edges"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.fixed is not None:
            self._check_fixed()
        if self.focal_area is not None:
            (x_min, y_min), (x_max, y_max) = self.focal_area
            if x_min >= x_max or y_min >= y_max:
                raise ValueError(
                    "focal_area must be [[x_min, y_min], [x_max, y_max]] with min < max, but got "
                    f"{[list(c) for c in self.focal_area]}; order the corners"
                )
            if self.focal_point_m is not None:
                raise ValueError(
                    f"focal_area must be null where focal_point_m is {list(self.focal_point_m)}, but is set; drop one"
                )
        if self.wall is not None and self.walls is not None:
            raise ValueError("wall must be null where walls is given, but is set; move it into the list of walls")
        if not all(1 <= count <= MOST_TILES for count in self.tiles):
            raise ValueError(
                f"tiles must be [columns, rows] of 1 to {MOST_TILES} each, but got {list(self.tiles)}; correct it"
            )
        if not all(0 <= spread_m <= MAX_COORDINATE_M for spread_m in self.fan_m):
            raise ValueError(f"fan_m must be [across, away], each >= 0 m, but got {list(self.fan_m)}; correct it")
        for spread_m, count, what in zip(self.fan_m, self.tiles, ("columns", "rows"), strict=True):
            if spread_m > 0 and count == 1:
                raise ValueError(
                    f"fan_m must be 0 where tiles has one of {what}, but got {list(self.fan_m)}; raise tiles"
                )
        return self

    def _check_fixed(self) -> None:
        if isinstance(self.size_m, SizeRange):
            raise ValueError("size_m must be one size where fixed is given, but is a range; give [width, height]")
        for name in _OF_SEARCHED:
            usual = type(self).model_fields[name].default
            if (value := getattr(self, name)) != usual:
                told = value.model_dump() if isinstance(value, Model) else value
                raise ValueError(
                    f"{name} must be left out where fixed is given, as the plate hangs already, but is {told!s:.100}; "
                    "drop one of the two"
                )

    @property
    def smallest_m(self) -> Size:
        """Least width and height [m]."""
        return self.size_m.low if isinstance(self.size_m, SizeRange) else self.size_m

    @property
    def largest_m(self) -> Size:
        """Most width and height [m]."""
        return self.size_m.high if isinstance(self.size_m, SizeRange) else self.size_m

    @property
    def num_facets(self) -> int:
        """Flat parts of it."""
        return self.tiles[0] * self.tiles[1]

    @property
    def tiling(self) -> Tiling:
        """Its facets."""
        return Tiling(*self.tiles, self.fan_m)
