"""Other materials: walls of a permittivity and a conductivity that are not the recommendation's.

ITU-R P.2040-4 (table 3) fits one curve to each material, where samples of it differ: concrete by its age, its mixture
and how wet it is. Permittivity and conductivity change by the same factor, first up, then down; those of plates do not.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from trainables.problem import PlacementProblem, Site
from trainables.variants.base import Variant, VariantSettings

if TYPE_CHECKING:
    from trainables.tracing.movable_scene import MovableScene


class OtherMaterials(Variant):
    """Every material of the building by a factor; no permittivity falls below that of vacuum."""

    rebuilds = True

    def __init__(self, factor: float) -> None:
        super().__init__(f"permittivity and conductivity {factor - 1:+.0%}".replace("%", " %"))
        self.factor = factor

    def rebuild(self, scene: "MovableScene", site: Site) -> None:
        for material in scene.building_materials():
            permittivity, conductivity = float(material.relative_permittivity[0]), float(material.conductivity[0])
            material.frequency_update_callback = None  # else the frequency would set them back
            material.relative_permittivity = max(1.0, self.factor * permittivity)
            material.conductivity = self.factor * conductivity


@VariantSettings.register
class PermittivitySettings(VariantSettings):
    """Walls of other permittivity and conductivity."""

    kind: Literal["permittivity"] = "permittivity"
    share: float = Field(0.2, gt=0, lt=1, description="by which both go up, and in another variant down")

    def variants(self, problem: PlacementProblem) -> list[OtherMaterials]:
        return [OtherMaterials(1 + self.share), OtherMaterials(1 - self.share)]
