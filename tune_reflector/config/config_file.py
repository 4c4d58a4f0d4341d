"""A configuration as text: read from YAML, changed by ``key=value``, its mistakes told one a line, printed back.

Nothing here imports Ray or Sionna, so an error in a file is told at once.
"""

import difflib
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from search_spaces import plain_yaml
from search_spaces.hyperparameters import TAGS
from search_spaces.kinds import Kind
from search_spaces.model import Model
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import MOST_PROBLEMS, ConfigError, one_line
from tune_reflector.plugins import load_plugins

SomeModel = TypeVar("SomeModel", bound=Model)


def parse_yaml(text: str | bytes, source: str) -> Any:
    """Plain data from YAML; a ``ConfigError`` names ``source``."""
    try:
        return plain_yaml.parse(text, source)
    except ValueError as error:
        raise ConfigError(one_line(str(error))) from None


def split_words(words: Sequence[str]) -> tuple[Path | None, list[str]]:
    """The ``CONFIG.yaml`` among the words of a command line, None if there is none, and the ``key=value`` overrides.

    Raises:
        ConfigError: there is more than one file.
    """
    files = [word for word in words if "=" not in word]
    if len(files) > 1:
        raise ConfigError(f"{files[1]}: only one CONFIG.yaml may be given, and settings are key=value; drop it")
    return (Path(files[0]) if files else None), [word for word in words if "=" in word]


def load_config(path: Path | None, overrides: Sequence[str] = ()) -> SearchConfig:
    """Read a configuration file, apply ``key=value`` overrides, and check the whole.

    Args:
        path: a YAML file; None: the quick start.
        overrides: for instance ``radio.frequency_hz=28e9`` or ``searcher={kind: random}``.

    Raises:
        ConfigError: with every problem that was found, one a line.
    """
    data = {} if path is None else read_mapping(path)
    override(data, overrides)
    return validate(data)


def read_mapping(path: Path) -> dict[str, Any]:
    """The plain data of a YAML file of keys."""
    try:
        text = plain_yaml.read(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: must be a readable YAML file: {reason}; check the path") from None
    data = parse_yaml(text, str(path))
    data = {} if data is None else data
    if not isinstance(data, dict):
        found = type(data).__name__
        raise ConfigError(f"{path}: must be a mapping of keys, but is a {found}; write 'key: value' lines")
    return data


def validate(data: Mapping[str, Any]) -> SearchConfig:
    """A configuration from plain data; ``ConfigError`` lists what is wrong with it."""
    load_plugins()
    return validate_as(SearchConfig, data)


def validate_as(model: type[SomeModel], data: Mapping[str, Any]) -> SomeModel:
    """``model`` from plain data; ``ConfigError`` lists what is wrong with it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        outer = {detail["loc"][:end] for detail in details for end in range(len(detail["loc"]))}
        inner = [detail for detail in details if detail["loc"] not in outer]
        told = dict.fromkeys(one_line(_explain(detail, data, model)) for detail in inner[:MOST_PROBLEMS])
        more = [f"and {len(inner) - MOST_PROBLEMS} more"] if len(inner) > MOST_PROBLEMS else []
        raise ConfigError("\n".join([*told, *more])) from None
    except (OSError, RecursionError, OverflowError) as error:
        raise ConfigError(one_line(f"the configuration cannot be used: {error}")) from None


def override(data: dict[str, Any], overrides: Sequence[str]) -> None:
    """Change the plain data of a configuration by ``key=value``; ``ConfigError`` says which is none."""
    for text in overrides:
        key, equals, value = text.partition("=")
        path = key.strip().split(".")
        if not equals or not all(path):
            raise ConfigError(f"{text}: an override must be key=value, for instance budget.trials=100")
        node = data
        for part in path[:-1]:
            child = node.get(part)
            node[part] = child = dict(child) if isinstance(child, dict) else {}
            node = child
        node[path[-1]] = parse_yaml(value, text)


def _explain(detail: ErrorDetails, data: Mapping[str, Any], model: type[Model]) -> str:
    """One line for one of pydantic's errors: path, rule, value, remedy."""
    loc = _path(detail["loc"], data)
    path = ".".join(map(str, loc))
    message, value = detail["msg"], detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            *section, key = loc
            known = _keys_at(model, section, data)
            inside = [f"{name}.{key}" for name in known if key in _keys_at(model, [*section, name], data)]
            close = inside[:3] or difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known: {', '.join(known)}"
            return f"{path}: unknown key; {hint}"
        case "missing":
            return f"{path}: must be given, but is missing; add it"
        case "value_error":
            text = message.removeprefix("Value error, ")
            if not path:
                return text
            names_field = text.split(" ", 1)[0] in _keys_at(model, loc, data)
            return f"{path}.{text}" if names_field else f"{path}: {text}"
        case "unknown_kind":
            known = detail["ctx"]["kinds"]
            return (
                f"{path}.kind: must be one of {known}, but got {_short(value.get('kind'))}; choose one, or install the "
                "package that brings it"
            )
        case _:
            rule = message[0].lower() + message[1:]
            return f"{path}: {rule}, but got {_short(value)}; correct it"


def _path(loc: Sequence[int | str], data: Any) -> list[int | str]:
    """The keys of ``loc``, without what pydantic adds after the key of a choice: its form."""
    path: list[int | str] = []
    node = data
    for part in loc:
        if isinstance(node, Mapping):
            if part not in node and part in TAGS:
                continue
            node = node.get(part)
        elif part in TAGS:
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


def _keys_at(model: type[Model], loc: Sequence[int | str], data: Any) -> list[str]:
    """Field names of the model at ``loc``."""
    node: Any = data
    current: list[type[Model]] = [model]
    for part in loc:
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


def dump_config(config: SearchConfig, comments: bool = True) -> str:
    """The whole configuration as YAML that loads back to an equal one, each field with its meaning."""
    return "\n".join(_dump(config, "", comments)) + "\n"


def _dump(model: Model, indent: str, comments: bool) -> Iterable[str]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        note = f"  # {' '.join(field.description.split())}" if comments and field.description else ""
        if isinstance(value, Model):
            yield f"{indent}{name}:{note}"
            yield from _dump(value, indent + "  ", comments)
        else:
            plain = model.model_dump(mode="json", include={name})[name]
            yield f"{indent}{name}: {plain_yaml.inline(plain)}{note}"


def flat(config: SearchConfig) -> dict[str, Any]:
    """Flatten every setting to its dotted key, as plain data."""
    return dict(_flat(config.model_dump(mode="json"), ""))


def _flat(data: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
