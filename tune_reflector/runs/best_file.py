"""``best.json``: the winner, with all that is needed to rebuild and re-score it with Sionna alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import ObjectiveSettings
from trainables.problem import Site
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.runs.comparisons import Comparison, of_first_version
from tune_reflector.runs.measurement import Measurement
from tune_reflector.runs.robustness import InVariants
from tune_reflector.runs.score_json import finite, parse_score, score_json
from tune_reflector.runs.second_opinion import SecondOpinion
from tune_reflector.runs.winner import Winner


def best_json(
    config: SearchConfig,
    winner: Winner,
    evaluator: PlacementEvaluator,
    comparisons: Sequence[Comparison],
    in_variants: InVariants | None = None,
    by_physical_optics: SecondOpinion | None = None,
) -> dict[str, Any]:
    """Tell all that is needed to rebuild and re-score the winner with Sionna alone."""
    objective = config.objective
    return measured_json(config, evaluator.site, winner.placement, winner.measured) | {
        "trial_id": winner.found.trial_id,
        "iteration": winner.found.iteration,
        "comparisons": [comparison.to_json(objective) for comparison in comparisons],
        "robustness": in_variants.to_json(objective) if in_variants else None,
        "physical_optics": by_physical_optics.to_json(objective) if by_physical_optics else None,
        "genes": winner.genes,
    }


def measured_json(config: SearchConfig, site: Site, placement: Placement, measured: Measurement) -> dict[str, Any]:
    """Tell of any placement what is needed to rebuild and re-score it."""
    score, radio, grid, objective = measured.score, config.radio, site.grid, config.objective
    return {
        **score_json(score.value, measured.error, objective),
        "rays_per_ap": measured.traced.rays_per_ap,
        "samples": config.final.lattices,
        "rays_per_sample": config.final.rays_per_ap,
        "coverage_share": score.coverage,
        "coverage_threshold_dbm": objective.coverage_threshold_dbm,
        "outage": score.outage,
        "mean_rss_dbm": score.mean_rss_dbm,
        "min_rss_dbm": score.min_rss_dbm,
        "details": dict(measured.details),
        "access_points": [ap.to_json() for ap in placement.access_points],
        "reflectors": [
            pose.to_json()
            | {"material": plate.material, "model": plate.model}
            | ({} if plate.name is None else {"name": plate.name})
            for plate, pose in zip(config.plates, placement.reflectors, strict=False)
        ],
        **({"plate_cost": config.plate_cost(placement)} if config.most_plate_cost else {}),
        "radio": radio.model_dump(mode="json")
        | {
            "combine": objective.combine,
            "quantile": objective.marked_share,
            "floor_dbm": objective.floor_dbm,
            "surface": config.receivers.surface,
            "panel_height_m": config.receivers.panel_height_m,
        },
        "carriers": config.carriers.model_dump(mode="json"),
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
            **({} if grid.ground is None else {"height_above_ground_m": grid.height_m, "left_out": grid.left_out}),
            "zones": [[list(corner) for corner in zone] for zone in site.user_zones],
        },
    }


def _details(content: Mapping[str, Any]) -> dict[str, float | str]:
    return {str(name): value if isinstance(value, str) else finite(value) for name, value in content.items()}


@dataclass(frozen=True)
class Best:
    """The winner's score, as ``best.json`` tells it; ``content`` is all of the file.

    The error is a half-width; the first comparison is the one that the headline tells.
    """

    value: float
    error: float
    comparisons: tuple[Comparison, ...]
    in_variants: InVariants | None
    by_physical_optics: SecondOpinion | None
    coverage: float
    coverage_threshold_dbm: float
    outage: float
    rays_per_ap: int
    details: dict[str, float | str]
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
            value, error = parse_score(content, objective)
            if (found := content.get("comparisons")) is None:
                found = of_first_version(content, objective)
            plates = sum(not plate.get("fixed") for plate in content.get("reflectors", ()))
            comparisons = tuple(Comparison.parse(comparison, value, objective, plates) for comparison in found)
            robust, optics = content.get("robustness"), content.get("physical_optics")
            return cls(
                value,
                error,
                comparisons,
                InVariants.parse(robust, {comparison.kind for comparison in comparisons}) if robust else None,
                SecondOpinion.parse(optics) if optics else None,
                finite(content["coverage_share"]),
                finite(content["coverage_threshold_dbm"]),
                finite(content["outage"]),
                int(content["rays_per_ap"]),
                _details(content.get("details", {})),
                content,
            )
        except KeyError as missing:
            reason = f"lacks {missing}"
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as damage:
            reason = f"is damaged: {damage}"
        raise ConfigError(
            f"{path}: must be as this program has written it, but {reason}; restore it, or delete it and resume the run"
        )
