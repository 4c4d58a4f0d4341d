"""Plugins: installed packages that register searchers, schedulers, objectives and the like when they are imported.

A package names a module of its own in the entry-point group ``tune_reflector.plugins``; it is imported before the
first configuration is read.
"""

from functools import cache
from importlib.metadata import entry_points

from tune_reflector.errors import ConfigError

GROUP = "tune_reflector.plugins"


@cache
def load_plugins() -> tuple[str, ...]:
    """Import every plugin that is installed, once; returns the packages that they come with.

    Raises:
        ConfigError: one cannot be imported.
    """
    found = sorted(entry_points(group=GROUP), key=lambda plugin: plugin.name)
    for plugin in found:
        try:
            plugin.load()
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise ConfigError(
                f"plugin {plugin.name!r} ({plugin.value}): must be importable, but {reason}; mend or uninstall it"
            ) from None
    return tuple(dict.fromkeys(plugin.dist.name for plugin in found if plugin.dist))
