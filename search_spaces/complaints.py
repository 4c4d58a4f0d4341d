"""What is wrong with data that people wrote, a line each: it begins with the field and ends with the remedy.

pydantic finds it; here it is put into words, for a configuration and for a floor plan alike. What was read from a file
is told with its place there, ``(house.yaml:12:5)``: file, line and column, from 1.
"""

import difflib
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from search_spaces import plain_yaml
from search_spaces.hyperparameters import TAGS
from search_spaces.kinds import Kind
from search_spaces.model import Model
from search_spaces.reflector_config import FORMS

Key = int | str


class ComplaintsError(ValueError):
    """Several things that are wrong at once, a line each; what pydantic catches stays several.

    Args:
        lines: what is wrong.
        placed: whether they end with their places already.
    """

    def __init__(self, lines: Iterable[str], placed: bool = False) -> None:
        self.lines = tuple(lines)
        self.placed = placed
        super().__init__("\n".join(self.lines))


def complain(lines: Iterable[str]) -> None:
    """Raise ``ComplaintsError`` if there are any."""
    if told := tuple(lines):
        raise ComplaintsError(told)


@dataclass(frozen=True)
class Source:
    """The file that data was read from.

    Args:
        name: of the file, for people; empty where there is none.
        text: of the file; looked at again only if something is wrong.
        replaced: keys whose values have come from elsewhere since.
        names_itself: whether what stands nowhere is told with the file's name.
    """

    name: str = ""
    text: bytes = b""
    replaced: tuple[tuple[Key, ...], ...] = ()
    names_itself: bool = False

    @cached_property
    def _places(self) -> dict[tuple[Key, ...], tuple[int, int]]:
        """Line and column by the keys that lead there."""
        return plain_yaml.places(self.text)

    def place(self, path: Sequence[Key]) -> str:
        """`` (file:line:column)`` of the key, or of the innermost one around it that is there; empty if none is."""
        if any(tuple(path[: len(keys)]) == keys for keys in self.replaced):
            return ""
        for end in range(len(path), 0, -1):
            if (inner := tuple(path[:end])) in self._places:
                line, column = self._places[inner]
                return f" ({self.name}:{line}:{column})"
        return f" ({self.name})" if self.names_itself else ""


NO_SOURCE = Source()


def complaints(
    error: ValidationError, data: Any, model: type[Model], source: Source = NO_SOURCE, most: int = 20
) -> list[str]:
    """Put what pydantic found into words.

    Args:
        error: of the validation.
        data: what was to be a ``model``.
        model: the outermost.
        source: of the data.
        most: lines; the others are counted in one more.
    """
    details = error.errors(include_url=False)
    outer = {detail["loc"][:end] for detail in details for end in range(len(detail["loc"]))}
    inner = _alike([detail for detail in details if detail["loc"] not in outer])
    told = (line for details in inner[:most] for line in _explain(details, data, model, source))
    more = [f"and {len(inner) - most} more"] if len(inner) > most else []
    return [*dict.fromkeys(told), *more]


def _alike(details: Sequence[ErrorDetails]) -> list[list[ErrorDetails]]:
    """Those of one list's numbers together: a bracket that is missing there is one mistake."""
    groups: dict[tuple[Any, ...], list[ErrorDetails]] = {}
    for number, detail in enumerate(details):
        loc = detail["loc"]
        end = next((end for end in range(len(loc), 0, -1) if not isinstance(loc[end - 1], int)), 0)
        alone = end == len(loc) or detail["type"] == "value_error"
        groups.setdefault((number,) if alone else (detail["type"], loc[:end]), []).append(detail)
    return list(groups.values())


