"""Kinds: settings told apart by ``kind``, in families that are open to kinds which this project does not know.

A *family* (searchers, schedulers, ...) is a direct subclass of ``Kind``: it says what all of its kinds answer, with an
honest default for each question. A kind is a subclass of the family that registers itself where it is defined:

    @SearcherSettings.register
    class RandomSettings(SearcherSettings):
        kind: Literal["random"] = "random"

A field that is declared as the family then takes any registered kind; nobody needs to ask which one it is.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Any, ClassVar, Self, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from search_spaces.model import Model

SomeKind = TypeVar("SomeKind", bound="Kind")


class Kind(Model):
    """Base of all families."""

    default_kind: ClassVar[str]
    """The kind that is meant where none is given."""

    _registered: ClassVar[dict[str, type["Kind"]]]

    kind: str

    @classmethod
    def register(cls, settings: type[SomeKind]) -> type[SomeKind]:
        """Make a kind of this family known; a class decorator.

        Raises:
            ValueError: it is no kind of this family, cannot be used as it is, or another one is called the same.
        """
        kind = settings.model_fields["kind"].default
        name = settings.__qualname__
        if not issubclass(settings, cls) or not isinstance(kind, str):
            raise ValueError(
                f"a kind must be a subclass of {cls.__name__} with a default for `kind`, but {name} is not; write "
                f'`class {name}({cls.__name__})` and `kind: Literal["name"] = "name"`'
            )
        missing = sorted(settings.__abstractmethods__)
        if cls.needs_implementation and settings.implementation is None:
            missing.append("implementation")
        if missing:
            raise ValueError(f"a kind must answer all of its family, but {name} lacks {', '.join(missing)}; add it")
        other = cls._registered.setdefault(kind, settings)
        if (other.__module__, other.__qualname__) != (settings.__module__, name):
            raise ValueError(
                f"a kind must have a name of its own, but {name} of {settings.__module__} and {other.__qualname__} of "
                f"{other.__module__} are both called {kind!r}; rename one"
            )
        cls._registered[kind] = settings  # its module may have been imported again
        return settings

    @classmethod
    def kinds(cls) -> Mapping[str, type[Self]]:
        """The registered kinds by name, in the order of their registration."""
        return cls._registered  # type: ignore[return-value]

    @classmethod
    def is_family(cls) -> bool:
        """Tell whether this is a family and not one of its kinds."""
        return any(base.__module__ == __name__ for base in cls.__bases__)

    needs_implementation: ClassVar[bool] = False
    """Whether a kind names what does its work, because that is too heavy to import with the settings."""

    implementation: ClassVar[str | None] = None
    """What does the work, as ``module:name``; imported when it is needed."""

    def resolve_implementation(self) -> Any:
        """Import what does the work."""
        assert self.implementation is not None, "register() has seen to it"
        return resolve_name(self.implementation)

    def missing_package(self) -> str | None:
        """Name what is needed and not installed, as ``key: what is wrong; remedy``; None if all of it is there."""
        module = (self.implementation or "").partition(":")[0]
        if not module or _is_installed(module):
            return None
        return (
            f"kind: {self.kind!r} needs the module {module!r}, which is not installed; install or update the package "
            "that brings the kind"
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not cls.is_family():
            return handler(source)
        if "_registered" not in cls.__dict__:
            cls._registered = {}
        return core_schema.no_info_plain_validator_function(cls._of_its_kind)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        if not cls.is_family():
            return handler(schema)
        choices = {kind: settings.__pydantic_core_schema__ for kind, settings in cls._registered.items()}
        return handler(core_schema.tagged_union_schema(choices, discriminator="kind"))

    @classmethod
    def _of_its_kind(cls, value: Any) -> Any:
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise PydanticCustomError("model_type", "Input should be a mapping of keys")
        kind = value.get("kind", cls.default_kind)
        settings = cls._registered.get(kind) if isinstance(kind, str) else None
        if settings is None:
            raise PydanticCustomError("unknown_kind", "{kinds}", {"kinds": ", ".join(map(repr, cls._registered))})
        return settings.model_validate({**value, "kind": kind})


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a package that it is in
        return False
