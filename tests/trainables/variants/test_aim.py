"""A plate that is mounted askew is still a plate on its wall."""

import numpy as np
import pytest

from search_spaces.design import Placement
from trainables.problem import PlacementProblem
from trainables.variants.aim import AimSettings

PROBLEM = PlacementProblem()
SITE = PROBLEM.site()


def placements(count: int) -> list[Placement]:
    rng = np.random.default_rng(4)
    return [SITE.space.decode(SITE.space.sample(rng)) for _ in range(count)]


def test_a_plate_is_turned_a_little_and_enters_no_wall() -> None:
    wall = SITE.space.plates[0].walls[0]
    variants = AimSettings(most_deg=1.0, draws=20).variants(PROBLEM)
    turned_deg = []
    for placement in placements(10):
        (plate,) = placement.reflectors
        for variant in variants:
            moved = variant.placed(placement, SITE)
            (askew,) = moved.reflectors
            assert moved.access_points == placement.access_points
            turned_deg.append(np.degrees(np.arccos(np.clip(plate.normal @ askew.normal, -1, 1))))
            assert np.linalg.norm(np.diff(askew.vertices_m, axis=0), axis=1)[:2] == pytest.approx(plate.size_m)
            assert (askew.vertices_m - askew.center_m) @ askew.normal == pytest.approx(np.zeros(4), abs=1e-9)
            into_room = [np.min(of.vertices_m @ wall.normal) for of in (plate, askew)]
            assert into_room[1] >= into_room[0] - 1e-9
            assert np.linalg.norm(askew.center_m - plate.center_m) < 0.02
    assert 0.3 < max(turned_deg) <= np.sqrt(2) + 1e-6


def test_facets_turn_with_their_plate() -> None:
    problem = PlacementProblem.model_validate({"reflector": {"tiles": [3, 2], "fan_m": [1, 1]}})
    site = problem.site()
    placement = site.space.decode(site.space.sample(np.random.default_rng(4)))
    (plate,) = placement.reflectors
    for variant in AimSettings(most_deg=3.0, draws=3).variants(problem):
        (askew,) = variant.placed(placement, site).reflectors
        assert askew.facets_m is not None
        frames = [np.column_stack([p.vertices_m[1] - p.center_m, p.vertices_m[3] - p.center_m]) for p in (plate, askew)]
        seen = [(p.sheets_m - p.center_m) @ axes for p, axes in zip((plate, askew), frames, strict=True)]
        np.testing.assert_allclose(seen[0], seen[1], atol=1e-9)
        into_room = site.space.plates[0].walls[0].normal
        assert np.min(askew.sheets_m @ into_room) >= np.min(plate.sheets_m @ into_room) - 1e-9


def test_every_placement_has_the_same_error() -> None:
    (variant,) = AimSettings(draws=1).variants(PROBLEM)
    changes = []
    for placement in placements(3):
        (plate,), (askew,) = placement.reflectors, variant.placed(placement, SITE).reflectors
        azimuths = [np.arctan2(of.normal[1], of.normal[0]) for of in (plate, askew)]
        changes.append((azimuths[1] - azimuths[0], np.arcsin(askew.normal[2]) - np.arcsin(plate.normal[2])))
    assert changes[0] == pytest.approx(changes[1])
    assert changes[0] == pytest.approx(changes[2])


def test_without_a_plate_there_is_nothing_to_aim() -> None:
    assert AimSettings().variants(PROBLEM.model_copy(update={"reflector": None})) == []
    (variant, *_) = AimSettings().variants(PROBLEM)
    (placement,) = placements(1)
    assert variant.placed(placement.without_reflectors(), SITE).reflectors == ()


def test_a_plate_that_hangs_already_is_as_it_is() -> None:
    old = {"fixed": {"center_m": [8, 3.9, 1.5], "normal": [0, -1, 0]}}
    problem = PlacementProblem.model_validate({"reflectors": [old, {}]})
    site = problem.site()
    placement = site.space.decode(site.space.sample(np.random.default_rng(4)))
    (variant,) = AimSettings(draws=1).variants(problem)
    fixed, placed = variant.placed(placement, site).reflectors
    assert fixed is placement.reflectors[0]
    assert not np.allclose(placed.normal, placement.reflectors[1].normal)
    assert AimSettings().variants(PlacementProblem.model_validate({"reflector": old})) == []
