"""Where a scene comes from: a floor plan, one of Sionna's own scenes, or a Mitsuba XML file."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from xml.etree import ElementTree

from pydantic import AfterValidator, Field, field_validator, model_validator

from search_spaces.model import Model
from trainables.buildings.floor_plan import FloorPlan, bundled_floor_plans, load_floor_plan


class FloorPlanScene(Model):
    """A floor plan in YAML: bundled, by name, or a file of one's own."""

    kind: Literal["floor_plan"] = "floor_plan"
    plan: str = Field("l_corridor", description="name of a bundled floor plan, or path of a YAML file")

    @field_validator("plan")
    @classmethod
    def _from_anywhere(cls, plan: str) -> str:
        """Workers and later sessions run in other folders, so a path is made absolute."""
        return plan if plan in bundled_floor_plans() else str(Path(plan).absolute())

    @property
    def path(self) -> Path:
        """The YAML file."""
        return bundled_floor_plans().get(self.plan, Path(self.plan))

    @property
    def source(self) -> str:
        """What to call the scene in results."""
        return self.plan

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not self.path.is_file():
            raise ValueError(
                f"plan must be a bundled floor plan or a YAML file, but {self.plan!r} is neither; the bundled ones "
                f"are {', '.join(bundled_floor_plans())}"
            )
        _cached_plan(self.path)
        return self

    def floor_plan(self) -> FloorPlan:
        """The plan itself."""
        return _cached_plan(self.path)


class SionnaScene(Model):
    """A scene that comes with Sionna RT, for instance ``box`` or ``munich``."""

    kind: Literal["sionna"] = "sionna"
    name: str = Field(description="name of the scene in sionna.rt.scene")

    @property
    def path(self) -> Path:
        """The XML file."""
        return _sionna_scenes().get(self.name, Path(self.name))

    @property
    def source(self) -> str:
        """What to call the scene in results."""
        return f"sionna:{self.name}"

    @model_validator(mode="after")
    def _exists(self) -> Self:
        if self.name not in _sionna_scenes():
            raise ValueError(
                f"name must be one of Sionna's scenes, but got {self.name!r}; choose from "
                + ", ".join(_sionna_scenes())
            )
        return self


class XmlScene(Model):
    """A Mitsuba XML scene with Sionna's material names, as Blender's exporter writes it."""

    kind: Literal["xml"] = "xml"
    path: Annotated[Path, AfterValidator(Path.absolute)] = Field(description="path of the XML file")

    @property
    def source(self) -> str:
        """What to call the scene in results."""
        return str(self.path)

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not self.path.is_file():
            raise ValueError(f"path must be an existing file, but {str(self.path)!r} is not; check it")
        text = self.path.read_text(encoding="utf-8", errors="replace")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ValueError(
                f"an XML scene must not declare a document type or entities, but {str(self.path)!r} does; remove them"
            )
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            raise ValueError(
                f"path must be an XML file, but {str(self.path)!r} is not: {error}; export it again"
            ) from None
        if root.tag != "scene":
            raise ValueError(
                f"path must be a Mitsuba scene, but the root element of {str(self.path)!r} is <{root.tag}>; "
                "export it with the Mitsuba exporter"
            )
        return self


SceneConfig = Annotated[FloorPlanScene | SionnaScene | XmlScene, Field(discriminator="kind")]


def scene_sha256(scene: SceneConfig) -> str:
    """Digest of the scene's own file, so that a result names the building it belongs to."""
    return hashlib.sha256(scene.path.read_bytes()).hexdigest()


@cache
def _cached_plan(path: Path) -> FloorPlan:
    return load_floor_plan(path)


@cache
def _sionna_scenes() -> dict[str, Path]:
    """Sionna's scenes by name, found without importing Sionna (which takes seconds)."""
    from importlib.util import find_spec

    spec = find_spec("sionna")
    assert spec is not None, "sionna-rt is a dependency"
    folder = Path(next(iter(spec.submodule_search_locations or ()))) / "rt" / "scenes"
    return {path.parent.name: path for path in sorted(folder.glob("*/*.xml"))}
