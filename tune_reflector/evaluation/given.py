"""Placements that somebody gives: in a file, or as the records and plain data that Python has."""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from search_spaces.design import Placement
from search_spaces.genes import Genes
from search_spaces.placement import PlacementSpace
from search_spaces.placement_json import parse_placement
from trainables.problem import MAX_RAYS, Site
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError, one_line
from tune_reflector.runs.layout import BEST_FILE

MOST_BYTES = 100_000_000
"""Of a file: a placement has some thousands."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Given:
    """A placement to be measured: its name for people, and its genes if it was given by them."""

    name: str
    placement: Placement
    genes: dict[str, float] | None = None


def read_placements(paths: Iterable[Path], config: SearchConfig) -> list[Given]:
    """The placements in files, each with a name of its own.

    Raises:
        ConfigError: one cannot be read, or cannot be traced with this configuration.
    """
    found: list[Given] = []
    used: Counter[str] = Counter()
    for path in paths:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ConfigError(f"{path}: must have at most {MOST_BYTES // 10**6} MB; check that it is a placement")
            content = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(one_line(f"{path}: must be a placement in JSON, but {reason}; give another")) from None
        name = path.absolute().parent.name if path.name == BEST_FILE else path.stem
        used[name] += 1
        given = parse_given(content, config, name if used[name] == 1 else f"{name}-{used[name]}", str(path))
        found.append(given)
    return found


def parse_given(content: Any, config: SearchConfig, name: str, where: str) -> Given:
    """A placement from the plain data of a file: ``access_points`` and ``reflectors``, or ``genes``.

    Of a ``best.json``, which has both, what was built counts.

    Raises:
        ConfigError: it is none, or cannot be traced with this configuration; begins with ``where``.
    """
    site = config.site()
    try:
        if not isinstance(content, Mapping) or not ("access_points" in content or "genes" in content):
            raise ValueError(
                "must have access_points and perhaps reflectors, as best.json has, or genes, but has neither; add them"
            )
        if "access_points" not in content:
            genes = _genes(content["genes"], site.space)
            given = Given(name, decoded(genes, site.space), genes)
        else:
            given = Given(name, with_fixed(parse_placement(_completed(content, config, site)), site))
            _tell_of_other_plates(content.get("reflectors") or [], config, where)
        check(given.placement, config, site)
    except ValueError as error:
        raise ConfigError(one_line(f"{where}: {error}")) from None
    if given.genes is not None and (violation := site.space.violation(given.genes)) > 0:
        _log.warning("warning: %s: no search would build it: it misses its rules by %.3g", where, violation)
    return given


def decoded(genes: Genes, space: PlacementSpace) -> Placement:
    """The placement of the genes, whether a search would build it or not; ``ValueError`` if there is none such."""
    try:
        return space.decode(genes)
    except KeyError as missing:
        raise ValueError(f"genes.{missing.args[0]}: must be given, but is missing; add it") from None
    except ValueError as error:
        raise ValueError(f"genes: must be of a placement that can be built, but {error}") from None


def check(placement: Placement, config: SearchConfig, site: Site) -> None:
    """Raise ``ValueError`` unless the placement can be traced with this configuration."""
    count, plates = len(placement.access_points), config.plates
    if count * config.final.rays_per_ap > MAX_RAYS:
        raise ValueError(
            f"access_points: must be at most {MAX_RAYS // config.final.rays_per_ap} with final.rays_per_ap="
            f"{config.final.rays_per_ap}, but are {count}; lower that"
        )
    if len(placement.reflectors) > len(plates):
        raise ValueError(
            f"reflectors: must be at most as many as the configuration has, {len(plates)}, but are "
            f"{len(placement.reflectors)}; add to reflectors there"
        )
    for number, (pose, plate) in enumerate(zip(placement.reflectors, plates, strict=False)):
        if len(pose.sheets_m) != plate.num_facets:
            raise ValueError(
                f"reflectors.{number}: must have as many facets as in the configuration, {plate.num_facets}, but has "
                f"{len(pose.sheets_m)}; change its tiles there"
            )
    config.objective.check(site.cells, count)


def _genes(given: Any, space: PlacementSpace) -> dict[str, float]:
    if not isinstance(given, Mapping):
        raise ValueError(f"genes: must be a mapping of names to numbers, but is a {type(given).__name__}; correct it")
    known = [gene.name for gene in space.genes]
    if unknown := sorted(set(given) - set(known)):
        raise ValueError(f"genes.{unknown[0]}: unknown gene; the genes are {', '.join(known)}")
    try:
        return {str(name): float(value) for name, value in given.items()}
    except (TypeError, ValueError) as error:
        raise ValueError(f"genes: must be numbers, but {error}; correct them") from None


def _completed(content: Mapping[str, Any], config: SearchConfig, site: Site) -> dict[str, Any]:
    """With what a person who writes by hand leaves to the configuration."""
    data = dict(content)
    power = {"power_dbm": config.access_points.power_dbm}
    if isinstance(aps := data["access_points"], list):
        data["access_points"] = [{**power, **ap} if isinstance(ap, Mapping) else ap for ap in aps]
    return data


def with_fixed(placement: Placement, site: Site) -> Placement:
    """The placement with the plates that hang already first, those of the configuration where it does not tell."""
    told = placement.fixed_reflectors
    known = [plate.decode({}, placement.access_points) for plate in site.space.plates if plate.fixed is not None]
    return replace(placement, reflectors=(*told, *known[len(told) :], *placement.hung_reflectors))


def hung(placement: Placement, site: Site) -> Placement:
    """The placement with each plate's (u, v) on the wall that it is nearest to, as its search counts them."""
    plates = []
    for pose, space in zip(placement.reflectors, site.space.plates, strict=False):
        if space.fixed is not None:
            plates.append(pose)
            continue
        u, v = space.place_of(pose.center_m, pose.normal)
        plates.append(replace(pose, u=u, v=v))
    return replace(placement, reflectors=tuple(plates))


def _tell_of_other_plates(plates: Any, config: SearchConfig, where: str) -> None:
    fixed, others = ([told for told in plates if bool(told.get("fixed")) == is_fixed] for is_fixed in (True, False))
    in_order = [*fixed, *({} for _ in config.fixed_plates[len(fixed) :]), *others]
    for number, (told, plate) in enumerate(zip(in_order, config.plates, strict=False)):
        for key, here in (("material", plate.material), ("model", plate.model)):
            if (there := told.get(key, here)) != here:
                _log.warning(
                    "warning: %s: reflectors.%d.%s is %s there and %s in the configuration, which counts",
                    where, number, key, there, here,
                )  # fmt: skip
