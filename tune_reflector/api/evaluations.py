"""Placements that are given, measured in Python."""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from search_spaces.design import Placement
from search_spaces.genes import Genes
from tune_reflector.api.load import load_config
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.evaluation.evaluation import Evaluation
from tune_reflector.evaluation.given import Given, check, parse_given, read_placements, with_fixed
from tune_reflector.evaluation.scenes import Scenes

_lock = Lock()
_last: tuple[SearchConfig, str, Scenes] | None = None
"""The scenes of the last configuration stay loaded: a notebook asks for one placement after another."""


def evaluate(
    config: SearchConfig | str | Path | Mapping[str, Any] | None,
    placement: Placement | Genes | Mapping[str, Any] | str | Path,
    *,
    name: str | None = None,
    without_reflectors: bool = True,
) -> Evaluation:
    """Measure a placement as a search measures its winner: on ``final.lattices`` samples of ``final.rays_per_ap`` rays.

    No search, no Ray. Evaluations of one configuration are of the same samples: ``after.gain(before)``.

    Args:
        config: of the problem, or what ``load_config`` makes one of.
        placement: what stands where; or its genes; or a JSON file, or its content: a run's ``best.json``,
            ``access_points`` and ``reflectors`` like there, or ``{"genes": {...}}``.
        name: of it, in figures and files.
        without_reflectors: measure its access points without plates, too.

    Raises:
        ConfigError: the placement or the configuration cannot be traced.
    """
    config = load_config(config)
    return _scenes(config).evaluate(_given(config, placement, name), without_reflectors)


def _given(config: SearchConfig, placement: Any, name: str | None) -> Given:
    called = name or "placement"
    match placement:
        case Placement():
            site = config.site()
            whole = with_fixed(placement, site)
            try:
                check(whole, config, site)
            except ValueError as error:
                raise ConfigError(f"placement: {error}") from None
            return Given(called, whole)
        case Mapping():
            is_told = "access_points" in placement or "genes" in placement
            return parse_given(placement if is_told else {"genes": placement}, config, called, "placement")
        case str() | Path():
            (found,) = read_placements([Path(placement)], config)
            return Given(name or found.name, found.placement, found.genes)
    raise ConfigError(f"placement: must be a Placement, genes, or a JSON file, but is a {type(placement).__name__}")


def _scenes(config: SearchConfig) -> Scenes:
    global _last
    with _lock:
        scene = config.scene.sha256()
        if _last is None or _last[:2] != (config, scene):
            _last = (config, scene, Scenes(config))
        return _last[2]
