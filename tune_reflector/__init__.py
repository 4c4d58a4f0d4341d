"""tune-reflector: where access points and a metal reflector go in a building.

In Python: ``import tune_reflector as tr``, see docs/python.md. Nothing is imported before it is asked for: Ray, Sionna
and Matplotlib take seconds.
"""

from importlib import import_module
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search_spaces.design import AccessPoint as AccessPoint
    from search_spaces.design import Placement as Placement
    from search_spaces.design import ReflectorPose as ReflectorPose
    from tune_reflector.api.evaluations import evaluate as evaluate
    from tune_reflector.api.load import load_config as load_config
    from tune_reflector.api.run import Run as Run
    from tune_reflector.api.run import load_run as load_run
    from tune_reflector.api.searches import resume as resume
    from tune_reflector.api.searches import search as search
    from tune_reflector.config.search_config import SearchConfig as SearchConfig
    from tune_reflector.errors import ConfigError as ConfigError
    from tune_reflector.errors import SearchError as SearchError
    from tune_reflector.evaluation.evaluation import Evaluation as Evaluation

__version__ = "0.2.0"

_WHERE = {
    "AccessPoint": "search_spaces.design",
    "ConfigError": "tune_reflector.errors",
    "Evaluation": "tune_reflector.evaluation.evaluation",
    "Placement": "search_spaces.design",
    "ReflectorPose": "search_spaces.design",
    "Run": "tune_reflector.api.run",
    "SearchConfig": "tune_reflector.config.search_config",
    "SearchError": "tune_reflector.errors",
    "load_config": "tune_reflector.api.load",
    "load_run": "tune_reflector.api.run",
    "resume": "tune_reflector.api.searches",
}

_COMMANDS = ("evaluate", "search")
"""Modules of the command line that can be called, see ``callable_module``."""

__all__ = ["__version__", *_WHERE, *_COMMANDS]


def __getattr__(name: str) -> Any:
    if name in _COMMANDS:
        return import_module(f"{__name__}.{name}")
    if name in _WHERE:
        return resolve_name(f"{_WHERE[name]}:{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
