"""A placement goes through JSON and comes back; what a person leaves out follows from the rest."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.design import Placement
from trainables.problem import PlacementProblem

SPACE = PlacementProblem().site().space
AP = {"position_m": [2, 2, 2.5], "direction": [1, 0, -0.5], "power_dbm": 20}
PLATE = {"center_m": [19.6, 2, 1.5], "normal": [-1, 0.8, 0], "size_m": [1, 2]}


def drawn(seed: int) -> Placement:
    return SPACE.decode(SPACE.sample(np.random.default_rng(seed)))


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_a_placement_comes_back(seed: int) -> None:
    told = json.loads(json.dumps(drawn(seed).to_json()))
    assert Placement.from_json(told).to_json() == told


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.floats(0.01, 100))
def test_what_is_left_out_follows_from_the_rest(seed: int, length: float) -> None:
    placement = drawn(seed)
    told = placement.to_json()
    for ap in told["access_points"]:
        ap["direction"] = [length * x for x in ap["direction"]]
    told["reflectors"] = [
        {"center_m": plate["center_m"], "normal": [length * x for x in plate["normal"]], "size_m": plate["size_m"]}
        for plate in told["reflectors"]
    ]
    again = Placement.from_json(told)
    for ap, other in zip(placement.access_points, again.access_points, strict=True):
        np.testing.assert_allclose(other.direction, ap.direction, atol=1e-12)
    (plate,), (other,) = placement.reflectors, again.reflectors
    np.testing.assert_allclose(other.vertices_m, plate.vertices_m, atol=1e-9)
    to_aim, to_own_aim = (pose.focal_point_m - plate.center_m for pose in (other, plate))
    cosine = to_aim @ to_own_aim / np.linalg.norm(to_aim) / np.linalg.norm(to_own_aim)
    assert cosine == pytest.approx(1, abs=1e-9)  # a plate that was aimed sends its nearest access point's light there


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "access_points: must be a list of at least one, but there is none; add it"),
        ({"access_points": "ab"}, "access_points: must be a list of at most 1000, but is not; correct it"),
        ({"access_points": [3]}, "access_points.0: must be a mapping of keys, but is a int; correct it"),
        ({"access_points": [AP, {}]}, "access_points.1.position_m: must be given, but is missing; add it"),
        (
            {"access_points": [{**AP, "direction": [0, 0, 0]}]},
            "access_points.0: direction must not be [0, 0, 0]; correct it",
        ),
        (
            {"access_points": [AP], "reflectors": [{**PLATE, "size_m": [1, 0]}]},
            "reflectors.0: size_m must be > 0, but got [1.0, 0.0]; correct it",
        ),
        (
            {"access_points": [AP], "reflectors": [{**PLATE, "normal": [0, 0, 1]}]},
            "reflectors.0: normal must not be vertical, but got [0.0, 0.0, 1.0]; correct it",
        ),
        (
            {"access_points": [AP], "reflectors": [{**PLATE, "vertices_m": [[1, 2, 3]]}]},
            "reflectors.0: vertices_m must be 4 x 3 finite numbers, but is not; correct it",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line(data: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole text is compared)
        Placement.from_json(data)
    assert str(caught.value) == said
