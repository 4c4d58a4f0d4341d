"""Where a scene comes from: what every kind of source answers."""

import hashlib
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from search_spaces.kinds import Kind
from trainables.buildings.floor_plan import FloorPlan


class SceneSource(Kind):
    """A building, as a floor plan or as a file that Sionna loads."""

    default_kind: ClassVar[str] = "floor_plan"

    @property
    @abstractmethod
    def source(self) -> str:
        """What to call the scene in results."""

    @property
    @abstractmethod
    def file(self) -> Path:
        """The file that describes it."""

    def floor_plan(self) -> FloorPlan | None:
        """The plan that the scene is built from; None where ``file`` is a Mitsuba XML scene, without zones."""
        return None

    def sha256(self) -> str:
        """Digest of the scene's own file, so that a result names the building it belongs to."""
        return hashlib.sha256(self.file.read_bytes()).hexdigest()
