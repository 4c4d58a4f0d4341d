"""The last word on a search: its best candidates traced again with many fresh rays, and an error bar.

A search picks the luckiest of many noisy scores, so the winner's own score is too good to be told. Here the best
few are screened on a new lattice of rays, and the winner of that is measured on several more that neither
the search nor the screening has used; the same access points without the plate are measured the same way.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student_t

from search_records.best_map import BestMap
from search_records.rows import Row, ranked
from search_spaces.design import Placement, angles_deg
from trainables.buildings.sources import scene_sha256
from trainables.evaluator import PlacementEvaluator, TracedMap
from trainables.objectives import MapError, Score
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.config.sections import FinalSettings

CONFIDENCE = 0.95

Report = Callable[[str], None]


@dataclass(frozen=True)
class Measurement:
    """A placement's score from several lattices.

    ``error_db`` is the half-width within which a score from one more such lattice lies with 95 %
    confidence, plus the bias that the noise of a single lattice gives a low quantile.
    """

    score: Score
    error_db: float
    traced: TracedMap


@dataclass(frozen=True)
class Winner:
    """The best placement of a search, measured."""

    row: Row
    genes: dict[str, float]
    placement: Placement
    measured: Measurement
    without_reflector: Measurement | None

    @property
    def gain_db(self) -> float | None:
        """What the plate adds to the same access points [dB]."""
        if self.without_reflector is None:
            return None
        return self.measured.score.p5_rss_dbm - self.without_reflector.score.p5_rss_dbm


def lattice_rays(settings: FinalSettings) -> list[int]:
    """Numbers of rays, each a lattice of its own, from above ``rays_per_ap`` (the screening's) to 1.5 times it.

    They are apart by a share of the number: Fibonacci lattices of N and N + 1 rays are all but the same.
    """
    rays, lattices = settings.rays_per_ap, settings.lattices
    return [rays + i + i * rays // (2 * lattices) for i in range(1, lattices + 1)]


def measure(evaluator: PlacementEvaluator, placement: Placement, settings: FinalSettings) -> Measurement:
    """Score a placement on every lattice, and on all of them together."""
    maps = [evaluator.trace(placement, rays) for rays in lattice_rays(settings)]
    merged = maps[0]
    for traced in maps[1:]:
        merged = merged.merged(traced)
    score = evaluator.score(merged)
    singles = np.array([evaluator.score(traced).p5_rss_dbm for traced in maps])
    n = len(singles)
    quantile = float(student_t.ppf(0.5 + CONFIDENCE / 2, n - 1))
    spread_db = quantile * float(singles.std(ddof=1)) * math.sqrt(1 + 1 / n)
    bias_db = abs(score.p5_rss_dbm - float(singles.mean()))
    return Measurement(score, spread_db + bias_db, merged)


def find_winner(
    config: SearchConfig, rows: Iterable[Row], evaluator: PlacementEvaluator, report: Report
) -> Winner | None:
    """Screen the best candidates of the search and measure the best of them; None if none was feasible.

    Raises:
        MapError: the winner's map cannot be, or that of every candidate.
    """
    space = evaluator.site.space
    names = [gene.name for gene in space.genes]
    candidates = ranked(rows, names)[: config.final.candidates]
    if not candidates:
        return None
    report(f"tracing the best {len(candidates)} again with {config.final.rays_per_ap:,} rays per AP")
    screened = []
    for row in candidates:
        genes = {name: row.values[name] for name in names}
        placement = space.decode(genes)
        try:
            score = evaluator.score(evaluator.trace(placement, config.final.rays_per_ap))
        except MapError as error:
            report(f"trial {row.trial_id} is left out: {error}")
            continue
        screened.append((score.p5_rss_dbm, row, genes, placement))
    if not screened:
        raise MapError("no candidate gave a map with more rays")
    _, row, genes, placement = max(screened, key=lambda entry: entry[0])
    report(f"measuring the winner on {config.final.lattices} fresh lattices")
    measured = measure(evaluator, placement, config.final)
    without = measure(evaluator, placement.without_reflectors(), config.final) if placement.reflectors else None
    return Winner(row, genes, placement, measured, without)


def best_map(winner: Winner) -> BestMap:
    """The measured maps, with and without the plate."""
    without = winner.without_reflector
    return BestMap(
        winner.genes,
        (math.inf, winner.measured.score.p5_rss_dbm),
        winner.measured.traced.rss_w,
        without.traced.rss_w if without else None,
    )


def best_json(config: SearchConfig, winner: Winner, evaluator: PlacementEvaluator) -> dict[str, Any]:
    """All that is needed to rebuild and re-score the winner with Sionna alone."""
    score, radio, grid = winner.measured.score, config.radio, evaluator.site.grid
    without = winner.without_reflector
    return {
        "p5_rss_dbm": score.p5_rss_dbm,
        "p5_error_db": winner.measured.error_db,
        "rays_per_ap": winner.measured.traced.rays_per_ap,
        "lattices": lattice_rays(config.final),
        "trial_id": winner.row.trial_id,
        "iteration": winner.row.iteration,
        "without_reflector_p5_rss_dbm": without.score.p5_rss_dbm if without else None,
        "without_reflector_p5_error_db": without.error_db if without else None,
        "coverage_share": score.coverage,
        "coverage_threshold_dbm": config.objective.coverage_threshold_dbm,
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
            "combine": config.objective.combine,
            "quantile": config.objective.quantile,
            "floor_dbm": config.objective.floor_dbm,
            "surface": config.receivers.surface,
            "panel_height_m": config.receivers.panel_height_m,
        },
        "scene": {
            "kind": config.scene.kind,
            "source": config.scene.source,
            "sha256": scene_sha256(config.scene),
        },
        "coverage": {
            "center_m": list(grid.center_m),
            "size_m": list(grid.size_m),
            "cell_size_m": [grid.cell_size_m, grid.cell_size_m],
            "num_cells": grid.num_cells,
            "zones": [[list(corner) for corner in zone] for zone in evaluator.site.user_zones],
        },
    }


def summary(winner: Winner, objective_threshold_dbm: float) -> str:
    """The result in a few lines for people."""
    measured, without = winner.measured, winner.without_reflector
    lines = [f"P5 {measured.score.p5_rss_dbm:.1f} +- {shown_error(measured.error_db):.1f} dBm"]
    if without is not None and winner.gain_db is not None:
        gain_db = winner.gain_db
        lines[0] += f" (same APs without the reflector {without.score.p5_rss_dbm:.1f}: {gain_db:+.1f} dB)"
        if abs(gain_db) <= measured.error_db + without.error_db:
            lines.append("the reflector makes no difference beyond the error of the measurement")
        elif gain_db < 0:
            lines.append("the reflector makes it worse: leave it out")
    lines.append(f"{100 * measured.score.coverage:.0f} % of the cells above {objective_threshold_dbm:g} dBm")
    for number, ap in enumerate(winner.placement.access_points, start=1):
        x, y, z = ap.position_m
        azimuth, tilt = angles_deg(ap.direction)
        lines.append(f"AP {number} at ({x:.2f}, {y:.2f}, {z:.2f}) m, azimuth {azimuth:.0f}, tilt {tilt:.0f} degrees")
    for plate in winner.placement.reflectors:
        x, y, z = plate.center_m
        azimuth, tilt = angles_deg(plate.normal)
        fx, fy, fz = plate.focal_point_m
        lines.append(
            f"plate at ({x:.2f}, {y:.2f}, {z:.2f}) m, azimuth {azimuth:.0f}, tilt {tilt:.0f} degrees, "
            f"aimed at ({fx:.2f}, {fy:.2f}, {fz:.2f}) m"
        )
    return "\n".join(lines)


def shown_error(error_db: float) -> float:
    """An error rounded up to a tenth of a dB: an error bar of 0.0 would claim too much."""
    return math.ceil(error_db * 10) / 10
