"""Rough walls: they scatter a part of the power that smooth ones would reflect.

Of the power that a surface reflects, the share S^2 leaves diffusely, S being its scattering coefficient
(V. Degli-Esposti et al., "Measurement and modelling of scattering from buildings", IEEE Trans. Antennas Propag. 55,
2007, where facades are of S = 0.2 to 0.4; walls indoors are smoother). The pattern is Lambert's, Sionna's default.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trainables.problem import PlacementProblem, Site
from trainables.tracing.radio import RadioConfig
from trainables.variants.base import Variant, VariantSettings

if TYPE_CHECKING:
    from trainables.tracing.movable_scene import MovableScene


class RoughWalls(Variant):
    """Every surface of the building scatters; plates stay smooth."""

    rebuilds = True

    def __init__(self, scattering_coefficient: float) -> None:
        super().__init__(f"rough walls, S = {scattering_coefficient:g}")
        self.scattering_coefficient = scattering_coefficient

    def radio(self, radio: RadioConfig) -> RadioConfig:
        return radio.model_copy(update={"diffuse_reflection": True})

    def rebuild(self, scene: "MovableScene", site: Site) -> None:
        for material in scene.building_materials():
            material.scattering_coefficient = self.scattering_coefficient


@VariantSettings.register
class RoughWallsSettings(VariantSettings):
    """Walls that scatter."""

    kind: Literal["rough_walls"] = "rough_walls"
    scattering_coefficients: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (0.1, 0.3), description="share of the reflected field that is scattered, a variant each"
    )

    def variants(self, problem: PlacementProblem) -> list[RoughWalls]:
        return [RoughWalls(coefficient) for coefficient in self.scattering_coefficients]
