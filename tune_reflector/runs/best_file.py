"""``best.json``: the winner, with all that is needed to rebuild and re-score it with Sionna alone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_records.result import MOST
from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import ObjectiveSettings
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.runs.measurement import lattice_rays
from tune_reflector.runs.winner import Winner


def best_json(config: SearchConfig, winner: Winner, evaluator: PlacementEvaluator) -> dict[str, Any]:
    """Tell all that is needed to rebuild and re-score the winner with Sionna alone."""
    score, radio, grid = winner.measured.score, config.radio, evaluator.site.grid
    without, objective = winner.without_reflector, config.objective
    return {
        objective.metric: score.value,
        objective.error_metric: winner.measured.error,
        "rays_per_ap": winner.measured.traced.rays_per_ap,
        "lattices": lattice_rays(config.final),
        "trial_id": winner.found.trial_id,
        "iteration": winner.found.iteration,
        f"without_reflector_{objective.metric}": without.score.value if without else None,
        f"without_reflector_{objective.error_metric}": without.error if without else None,
        "coverage_share": score.coverage,
        "coverage_threshold_dbm": objective.coverage_threshold_dbm,
        "outage": score.outage,
        "mean_rss_dbm": score.mean_rss_dbm,
        "min_rss_dbm": score.min_rss_dbm,
        "genes": winner.genes,
        "access_points": [ap.to_json() for ap in winner.placement.access_points],
        "reflectors": [
            plate.to_json() | {"material": config.reflector.material if config.reflector else None}
            for plate in winner.placement.reflectors
        ],
        "radio": radio.model_dump(mode="json")
        | {
            "combine": objective.combine,
            "quantile": objective.marked_share,
            "floor_dbm": objective.floor_dbm,
            "surface": config.receivers.surface,
            "panel_height_m": config.receivers.panel_height_m,
        },
        "objective": objective.model_dump(mode="json"),
        "scene": {
            "kind": config.scene.kind,
            "source": config.scene.source,
            "sha256": config.scene.sha256(),
        },
        "coverage": {
            "center_m": list(grid.center_m),
            "size_m": list(grid.size_m),
            "cell_size_m": [grid.cell_size_m, grid.cell_size_m],
            "num_cells": grid.num_cells,
            "zones": [[list(corner) for corner in zone] for zone in evaluator.site.user_zones],
        },
    }


@dataclass(frozen=True)
class Best:
    """The winner's score, as ``best.json`` tells it; ``content`` is all of the file.

    Errors are half-widths; without the reflector both are None where there was none.
    """

    value: float
    error: float
    without_reflector: float | None
    without_reflector_error: float | None
    coverage: float
    coverage_threshold_dbm: float
    rays_per_ap: int
    content: dict[str, Any]

    @classmethod
    def read(cls, path: Path, objective: ObjectiveSettings) -> "Best | None":
        """Read the file; None if there is none yet.

        Raises:
            ConfigError: it is damaged, or of another objective.
        """
        if not path.exists():
            return None
        try:
            content = json.loads(path.read_bytes())
            return cls(
                _finite(content[objective.metric]),
                _finite(content[objective.error_metric]),
                _optional(content[f"without_reflector_{objective.metric}"]),
                _optional(content[f"without_reflector_{objective.error_metric}"]),
                _finite(content["coverage_share"]),
                _finite(content["coverage_threshold_dbm"]),
                int(content["rays_per_ap"]),
                content,
            )
        except KeyError as error:
            reason = f"lacks {error}"
        except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
            reason = f"is damaged: {error}"
        raise ConfigError(
            f"{path}: must be as this program has written it, but {reason}; restore it, or delete it and resume the run"
        )


def _finite(number: Any) -> float:
    value = float(number)
    if not abs(value) <= MOST:  # nor if it is not a number
        raise ValueError(f"{value} is no score")
    return value


def _optional(number: Any) -> float | None:
    return None if number is None else _finite(number)
