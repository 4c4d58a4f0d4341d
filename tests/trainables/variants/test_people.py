"""People: of flesh, between the receivers, and in the way of rays."""

import numpy as np
import pytest
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry import box as rectangle
from shapely.ops import unary_union

from search_spaces.design import AccessPoint, Placement
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.tracing.receivers import crossed_panels
from trainables.variants.people import _FACES, BODY_M, People, PeopleSettings, box, muscle

PROBLEM = PlacementProblem()
SITE = PROBLEM.site()


@pytest.mark.parametrize(
    ("frequency_hz", "permittivity", "conductivity"),
    [(0.9e9, 55.03, 0.943), (2.45e9, 52.73, 1.739), (5e9, 49.54, 4.045), (10e9, 42.76, 10.63)],
)
def test_muscle_is_that_of_the_tables(frequency_hz: float, permittivity: float, conductivity: float) -> None:
    """Figures that the Italian National Research Council's calculator gives for Gabriel's model."""
    assert muscle(frequency_hz) == pytest.approx((permittivity, conductivity), rel=2e-3)


def test_people_stand_in_the_zones_and_cut_no_receiver() -> None:
    vertices_m, _ = crossed_panels(SITE.grid, 0.8)
    panels = [LineString(panel[:2, :2]) for panel in vertices_m.reshape(-1, 4, 3)]
    for variant in PeopleSettings(per_zone=6, draws=5).variants(PROBLEM):
        people = variant.where(SITE)
        assert len(people) == 6 * len(SITE.user_zones)
        assert len({tuple(center) for center, _ in people}) == len(people)
        for center, breadthways in people:
            corners = box(center, breadthways)
            body = rectangle(*corners[:, :2].min(axis=0), *corners[:, :2].max(axis=0))
            assert any(Polygon(zone).covers(body) for zone in SITE.user_zones)
            assert body.covers(Point(center))
            assert not any(body.intersects(panel) for panel in panels)


@pytest.mark.parametrize("breadthways", [True, False])
def test_a_body_is_a_closed_box_that_looks_outwards(breadthways: bool) -> None:
    """By the divergence theorem: its signed volume is that of the sides."""
    corners = box(np.array([3.0, -2.0]), breadthways)
    first, second, third = corners[_FACES].transpose(1, 0, 2)
    assert np.sum(first * np.cross(second, third)) / 6 == pytest.approx(BODY_M.prod())
    size_m = np.ptp(corners, axis=0)
    assert size_m == pytest.approx(BODY_M if breadthways else BODY_M[[1, 0, 2]])
    edges = np.sort(np.concatenate([_FACES[:, [0, 1]], _FACES[:, [1, 2]], _FACES[:, [2, 0]]]), axis=1)
    assert np.unique(edges, axis=0, return_counts=True)[1].tolist() == [2] * 18


def test_a_zone_without_room_has_no_people() -> None:
    narrow = PlacementProblem.model_validate({"receivers": {"zones": [[[17, 5], [17.4, 5], [17.4, 15], [17, 15]]]}})
    assert People(0, 4).where(narrow.site()) == []


def test_bodies_keep_direct_rays_from_cells_behind_them() -> None:
    """Geometry tells which cells of the line of sight they take: from the antenna to the middle of the cell."""
    radio = {"max_depth": 0, "specular_reflection": False}
    zones = [[[1, 1], [9, 1], [9, 3], [1, 3]]]
    receivers = {"zones": zones, "panel_height_m": 0.2}  # all of it below the heads
    problem = PlacementProblem.model_validate({"radio": radio, "receivers": receivers, "reflector": None})
    site, variant = problem.site(), People(0, 6)
    ap = AccessPoint(np.array([0.5, 2.0, 1.5]), np.array([1.0, 0.0, 0.0]), 20.0)
    placement = Placement((ap, AccessPoint(np.array([15.0, 2.0, 1.5]), np.array([1.0, 0.0, 0.0]), -100.0)))
    evaluator = PlacementEvaluator(problem)
    there = evaluator.under(variant)
    assert there is not evaluator
    free_w, shadowed_w = (of.trace(placement, 200_000).rss_w[0] for of in (evaluator, there))
    assert (free_w > 0).all()
    bodies = [Polygon(box(center, breadthways)[:4, :2]) for center, breadthways in variant.where(site)]
    for cell, (x, y) in enumerate(site.grid.centers_m):
        square = rectangle(x - 0.25, y - 0.25, x + 0.25, y + 0.25)
        beams = [LineString([ap.position_m[:2], corner]) for corner in square.exterior.coords]
        if any(all(beam.intersects(body) for beam in beams) for body in bodies):
            assert shadowed_w[cell] < 1e-3 * free_w[cell]
        elif not any(unary_union([square, *beams]).convex_hull.intersects(body) for body in bodies):
            assert shadowed_w[cell] == pytest.approx(free_w[cell], rel=1e-3)
    assert 0.02 < np.mean(shadowed_w < 1e-3 * free_w) < 0.5
