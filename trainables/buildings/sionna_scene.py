"""A scene that comes with Sionna RT."""

from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from trainables.buildings.base import SceneSource
from trainables.buildings.mesh_scene import MeshScene


@SceneSource.register
class SionnaScene(MeshScene):
    """A scene that comes with Sionna RT, for instance ``box`` or ``munich``."""

    kind: Literal["sionna"] = "sionna"
    name: str = Field(description="name of the scene in sionna.rt.scene")

    @property
    def file(self) -> Path:
        """The XML file."""
        return _sionna_scenes().get(self.name, Path(self.name))

    @property
    def source(self) -> str:
        """Name of the scene in results."""
        return f"sionna:{self.name}"

    @model_validator(mode="after")
    def _exists(self) -> Self:
        if self.name not in _sionna_scenes():
            raise ValueError(
                f"name must be one of Sionna's scenes, but got {self.name!r}; choose from "
                + ", ".join(_sionna_scenes())
            )
        return self


@cache
def _sionna_scenes() -> dict[str, Path]:
    """Sionna's scenes by name, found without importing Sionna (which takes seconds)."""
    from importlib.util import find_spec

    spec = find_spec("sionna")
    assert spec is not None, "sionna-rt is a dependency"
    folder = Path(next(iter(spec.submodule_search_locations or ()))) / "rt" / "scenes"
    return {path.parent.name: path for path in sorted(folder.glob("*/*.xml"))}
