"""A plate's power in a problem's cells: as in boxes made by hand, and refused where images are not exact."""

from typing import Any

import numpy as np
import pytest

import trainables.plate_optics
from search_spaces.design import Placement
from tests.plates import Array, db
from trainables.physical_optics.box import Box, Wall
from trainables.physical_optics.plate import Plate
from trainables.physical_optics.power import power_by_plate_w
from trainables.physical_optics.reflection import Slab
from trainables.physical_optics.rooms import NoBoxesError
from trainables.plate_optics import PlateOptics
from trainables.problem import PlacementProblem
from trainables.tracing.backend import start_backend


@pytest.fixture(autouse=True, scope="module")
def backend() -> None:
    """Sionna knows the materials."""
    start_backend("cpu", None)


def problem(**radio: Any) -> PlacementProblem:
    return PlacementProblem.model_validate({"radio": {"max_depth": 3, **radio}, "receivers": {"cell_size_m": 2.0}})


def placement(of: PlacementProblem) -> Placement:
    space = of.site().space
    return space.decode(space.sample(np.random.default_rng(1)))


def by_hand_w(of: PlacementProblem, at: Placement) -> Array:
    """In ``l_corridor``: access points in the leg along x, users in that along y; ITU-R P.2040-4, table 3."""
    concrete = Slab(5.24, 0.0462 * 5.18**0.7822, 0.2)
    wall = Wall(concrete)
    north = Wall(concrete, np.array([[16, 3.9, 0], [20, 4.1, 3]]))
    west = Wall(concrete, np.array([[15.9, 0, 0], [16.1, 4, 3]]))
    before = Box(np.zeros(3), np.array([20.0, 4, 3]), ((wall, wall), (wall, north), (wall, wall)))
    after = Box(np.array([16.0, 0, 0]), np.array([20.0, 20, 3]), ((west, wall), (wall, wall), (wall, wall)))
    along_m, up_m = 1 / 3**0.5, 0.4 / 3**0.5  # Gauss points of a cell of 2 m with panels of 0.8 m
    powers_w = []
    for ap in at.access_points:
        points_w = []
        for dx, dy, dz in ((1, 0, 1), (-1, 0, -1), (0, 1, -1), (0, -1, 1)):
            x, y = (of.site().grid.centers_m + np.array([dx, dy]) * along_m).T
            points_m = np.column_stack([x, y, np.full(len(x), 1.5 + dz * up_m)])
            plate = Plate.of(at.reflectors[0].vertices_m)
            points_w.append(power_by_plate_w(ap, of.radio, plate, Slab(1, 1e7, 0.001), points_m, before, after))
        powers_w.append(np.mean(points_w, axis=0))
    return np.array(powers_w)


@pytest.mark.parametrize("at_a_time", [2000, 10**6])
def test_it_is_what_boxes_by_hand_give(at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many paths are in memory at a time; beside no other power next to nothing is left out."""
    monkeypatch.setattr(trainables.plate_optics, "_AT_A_TIME", at_a_time)
    of = problem()
    at = placement(of)
    expected_w = by_hand_w(of, at)
    found_w = PlateOptics.of(of, at).power_w(np.zeros(of.site().grid.num_cells))
    assert found_w.shape == (2, of.site().grid.num_cells)
    assert np.abs(db(found_w / expected_w)).max() < 0.03


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"radio": {"refraction": True}}, "radio.refraction is true"),
        ({"radio": {"diffuse_reflection": True}}, "radio.diffuse_reflection is true"),
        ({"radio": {"diffraction": True}}, "radio.diffraction is true"),
        ({"radio": {"specular_reflection": False}}, "radio.specular_reflection is false"),
        ({"radio": {"array_columns": 2}}, "access points are arrays"),
        ({"access_points": {"each": [{"antenna": {"columns": 2}}]}}, "access points are arrays"),
        ({"receivers": {"surface": "plane"}}, "receivers.surface is not crosses"),
        ({"scene": {"plan": "office"}}, "has doors or windows"),
        ({"receivers": {"zones": [[[16, 0], [20, 0], [20, 20], [16, 20]]]}}, "receiver cells are not all in one leg"),
        ({"access_points": {"areas": [[[17, 1], [19, 1], [19, 3.5], [17, 3.5]]]}}, "access points are not all in one"),
        (
            {"reflector": {"wall": {"top_left_m": [4, 0, 3], "bottom_right_m": [0, 0, 0]}}},
            "the plate is not all in the corner of the L",
        ),
        ({"receivers": {"cell_size_m": 0.1}}, "paths from plates to cells are more than"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value.replace(" ", "-"),
)
def test_what_images_do_not_know_is_refused(changes: dict[str, Any], reason: str) -> None:
    of = PlacementProblem.model_validate(changes)
    with pytest.raises(NoBoxesError, match=reason):
        PlateOptics.of(of, feasible(of))


def test_without_a_plate_there_is_nothing_to_tell() -> None:
    of = problem()
    with pytest.raises(NoBoxesError, match="there is no plate"):
        PlateOptics.of(of, placement(of).without_reflectors())


def feasible(of: PlacementProblem) -> Placement:
    space, rng = of.site().space, np.random.default_rng(2)
    draws = (space.sample(rng) for _ in range(1000))
    return space.decode(next(genes for genes in draws if not space.violation(genes)))


def test_what_two_plates_bring_is_added_up() -> None:
    wide = {"top_left_m": [20, 4, 3], "bottom_right_m": [20, 0, 0]}
    two = PlacementProblem.model_validate(
        {
            "radio": {"max_depth": 2},
            "receivers": {"cell_size_m": 2.0},
            "reflectors": [{"wall": wide}, {"material": "wood"}],
        }
    )
    at, nothing_w = feasible(two), np.zeros(two.site().grid.num_cells)
    both_w = PlateOptics.of(two, at).power_w(nothing_w)
    alone_w = [
        PlateOptics.of(two.model_copy(update={"reflectors": (plate,)}), Placement(at.access_points, (pose,))).power_w(
            nothing_w
        )
        for plate, pose in zip(two.plates, at.reflectors, strict=True)
    ]
    np.testing.assert_allclose(both_w, sum(alone_w))
    assert alone_w[0].sum() > 2 * alone_w[1].sum() > 0, "wood reflects less"


def test_a_tiled_plate_is_not_known() -> None:
    of = problem().model_copy(update={"reflector": PlacementProblem(reflector={"tiles": [2, 2]}).reflector})
    with pytest.raises(NoBoxesError, match=r"a plate is tiled \(reflector.tiles\)"):
        PlateOptics.of(of, feasible(of))
