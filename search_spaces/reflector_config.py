"""A plate as a configuration tells of it: its size, the walls that it may hang on, and what it aims at."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

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

FIXED, SEARCHED, LISTED, OF_PLAN = FORMS = ("one-size", "sizes", "rectangles", "of-plan")
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
    size_m: FixedOrSearched = Field(
        (1.0, 1.0), description="width and height of the plate [m]; {low: [w, h], high: [w, h]}: the search chooses"
    )
    wall: WallRectangle | None = Field(None, description="where it may hang; null: the floor plan's reflector wall")
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
