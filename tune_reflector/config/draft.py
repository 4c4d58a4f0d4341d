"""A configuration that may be wrong: all that is, and what can be drawn of it nevertheless.

Whatever is right in itself is kept, part by part, down to the single wall of a plan; the rest is as by default, or
left out. What comes of it is for pictures alone: nothing may be searched in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from search_spaces import plain_yaml
from search_spaces.complaints import Source, complaints
from search_spaces.kinds import Kind
from search_spaces.model import Model
from trainables.buildings.base import SceneSource
from trainables.buildings.floor_plan import FloorPlan
from trainables.problem import PlacementProblem
from tune_reflector.config.config_file import validate
from tune_reflector.errors import MOST_PROBLEMS, ConfigError

_WRONG = object()


@dataclass(frozen=True)
class Draft:
    """A configuration as far as it is right.

    Attributes:
        problem: its physical half; complete where nothing is wrong.
        problems: what is wrong, a line each.
    """

    problem: PlacementProblem
    problems: list[str]


class DraftPlan(SceneSource):
    """What is right of a floor plan that is wrong."""

    kind: Literal["draft"] = "draft"
    plan: FloorPlan

    @property
    def source(self) -> str:
        return self.plan.name

    def floor_plan(self) -> FloorPlan:
        return self.plan


def read_draft(data: Mapping[str, Any], source: Source) -> Draft:
    """Read settings, whatever is wrong with them.

    Args:
        data: plain data of a configuration.
        source: of it.

    Raises:
        ConfigError: nothing can be drawn, as no scene is known; it tells of all that is wrong, too.
    """
    try:
        return Draft(validate(data, source).problem(), [])
    except ConfigError as error:
        problems = str(error).splitlines()
    values = _rightful(PlacementProblem, data)
    if "reflectors" in data and "reflector" not in data:
        values["reflector"] = None  # a list takes the place of the default
    if "scene" not in values:
        plan = _draft_plan(data)
        if plan is None:
            raise ConfigError("\n".join(problems))
        values["scene"] = DraftPlan.model_construct(plan=plan)
        if not plan.user_zones or not plan.access_point_areas:  # nothing more can be asked
            return Draft(PlacementProblem.model_construct(**values), problems)
    try:
        return Draft(PlacementProblem(**values), problems)
    except ValidationError as error:  # what is wrong together is told by pydantic only where no part is wrong
        also = complaints(error, data, PlacementProblem, source, MOST_PROBLEMS)
        if "reflectors" in values and values.get("reflector") is not None:
            values["reflector"] = None
        return Draft(PlacementProblem.model_construct(**values), list(dict.fromkeys([*problems, *also])))


def _draft_plan(data: Mapping[str, Any]) -> FloorPlan | None:
    """What can be read of the plan that the settings name; None where that is nothing."""
    scene = data.get("scene")
    named = scene.get("plan") if isinstance(scene, Mapping) else None
    if not isinstance(named, str):
        return None
    try:
        content = plain_yaml.parse(plain_yaml.read(Path(named)), named)
    except (OSError, ValueError):
        return None
    values = _rightful(FloorPlan, content) if isinstance(content, Mapping) else {}
    if "outline_m" not in values:
        return None
    usual = {"name": Path(named).stem, "height_m": 3.0, "floor": None, "ceiling": None, "walls": ()}
    nowhere = {"user_zones": (), "access_point_areas": (), "keep_out_zones": ()}
    return FloorPlan.model_construct(**{**usual, **nowhere, **values})


def _rightful(model: type[Model], data: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a model that are right, those that are not given at their defaults."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name in data:
            whole = Annotated[field.annotation, field]  # type: ignore[name-defined]
            found = _right(TypeAdapter(whole), field.annotation, data[name])
            if found is not _WRONG:
                values[name] = found
                continue
        if not field.is_required() and not (name in data and name == "scene"):
            values[name] = field.get_default(call_default_factory=True)
    return values


def _right(adapter: TypeAdapter[Any], annotation: Any, value: Any) -> Any:
    """What is right of a value; ``_WRONG`` if nothing is."""
    try:
        return adapter.validate_python(value)
    except (ValidationError, ValueError, OSError, RecursionError, OverflowError):
        pass
    for inner in _choices(annotation):
        if isinstance(inner, type) and issubclass(inner, Model) and not issubclass(inner, Kind):
            parts = _rightful(inner, value) if isinstance(value, Mapping) else {}
            if all(name in parts for name, field in inner.model_fields.items() if field.is_required()):
                try:
                    return inner(**parts)
                except ValidationError:
                    return _WRONG
        if get_origin(inner) is tuple and isinstance(value, list) and get_args(inner)[1:] == (...,):
            item = get_args(inner)[0]
            entries = [_right(TypeAdapter(item), item, entry) for entry in value]
            return tuple(entry for entry in entries if entry is not _WRONG) or _WRONG
    return _WRONG


def _choices(annotation: Any) -> list[Any]:
    """What a value may be: of a choice, of an annotated type."""
    if get_origin(annotation) is Annotated:
        return _choices(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [choice for argument in get_args(annotation) for choice in _choices(argument)]
    return [annotation]
