"""A hall to validate in: free space with a building's bookkeeping, and whatever a row puts into it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from scipy.constants import speed_of_light

from search_spaces.design import AccessPoint, Placement
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem

Array = npt.NDArray[np.float64]

HALL: dict[str, Any] = {
    # Walls of vacuum neither reflect nor absorb.
    "name": "hall",
    "height_m": 4.0,
    "outline_m": [[0, 0], [16, 0], [16, 12], [0, 12]],
    "floor": None,
    "ceiling": None,
    "walls": [
        {
            "name": "all",
            "path_m": [[0, 0], [16, 0], [16, 12], [0, 12]],
            "closed": True,
            "material": "vacuum",
            "thickness_m": 0.1,
        }
    ],
    "user_zones": [[[2, 1], [13, 1], [13, 11], [2, 11]]],
    "access_point_areas": [[[0.5, 0.5], [15, 0.5], [15, 11.5], [0.5, 11.5]]],
    "reflector_wall": {"top_left_m": [16, 12, 4], "bottom_right_m": [16, 0, 0]},
}

WAVELENGTH_M = speed_of_light / 5.18e9

SENT_W = 0.1
"""By every access point: 20 dBm."""


def hall(plan: dict[str, Any] | None = None, **settings: Any) -> PlacementEvaluator:
    """An evaluator of a hall with one isotropic access point, line of sight alone, and no plate, unless said otherwise.

    Args:
        plan: what differs from ``HALL``.
        settings: of the problem; sections are merged into the usual ones.
    """
    data: dict[str, Any] = {
        "radio": {"tx_pattern": "iso", "max_depth": 0, "specular_reflection": False},
        "access_points": {"count": 1},
        "reflector": None,
    }
    for key, value in settings.items():
        data[key] = {**(data.get(key) or {}), **value} if isinstance(value, dict) else value
    with TemporaryDirectory() as folder:
        file = Path(folder) / "hall.yaml"
        file.write_text(yaml.safe_dump({**HALL, **(plan or {})}), encoding="utf-8")
        problem = PlacementProblem.model_validate({"scene": {"kind": "floor_plan", "plan": str(file)}, **data})
        return PlacementEvaluator(problem)


def at(*position_m: float, direction: tuple[float, float, float] = (0.6, 0.0, -0.8)) -> AccessPoint:
    """An access point of 20 dBm."""
    return AccessPoint(np.array(position_m), np.array(direction), 20.0)


def cells_m(evaluator: PlacementEvaluator) -> Array:
    """Centres of the cells, ``[num_cells, 3]``, m."""
    return evaluator.site.grid.points_m


def traced_w(evaluator: PlacementEvaluator, placement: Placement, rays: int) -> Array:
    """Power of the only access point in each cell, ``[num_cells]``, W."""
    return np.asarray(evaluator.trace(placement, rays).rss_w[0])


def friis_w(distances_m: Array) -> Array:
    """Power between isotropic antennas, W."""
    return np.asarray(SENT_W * (WAVELENGTH_M / (4 * np.pi * distances_m)) ** 2)


def db(ratio: Array | float) -> Array:
    """A ratio of powers in dB; of none at all, -300."""
    return np.asarray(10 * np.log10(np.maximum(ratio, 1e-30)))


def rms(errors: Array) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(errors**2)))
