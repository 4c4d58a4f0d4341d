"""A configuration in Python: a file, a mapping or the quick start, and what shall be different."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from search_spaces.complaints import NO_SOURCE
from tune_reflector.config.config_file import change, read_settings, validate
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.runs.run_config import read_config


def load_config(
    source: str | Path | Mapping[str, Any] | SearchConfig | None = None, /, **settings: Any
) -> SearchConfig:
    """A configuration, checked as a whole.

    Args:
        source: a YAML file, the folder of a run, a mapping of the same keys, or another configuration; None: the quick
            start.
        settings: what shall be different: ``seed=2``. A section takes the place of the whole section, as on the command
            line: ``budget={"trials": 40}``; ``**{"budget.trials": 40}`` changes one of its keys.

    Raises:
        ConfigError: with every problem that was found, one a line.
    """
    data: dict[str, Any]
    where = NO_SOURCE
    if isinstance(source, str | Path) and Path(source).is_dir():
        source = read_config(Path(source))
    match source:
        case SearchConfig():
            if not settings:
                return source
            data = source.model_dump(mode="json", exclude_unset=True)
        case str() | Path():
            data, where = read_settings(Path(source))
        case Mapping():
            data = dict(source)
        case _:
            data = {}
    for key, value in settings.items():
        change(data, key, value)
    return validate(data, replace(where, replaced=tuple(tuple(key.split(".")) for key in settings)))
