"""Access points that are there already, what is different about single ones, and what cannot be."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from shapely.geometry import Polygon, box

from search_spaces.access_points import AccessPointsConfig, AccessPointSpace
from search_spaces.design import AccessPoint
from search_spaces.mounts.base import Building
from search_spaces.placement import PlacementSpace

LOBBY = {"name": "lobby", "position_m": [2, 2, 2.5], "direction": [0, 3, -4], "power_dbm": 10}
STAIRS = {"position_m": [9, 2, 2.2], "turn": True}
BUILDING = Building(outline=box(0, 0, 12, 4), ceiling_m=3.0)


def space(building: Building | None = None, **settings: Any) -> AccessPointSpace:
    config = AccessPointsConfig.model_validate(settings)
    return AccessPointSpace(config, box(0, 0, 12, 4), Polygon(), building or BUILDING)


def names(where: AccessPointSpace) -> list[str]:
    return [gene.name for gene in where.genes]


def test_what_is_there_comes_after_what_is_placed_and_has_genes_only_if_it_is_turned() -> None:
    where = space(count=1, fixed=[LOBBY, STAIRS])
    assert names(where) == ["x1", "y1", "dir1_x", "dir1_y", "turn2_x", "turn2_y"]
    genes = {"x1": 5.0, "y1": 1.0, "dir1_x": 1.0, "dir1_y": 0.0, "turn2_x": 0.0, "turn2_y": -1.0}
    placed, lobby, stairs = where.decode(genes)
    assert (placed.fixed, lobby.fixed, stairs.fixed) == (False, True, True)
    assert lobby.position_m.tolist() == [2, 2, 2.5]
    assert lobby.direction.tolist() == pytest.approx([0, 0.6, -0.8])
    assert (placed.power_dbm, lobby.power_dbm, stairs.power_dbm) == (20, 10, 20)
    assert stairs.direction.tolist() == pytest.approx([0, -1 / math.hypot(1, 0.5), -0.5 / math.hypot(1, 0.5)])
    assert [ap.remark for ap in (placed, lobby, stairs)] == ["", " (lobby, fixed)", " (fixed)"]


def test_one_more_to_place_leaves_the_names_of_the_others_genes() -> None:
    """What a search has found of them then fits the larger problem, too."""
    fewer, more = (names(space(count=count, fixed=[STAIRS])) for count in (1, 2))
    assert set(fewer) < set(more)


def test_single_ones_differ_in_what_is_given_and_in_nothing_else() -> None:
    away = [[[10, 0], [12, 0], [12, 4], [10, 4]]]
    where = space(count=3, each=[{}, {"name": "east", "areas": away, "height_m": 2.0, "direction": [0, 0, -2]}])
    assert names(where) == ["x1", "y1", "x2", "y2", "x3", "y3", "dir1_x", "dir1_y", "dir3_x", "dir3_y"]
    bounds = {gene.name: (gene.low, gene.high) for gene in where.genes}
    assert (bounds["x1"], bounds["x2"], bounds["x3"]) == ((0, 12), (10, 12), (0, 12))
    first, east, third = where.decode(PlacementSpace(where).sample(np.random.default_rng(0)))
    assert (first.position_m[2], east.position_m[2], third.position_m[2]) == (2.5, 2.0, 2.5)
    assert east.direction.tolist() == [0, 0, -1]
    assert (first.name, east.name) == (None, "east")


@given(st.floats(0, 12), st.floats(0, 4))
@settings(max_examples=40)
def test_distance_is_kept_from_what_is_there_but_not_between_what_is_there(x: float, y: float) -> None:
    close = [LOBBY, {**LOBBY, "name": "twin", "position_m": [2.1, 2, 2.5]}]
    where = PlacementSpace(space(count=1, min_separation_m=1.5, fixed=close))
    genes = {"x1": x, "y1": y, "dir1_x": 0.0, "dir1_y": 0.0}
    lacking = [max(0.0, 1.5 - math.dist([x, y], [at, 2])) for at in (2, 2.1)]
    assert where.violation(genes) == pytest.approx(sum(lacking))
    mended = where.repaired(genes, np.random.default_rng(0))
    assert where.violation(mended) == 0
    assert where.blamed(genes) == (("x1", "y1") if any(lacking) else ())


def test_antennas_without_a_boresight_need_no_direction() -> None:
    upright, down = ({**LOBBY, "direction": None, "antenna": {"pattern": p}} for p in ("dipole", "ceiling_omni"))
    for there, towards in ((upright, [1, 0, 0]), (down, [0, 0, -1])):
        (ap,) = space(count=0, fixed=[there]).decode({})
        assert ap.direction.tolist() == towards
        assert ap.antenna is not None
        assert ap.antenna.pattern == there["antenna"]["pattern"]
    with pytest.raises(ValueError, match=r"fixed\.0\.direction must be given .*boresight.*; give \[x, y, z\]"):
        space(count=0, fixed=[{**LOBBY, "direction": None}]).check()


def test_what_is_there_can_be_all_there_is() -> None:
    where = PlacementSpace(
        AccessPointSpace(AccessPointsConfig(count=0, fixed=[LOBBY, LOBBY | {"name": None}]), *[Polygon()] * 2)
    )
    assert (where.mode, where.genes, where.sample(np.random.default_rng(0))) == ("2ap", (), {})
    assert where.violation({}) == 0


def test_an_access_point_survives_json() -> None:
    for ap in space(count=1, fixed=[LOBBY]).decode({"x1": 5, "y1": 1, "dir1_x": 1, "dir1_y": 0}):
        back = AccessPoint.from_json(json.loads(json.dumps(ap.to_json())))
        assert back.to_json() == ap.to_json()
        assert (back.name, back.fixed) == (ap.name, ap.fixed)
    assert "fixed" not in space(count=1).decode({"x1": 5, "y1": 1, "dir1_x": 1, "dir1_y": 0})[0].to_json()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": 0}, r"count and fixed must make 1 to 100 .* but make 0; raise count or name one in fixed"),
        ({"count": 100, "fixed": [LOBBY]}, r"must make 1 to 100 .* but make 101; lower count"),
        ({"count": 1, "each": [{}, {}]}, r"each must have at most count=1 entries, but has 2; raise count"),
        ({"each": [{"name": "lobby"}], "fixed": [LOBBY]}, r"names .* must differ, but 'lobby' stands twice; rename"),
        ({"direction": [0, 0, 0]}, r"must not be \[0, 0, 0\]; give where it points"),
        ({"fixed": [{**LOBBY, "name": "two\nlines"}]}, r"a name must be 1 to 100 printable characters"),
        ({"areas": []}, "must hold at least one polygon"),
        ({"each": [{"areas": []}]}, "must hold at least one polygon"),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        AccessPointsConfig.model_validate(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"fixed": [{**LOBBY, "position_m": [20, 2, 2]}]}, r"^access_points\.fixed\.0\.position_m must be inside the"),
        ({"fixed": [STAIRS, {**LOBBY, "position_m": [2, 2, 3]}]}, r"^access_points\.fixed\.1\.position_m .*; move it"),
        ({"height_m": 3}, r"^access_points\.height_m must be below the ceiling at 3 m, but got 3; lower it"),
        ({"each": [{"height_m": 4}]}, r"^access_points\.each\.0\.height_m must be below the ceiling at 3 m, but got 4"),
    ],
)
def test_what_is_outside_the_building_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        space(**given).check()
