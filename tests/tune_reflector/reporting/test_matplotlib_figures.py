"""Maps of scenes that are no floor plan have the outlines of the buildings that are known."""

import pytest

from trainables.problem import PlacementProblem, Site
from tune_reflector.reporting.matplotlib_figures import limits_m, outlines_m


def street(above: str) -> Site:
    zone = [[[-20.0, -8.0], [40.0, -8.0], [40.0, 9.0], [-20.0, 9.0]]]
    problem = {
        "scene": {"kind": "sionna", "name": "simple_street_canyon", "height_above": above},
        "receivers": {"zones": zone, "cell_size_m": 5},
        "access_points": {"areas": zone},
        "reflector": None,
    }
    return PlacementProblem.model_validate(problem).site()


def test_outlines_are_those_of_the_houses_as_far_as_they_are_shown() -> None:
    site = street("ground")
    lines = outlines_m(site)
    assert len(lines) == 4, "two on either side reach into the picture"
    for line in lines:
        for axis, (low, high) in enumerate(limits_m(site)):
            assert low - 1e-9 <= line[:, axis].min() <= line[:, axis].max() <= high + 1e-9
    (west,) = (line for line in lines if line[:, 1].min() > 0 and line[:, 0].max() < 30)
    assert west.min(axis=0) == pytest.approx([-15.1, 9.6], abs=0.1)
    assert outlines_m(street("zero")) == []
