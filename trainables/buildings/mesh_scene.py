"""Scenes that are known by their meshes alone: their objects, and the land that heights may be above."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from pydantic import Field

from trainables.buildings.base import SceneSource
from trainables.buildings.mesh_objects import Triangles, mesh_objects
from trainables.buildings.terrain import Terrain, load_terrain


class MeshScene(SceneSource):
    """A scene in a Mitsuba XML file."""

    height_above: Literal["zero", "ground"] = Field(
        "zero",
        description="what heights of receivers, access points and focal points are above: z = 0, or the ground below "
        "them; with ground, what is inside buildings is left out",
    )
    ground: tuple[str, ...] | None = Field(
        None, min_length=1, description="objects that are the ground; null: the one that covers most land"
    )

    def terrain(self) -> Terrain | None:
        if self.height_above == "zero":
            return None
        assert self.file is not None, "of every kind of it"
        with _told_of_the_scene():
            return load_terrain(self.file, self.ground)

    def objects(self) -> Mapping[str, Triangles]:
        assert self.file is not None, "of every kind of it"
        with _told_of_the_scene():
            return mesh_objects(self.file)


@contextmanager
def _told_of_the_scene() -> Iterator[None]:
    """Complaints name a field of the scene; who asks is another part of the configuration."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"scene.{error}") from None
