"""Families of settings: a kind that registers itself can be chosen, described, refused, and written out and read."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from search_spaces.kinds import Kind
from search_spaces.model import Model


class Shape(Kind):
    """A family of the test's own."""

    default_kind: ClassVar[str] = "circle"

    def area(self) -> float:
        raise NotImplementedError


@Shape.register
class Circle(Shape):
    kind: Literal["circle"] = "circle"
    radius: float = Field(1.0, gt=0)

    def area(self) -> float:
        return 3 * self.radius**2


@Shape.register
class Square(Shape):
    kind: Literal["square"] = "square"
    side: float = 2.0

    def area(self) -> float:
        return self.side**2


class Colour(Kind):
    """Another family, one of whose kinds is called as one of the first."""

    default_kind: ClassVar[str] = "square"


@Colour.register
class SquareOfColours(Colour):
    kind: Literal["square"] = "square"
    hue: int = 7


class Drawing(Model):
    first: Shape = Circle()
    second: Shape = Square()
    maybe: Shape | None = None
    shapes: tuple[Shape, ...] = ()
    colour: Colour = SquareOfColours()


@pytest.fixture
def triangle() -> Iterator[type[Shape]]:
    """A kind that comes later, as a plugin's does, and leaves with the test."""

    @Shape.register
    class Triangle(Shape):
        kind: Literal["triangle"] = "triangle"
        base: float = 1.0

    yield Triangle
    del Shape._registered["triangle"]


def errors(data: object, model: type[BaseModel] = Drawing) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return [(error["loc"], error["type"]) for error in caught.value.errors()]


def test_a_registered_kind_can_be_chosen_by_its_name() -> None:
    drawing = Drawing.model_validate({"first": {"kind": "square", "side": 3}, "shapes": [{"kind": "circle"}]})
    assert (drawing.first, drawing.shapes) == (Square(side=3), (Circle(),))
    assert drawing.first.area() == 9


def test_a_kind_may_register_after_a_model_has_named_its_family(triangle: type[Shape]) -> None:
    assert list(Shape.kinds()) == ["circle", "square", "triangle"]
    assert isinstance(Drawing.model_validate({"first": {"kind": "triangle"}}).first, triangle)


def test_registering_gives_the_class_back_and_lists_it_in_its_own_family_only() -> None:
    assert Shape.kinds() == {"circle": Circle, "square": Square}
    assert Colour.kinds() == {"square": SquareOfColours}
    assert (Shape.is_family(), Circle.is_family()) == (True, False)


def test_a_kind_that_is_left_out_is_that_of_the_fields_default() -> None:
    drawing = Drawing.model_validate({"first": {"radius": 3}, "second": {"side": 3}, "colour": {"hue": 1}})
    assert (drawing.first, drawing.second, drawing.colour) == (Circle(radius=3), Square(side=3), SquareOfColours(hue=1))
    assert errors({"second": {"radius": 3}}) == [(("second", "radius"), "extra_forbidden")]


def test_where_the_field_has_no_default_it_is_that_of_the_family() -> None:
    drawing = Drawing.model_validate({"maybe": {"radius": 3}, "shapes": [{"radius": 4}]})
    assert (drawing.maybe, drawing.shapes) == (Circle(radius=3), (Circle(radius=4),))


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Round of .* and Circle of .* are both called 'circle'; rename one"):

        @Shape.register
        class Round(Shape):
            kind: Literal["circle"] = "circle"

    assert Drawing().first == Circle()
    assert type(Drawing.model_validate({"first": {"radius": 2}}).first) is Circle


def test_what_cannot_be_used_as_a_kind_is_refused_when_it_registers() -> None:
    class Stranger(Kind):
        kind: Literal["stranger"] = "stranger"

    class Nameless(Shape):
        kind: str

    class Half(Shape):
        kind: Literal["half"] = "half"

        @property
        @abstractmethod
        def area(self) -> float:
            """Not answered."""

    for wrong, rule in (
        (Stranger, "must be a subclass of Shape"),
        (Nameless, "with a default for `kind`, but .*Nameless is not"),
        (Half, "lacks area; add it"),
    ):
        with pytest.raises(ValueError, match=rule):
            Shape.register(wrong)
    assert not {"stranger", "half"} & set(Shape.kinds())


def test_an_unknown_kind_is_told_with_those_there_are() -> None:
    with pytest.raises(ValidationError) as caught:
        Drawing.model_validate({"first": {"kind": "blob"}, "maybe": {"kind": ["circle"]}})
    found = {error["loc"]: (error["type"], error["msg"]) for error in caught.value.errors()}
    known = ("unknown_kind", "'circle', 'square'")
    assert found == {("first",): known, ("maybe",): known}


@pytest.mark.parametrize("value", [3, "circle", ["circle"], SquareOfColours()])
def test_what_is_no_mapping_and_not_of_the_family_is_refused(value: object) -> None:
    assert errors({"first": value}) == [(("first",), "model_type")]


def test_what_is_wrong_in_a_kind_is_found_at_its_place() -> None:
    found = errors({"first": {"kind": "circle", "radius": -1}, "shapes": [{"kind": "square", "sides": 1}]})
    assert found == [(("first", "radius"), "greater_than"), (("shapes", 0, "sides"), "extra_forbidden")]


def test_the_json_schema_lists_all_kinds_and_their_keys(triangle: type[Shape]) -> None:
    schema = Drawing.model_json_schema()
    family = schema["properties"]["shapes"]["items"]
    assert family["discriminator"]["propertyName"] == "kind"
    names = {kind: ref.removeprefix("#/$defs/") for kind, ref in family["discriminator"]["mapping"].items()}
    assert list(names) == ["circle", "square", "triangle"]
    assert len(family["oneOf"]) == 3
    keys = {kind: set(schema["$defs"][name]["properties"]) for kind, name in names.items()}
    assert keys == {"circle": {"kind", "radius"}, "square": {"kind", "side"}, "triangle": {"kind", "base"}}


def test_what_is_dumped_loads_back_equal() -> None:
    """With the keys of the kind, not those of the family alone."""
    drawing = Drawing(
        first=Square(side=5), maybe=Circle(radius=6), shapes=(Square(), Circle()), colour=SquareOfColours(hue=2)
    )
    for mode in ("python", "json"):
        dumped = drawing.model_dump(mode=mode)
        assert dumped["first"] == {"kind": "square", "side": 5}
        assert Drawing.model_validate(dumped) == drawing
    assert Drawing.model_validate_json(drawing.model_dump_json()) == drawing
