"""Access points that are mounted with some error stay where access points may be."""

import numpy as np
import pytest
from shapely.geometry import LineString, Point

from search_spaces.design import AccessPoint, Placement
from trainables.problem import PlacementProblem
from trainables.variants.access_points import AccessPointsSettings

PROBLEM = PlacementProblem()
SITE = PROBLEM.site()


def test_access_points_move_within_bounds_area_and_walls() -> None:
    office = PlacementProblem.model_validate({"scene": {"plan": "office"}})
    site = office.site()
    assert site.plan is not None
    rng = np.random.default_rng(2)
    steps_m, turns_deg = [], []
    variants = AccessPointsSettings(most_m=0.5, most_deg=5.0, draws=10).variants(office)
    for _ in range(10):
        placement = site.space.decode(site.space.sample(rng))
        for variant in variants:
            moved = variant.placed(placement, site)
            assert moved.reflectors == placement.reflectors
            for old, new in zip(placement.access_points, moved.access_points, strict=True):
                aps = site.space.access_points
                assert aps.area.difference(aps.keep_out).buffer(1e-9).covers(Point(new.position_m[:2]))
                path = LineString([old.position_m[:2], new.position_m[:2]])
                assert not path.crosses(site.plan.wall_footprints)
                assert new.position_m[2] == old.position_m[2]
                assert new.power_dbm == old.power_dbm
                steps_m.append(np.abs(new.position_m - old.position_m).max())
                turns_deg.append(np.degrees(np.arccos(np.clip(old.direction @ new.direction, -1, 1))))
    assert 0.4 < max(steps_m) <= 0.5
    assert np.mean(np.array(steps_m) > 0) > 0.9
    assert 4 < max(turns_deg) <= np.hypot(5, 5)


def test_one_in_a_corner_goes_another_way() -> None:
    x_min, y_min, _, _ = SITE.space.access_points.area.bounds
    corner = AccessPoint(np.array([x_min, y_min, 2.5]), np.array([1.0, 0.0, 0.0]), 20.0)
    for variant in AccessPointsSettings(draws=8).variants(PROBLEM):
        (moved,) = variant.placed(Placement((corner,)), SITE).access_points
        assert (moved.position_m[:2] > corner.position_m[:2]).all()


def test_every_placement_has_the_same_error_whatever_the_number_of_access_points() -> None:
    (variant,) = AccessPointsSettings(draws=1).variants(PROBLEM)
    aps = [AccessPoint(np.array([x, 2.0, 2.5]), np.array([0.0, 1.0, 0.0]), 20.0) for x in (3.0, 5.0, 9.0)]
    two, three = variant.placed(Placement(tuple(aps[:2])), SITE), variant.placed(Placement(tuple(aps[::-1])), SITE)
    steps = [two.access_points[n].position_m - aps[n].position_m for n in (0, 1)]
    others = [three.access_points[n].position_m - aps[2 - n].position_m for n in (0, 1)]
    assert steps[0] == pytest.approx(others[0])
    assert steps[1] == pytest.approx(others[1])
    assert not np.allclose(steps[0], steps[1])


def test_one_that_hangs_already_stays_and_is_turned_only_if_the_search_turns_it() -> None:
    there = {"position_m": [5.0, 2.0, 2.5], "direction": [1, 0, 0]}
    problem = PlacementProblem.model_validate(
        {"access_points": {"count": 1, "fixed": [there, {**there, "position_m": [9.0, 2.0, 2.5], "turn": True}]}}
    )
    site = problem.site()
    placement = site.space.decode(site.space.sample(np.random.default_rng(0)))
    (variant,) = AccessPointsSettings(draws=1).variants(problem)
    moved = [
        (not np.allclose(old.position_m, new.position_m), not np.allclose(old.direction, new.direction))
        for old, new in zip(placement.access_points, variant.placed(placement, site).access_points, strict=True)
    ]
    assert moved == [(True, True), (False, False), (False, True)]


def test_one_on_a_wall_does_not_get_behind_it() -> None:
    problem = PlacementProblem.model_validate({"access_points": {"mount": {"kind": "wall"}}})
    site = problem.site()
    assert site.plan is not None
    rng = np.random.default_rng(1)
    for variant in AccessPointsSettings(most_m=1.0, draws=5).variants(problem):
        placement = site.space.decode(site.space.sample(rng))
        for ap in variant.placed(placement, site).access_points:
            assert site.plan.outline.contains(Point(ap.position_m[:2]))
