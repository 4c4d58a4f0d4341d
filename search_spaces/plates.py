"""Plates to be hung: their genes, and the pose that the genes describe.

A plate has the genes ``refl_u, refl_v, focal_x, focal_y``: where on its wall, and the point that it aims at. It mirrors
the access point that is nearest to it. The focal height is fixed by the configuration.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search_spaces.design import AccessPoint, ReflectorPose, Vector
from search_spaces.genes import Gene, Genes
from search_spaces.reflector import PlateFault, PlateMount


@dataclass(frozen=True)
class PlateSpace:
    """The places where a plate may hang, and the points it may aim at."""

    mount: PlateMount
    focal_bounds: tuple[float, float, float, float]
    """x_min, y_min, x_max, y_max [m]."""
    focal_height_m: float
    number: str = ""
    """Of the plate, in its genes' names; empty where there is one only."""

    @property
    def genes(self) -> tuple[Gene, ...]:
        """The place on the wall, then the focal point."""
        x_min, y_min, x_max, y_max = self.focal_bounds
        u, v, x, y = self._names
        return (
            Gene(u, 0.0, 1.0, "wall"),
            Gene(v, 0.0, 1.0, "wall"),
            Gene(x, x_min, x_max, "focal"),
            Gene(y, y_min, y_max, "focal"),
        )

    def decode(self, genes: Genes, access_points: Sequence[AccessPoint]) -> ReflectorPose:
        """The pose that the genes describe.

        Raises:
            KeyError: a gene is missing.
            ValueError: the plate would have to face into its wall; check ``violation`` first.
        """
        return self.mount.pose(*self._aim(genes, access_points))

    def violation(self, genes: Genes, access_points: Sequence[AccessPoint]) -> float:
        """What keeps the plate from being mounted (``PlateMount.violation``); 0 if nothing does."""
        return self.mount.violation(*self._aim(genes, access_points))

    def fault(self, genes: Genes, access_points: Sequence[AccessPoint]) -> PlateFault | None:
        """The first thing that keeps it from being mounted; None where ``violation`` is 0."""
        return self.mount.fault(*self._aim(genes, access_points))

    @property
    def _names(self) -> tuple[str, str, str, str]:
        refl, focal = f"refl{self.number}", f"focal{self.number}"
        return f"{refl}_u", f"{refl}_v", f"{focal}_x", f"{focal}_y"

    def _aim(self, genes: Genes, access_points: Sequence[AccessPoint]) -> tuple[float, float, Vector, Vector]:
        """(u, v, the access point it mirrors, focal point): the nearest AP, so that names do not matter."""
        u, v, x, y = (genes[name] for name in self._names)
        focal_m = np.array([x, y, self.focal_height_m])
        point = self.mount.wall_point(u, v)
        positions = (ap.position_m for ap in access_points)
        nearest = min(positions, key=lambda p: (float(np.linalg.norm(p - point)), *p))  # ties: by place, not by name
        return u, v, nearest, focal_m
