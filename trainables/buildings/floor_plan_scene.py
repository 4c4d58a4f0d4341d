"""A scene that is built from a floor plan."""

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from search_spaces.complaints import ComplaintsError
from trainables.buildings.base import SceneSource
from trainables.buildings.floor_plan import FloorPlan, bundled_floor_plans, load_floor_plan


@SceneSource.register
class FloorPlanScene(SceneSource):
    """A floor plan in YAML: bundled, by name, or a file of one's own."""

    kind: Literal["floor_plan"] = "floor_plan"
    plan: str = Field("l_corridor", description="name of a bundled floor plan, or path of a YAML file")

    @field_validator("plan")
    @classmethod
    def _from_anywhere(cls, plan: str) -> str:
        """Workers and later sessions run in other folders, so a path is made absolute."""
        return plan if plan in bundled_floor_plans() else str(Path(plan).absolute())

    @property
    def file(self) -> Path:
        """The YAML file."""
        return bundled_floor_plans().get(self.plan, Path(self.plan))

    @property
    def source(self) -> str:
        """Name of the scene in results."""
        return self.plan

    @model_validator(mode="after")
    def _readable(self) -> Self:
        found = False
        with suppress(OSError):  # a name can be too long to ask for
            found = self.file.is_file()
        if not found:
            raise ValueError(
                f"plan must be a bundled floor plan or a YAML file, but {self.plan!r} is neither; the bundled ones "
                f"are {', '.join(bundled_floor_plans())}"
            )
        try:
            _cached_plan(self.file)
        except ComplaintsError as error:
            raise ComplaintsError((f"plan: {line}" for line in error.lines), error.placed) from None
        return self

    def floor_plan(self) -> FloorPlan:
        """The plan itself."""
        return _cached_plan(self.file)


@cache
def _cached_plan(path: Path) -> FloorPlan:
    return load_floor_plan(path)
