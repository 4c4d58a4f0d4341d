"""A scene from a Mitsuba XML file."""

from pathlib import Path
from typing import Annotated, Literal, Self
from xml.etree import ElementTree

from pydantic import AfterValidator, Field, model_validator

from trainables.buildings.base import SceneSource


@SceneSource.register
class XmlScene(SceneSource):
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
