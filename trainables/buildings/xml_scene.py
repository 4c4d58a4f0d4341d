"""A scene from a Mitsuba XML file."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from trainables.buildings.base import SceneSource
from trainables.buildings.mesh_scene import MeshScene
from trainables.buildings.mitsuba_xml import mesh_files
from trainables.buildings.scene_probe import probe
from trainables.tracing.backend import Device


@SceneSource.register
class XmlScene(MeshScene):
    """A Mitsuba XML scene with Sionna's material names, as Blender's exporter writes it."""

    kind: Literal["xml"] = "xml"
    path: Annotated[Path, AfterValidator(Path.absolute)] = Field(description="path of the XML file")

    @property
    def file(self) -> Path:
        """The XML file."""
        return self.path

    @property
    def source(self) -> str:
        """Name of the scene in results."""
        return str(self.path)

    @model_validator(mode="after")
    def _readable(self) -> Self:
        mesh_files(self.path)
        return self

    def probe(self, frequency_hz: float, device: Device) -> str | None:
        return probe(self.path, frequency_hz, device)
