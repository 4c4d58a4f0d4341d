"""Modules that can be called: what a command line does is asked of Python by the same name.

``python -m tune_reflector.search`` and ``tune_reflector.search(config)`` are one name of two things, a module and a
function. Whoever imports the module, and whenever, ``tune_reflector.search`` is the module from then on; so it is made
the one that can be called.
"""

import sys
from pkgutil import resolve_name
from types import ModuleType
from typing import Any


def make_callable(module: str, function: str) -> None:
    """Let a module pass calls on to ``function``, named ``package.module:name``: it is imported at the first call."""

    class CallableModule(ModuleType):
        def __call__(self, *arguments: Any, **settings: Any) -> Any:
            return resolve_name(function)(*arguments, **settings)

    sys.modules[module].__class__ = CallableModule
