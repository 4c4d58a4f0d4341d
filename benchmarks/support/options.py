"""How much each benchmark measures."""

from dataclasses import dataclass
from typing import Any

from benchmarks.support.processes import ROOT
from tune_reflector.config.config_file import load_config
from tune_reflector.config.search_config import SearchConfig

SCENES = ("l_corridor", "office")
"""The bundled scenes."""


PLATES = ((5.18e9, 0.3), (5.18e9, 0.5), (5.18e9, 1.0), (28e9, 0.2), (28e9, 0.6))
"""Frequencies [Hz] and sides [m] of the plates that are compared with physical optics."""


@dataclass(frozen=True)
class Options:
    """The size of a run. ``QUICK`` holds what a smoke run changes."""

    candidates: int = 300
    repeats: int = 3
    workers: tuple[int, ...] = (1, 2)
    placements: int = 24
    reference_rays: int = 3_000_000
    bar_placements: int = 4
    bar_rays: int = 300_000
    bars: int = 8
    plates: tuple[tuple[float, float], ...] = PLATES
    plate_rays: int = 4_000_000
    trials: int = 20
    ray_workers: int = 2
    startup_runs: int = 10
    population: int = 10_000
    short_search: int = 500
    long_search: int = 5_000
    watched_search: int = 1_000
    scenes: tuple[str, ...] = SCENES


QUICK: dict[str, Any] = {
    "candidates": 2,
    "repeats": 1,
    "workers": (2,),
    "placements": 2,
    "reference_rays": 100_000,
    "bar_placements": 2,
    "bar_rays": 10_000,
    "bars": 2,
    "plates": PLATES[:1],
    "plate_rays": 100_000,
    "trials": 2,
    "ray_workers": 0,
    "startup_runs": 2,
    "population": 20,
    "short_search": 20,
    "long_search": 40,
    "watched_search": 20,
    "scenes": SCENES[:1],
}


def scene_config(scene: str) -> SearchConfig:
    """The configuration of a bundled scene: the experiment of that name in configs/, or the defaults."""
    path = ROOT / "configs" / f"{scene}.yaml"
    if path.exists():
        return load_config(path)
    overrides = [f"scene.plan={scene}"]
    if scene == "office":  # its users are behind walls
        overrides += ["radio.refraction=true", "radio.max_depth=5"]
    return load_config(None, overrides)