def _explain(details: Sequence[ErrorDetails], data: Any, model: type[Model], source: Source) -> Iterator[str]:
    """What details that are alike say: path, rule, value, remedy, place."""
    detail, *others = details
    loc = _path(detail["loc"], data)
    path = ".".join(map(str, loc))
    message, value = detail["msg"], detail["input"]
    like = f" (and {len(others)} more like it)" if others else ""

    def told(text: str, where: Sequence[Key] = loc) -> str:
        return f"{text}{like}{source.place(where)}"

    match detail["type"]:
        case "extra_forbidden":
            *section, key = loc
            known = _keys_at(model, section, data)
            inside = [f"{name}.{key}" for name in known if key in _keys_at(model, [*section, name], data)]
            close = inside[:3] or difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known: {', '.join(known)}"
            yield told(f"{path}: unknown key; {hint}")
        case "missing":
            yield told(f"{path}: must be given, but is missing; add it")
        case "value_error":
            error = detail["ctx"]["error"]
            several = isinstance(error, ComplaintsError)
            for text in error.lines if several else [message.removeprefix("Value error, ")]:
                keys = _keys(text.split(" ", 1)[0].rstrip(":"))
                names_field = path and keys[0] in _keys_at(model, loc, data)
                full = f"{path}.{text}" if names_field else f"{path}: {text}" if path else text
                if path and keys == loc[-1:]:  # the field's own name, once
                    full = path + text.removeprefix(str(loc[-1]))
                where = [*loc, *keys] if names_field or not path else loc
                yield full if several and error.placed else told(full, where)
        case "unknown_kind":
            known = detail["ctx"]["kinds"]
            yield told(
                f"{path}.kind: must be one of {known}, but got {_short(value.get('kind'))}; choose one, or install the "
                "package that brings it",
                [*loc, "kind"],
            )
        case "tuple_type" | "list_type":
            yield told(f"{path}: must be a list, but got {_short(value)}; put it into brackets")
        case _:
            rule = message[0].lower() + message[1:]
            yield told(f"{path}: {rule}, but got {_short(value)}; correct it")


def _keys(dotted: str) -> list[Key]:
    return [int(key) if key.isdecimal() else key for key in dotted.split(".")]


_FORMS = (*TAGS, *FORMS)


def _path(loc: Sequence[Key], data: Any) -> list[Key]:
    """The keys of ``loc``, without what pydantic adds after the key of a choice: its form."""
    path: list[Key] = []
    node = data
    for part in loc:
        if isinstance(node, Mapping):
            if part not in node and part in _FORMS:
                continue
            node = node.get(part)
        elif part in _FORMS:
            continue
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node):
            node = node[part]
        path.append(part)
    return path


def _short(value: Any) -> str:
    try:
        text = _REPR.repr(value)
    except ValueError:  # Python refuses to print an integer of more than 4300 digits
        return "a value too long to print"
    return text if len(text) <= 80 else f"{text[:77]}..."


_REPR = reprlib.Repr()
_REPR.maxlevel = 4
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = 20
_REPR.maxstring = _REPR.maxother = 200


def _keys_at(model: type[Model], loc: Sequence[Key], data: Any) -> list[str]:
    """Field names of the model at ``loc``."""
    node: Any = data
    current: list[type[Model]] = [model]
    for part in loc:
        if isinstance(part, int):  # of a list, whose parts are of one kind
            node = node[part] if isinstance(node, Sequence) and part < len(node) else {}
            continue
        node = node.get(part, {}) if isinstance(node, Mapping) else {}
        fields = [m.model_fields[part] for m in current if part in m.model_fields]
        current = [_of_its_kind(m, node, field.default) for field in fields for m in _models_in(field.annotation)]
    return sorted({name for m in current for name in m.model_fields})


def _of_its_kind(model: type[Model], node: Any, default: Any) -> type[Model]:
    """The kind of a family that the data names, or that is meant where it names none."""
    if not (issubclass(model, Kind) and model.is_family()):
        return model
    usual = getattr(default, "kind", model.default_kind)
    kind = node.get("kind", usual) if isinstance(node, Mapping) else usual
    return model.kinds().get(kind, model) if isinstance(kind, str) else model


def _models_in(annotation: Any) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, Annotated, tuple):
        for argument in get_args(annotation):
            yield from _models_in(argument)
