"""A configuration as text: read from YAML, changed by ``key=value``, its mistakes told one a line, printed back.

Nothing here imports Ray or Sionna, so an error in a file is told at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from search_spaces import plain_yaml
from search_spaces.complaints import NO_SOURCE, Source, complaints
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
    data, source = read_settings(path, overrides)
    return validate(data, source)


def read_settings(path: Path | None, overrides: Sequence[str] = ()) -> tuple[dict[str, Any], Source]:
    """The plain data of a file, changed by overrides, and where it stands; ``ConfigError`` if it cannot be read."""
    data, source = ({}, NO_SOURCE) if path is None else _read(path)
    override(data, overrides)
    replaced = tuple(tuple(text.partition("=")[0].strip().split(".")) for text in overrides)
    return data, replace(source, replaced=replaced)


def read_mapping(path: Path) -> dict[str, Any]:
    """The plain data of a YAML file of keys."""
    return _read(path)[0]


def _read(path: Path) -> tuple[dict[str, Any], Source]:
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
    return data, Source(str(path), text)


def validate(data: Mapping[str, Any], source: Source = NO_SOURCE) -> SearchConfig:
    """A configuration from plain data; ``ConfigError`` lists what is wrong with it, and where in its source."""
    load_plugins()
    return validate_as(SearchConfig, data, source)


def validate_as(model: type[SomeModel], data: Mapping[str, Any], source: Source = NO_SOURCE) -> SomeModel:
    """``model`` from plain data; ``ConfigError`` lists what is wrong with it, and where in its source."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = complaints(error, data, model, source, MOST_PROBLEMS)
        raise ConfigError("\n".join(map(one_line, lines))) from None
    except (OSError, RecursionError, OverflowError) as error:
        raise ConfigError(one_line(f"the configuration cannot be used: {error}")) from None


def override(data: dict[str, Any], overrides: Sequence[str]) -> None:
    """Change the plain data of a configuration by ``key=value``; ``ConfigError`` says which is none."""
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or not all(key.strip().split(".")):
            raise ConfigError(f"{text}: an override must be key=value, for instance budget.trials=100")
        change(data, key.strip(), parse_yaml(value, text))


def change(data: dict[str, Any], key: str, value: Any) -> None:
    """Change the value of a key, with dots between its parts, in the plain data of a configuration."""
    *sections, last = key.split(".")
    node = data
    for part in sections:
        child = node.get(part)
        node[part] = child = dict(child) if isinstance(child, dict) else {}
        node = child
    node[last] = value


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
