"""Scene sources: what every kind of them answers."""

import hashlib
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from search_spaces.kinds import Kind
from trainables.buildings.floor_plan import FloorPlan, sheets
from trainables.buildings.mesh_objects import Triangles
from trainables.buildings.terrain import Terrain
from trainables.tracing.backend import Device


class SceneSource(Kind):
    """A building, as a floor plan or as a file that Sionna loads."""

    default_kind: ClassVar[str] = "floor_plan"

    @property
    @abstractmethod
    def source(self) -> str:
        """Name of the scene in results."""

    @property
    def file(self) -> Path | None:
        """The file that describes it; None if none does."""
        return None

    def floor_plan(self) -> FloorPlan | None:
        """The plan that the scene is built from; None where ``file`` is a Mitsuba XML scene, without zones."""
        return None

    def terrain(self) -> Terrain | None:
        """The land that heights are above; None where they are above z = 0.

        Raises:
            ValueError: the scene has no such ground.
        """
        return None

    def objects(self) -> Mapping[str, Triangles]:
        """Triangles of each object by its name, in the order of the scene: of a floor plan, of each part of a wall.

        Raises:
            ValueError: they cannot be read.
        """
        plan = self.floor_plan()
        return {sheet.name: sheet.vertices_m[sheet.faces] for sheet in sheets(plan)} if plan else {}

    def probe(self, frequency_hz: float, device: Device) -> str | None:
        """Load the scene where it can harm nothing, before this process does.

        Returns:
            What is wrong with it, in one line that begins with the field; None if nothing is. What comes with the
            program, or is checked as it is read, needs no look.
        """
        return None

    def sha256(self) -> str:
        """Digest of the scene's own file, or of its plan: a result names the building it belongs to."""
        content = self.file.read_bytes() if self.file else repr(self.floor_plan()).encode()
        return hashlib.sha256(content).hexdigest()
