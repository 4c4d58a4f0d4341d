"""The paths that are drawn exist, have the power that physics says, and are the strongest."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from search_spaces.design import Placement
from tests.trainables.tracing.test_physics import some_placements
from trainables.evaluator import PlacementEvaluator
from trainables.validation.halls import WAVELENGTH_M, at, hall

if TYPE_CHECKING:
    from trainables.strongest_paths import RayPath

TARGETS_M = np.array([[17.0, 6.0, 1.5], [19.0, 9.0, 1.5], [18.0, 13.0, 1.5], [17.5, 18.0, 1.5]])


def strongest(
    evaluator: PlacementEvaluator, placement: Placement, targets_m: npt.NDArray[np.float64], num_paths: int
) -> list["RayPath"]:
    from trainables.strongest_paths import strongest_paths

    movable = evaluator.new_scene(len(placement.access_points), len(placement.reflectors))
    return strongest_paths(movable, evaluator.problem.radio, placement, targets_m, num_paths)


def test_powers_are_those_of_friis_and_of_the_mirror_image() -> None:
    evaluator = hall(radio={"specular_reflection": True, "max_depth": 1}, reflector={"size_m": [2.0, 1.5]})
    genes = {"x1": 7.0, "y1": 8.5, "dir1_x": 0.0, "dir1_y": 0.0, "refl_u": 0.4, "refl_v": 0.5}
    placement = evaluator.site.space.decode({**genes, "focal_x": 8.0, "focal_y": 3.0})
    ap, plate = placement.access_points[0], placement.reflectors[0]
    target_m = np.array([8.0, 3.0, 1.5])
    direct, reflected = strongest(evaluator, placement, target_m[None], 10)
    image_m = ap.position_m - 2 * ((ap.position_m - plate.center_m) @ plate.normal) * plate.normal
    for path, source_m in ((direct, ap.position_m), (reflected, image_m)):
        friis_w = 0.1 * (WAVELENGTH_M / (4 * np.pi * np.linalg.norm(target_m - source_m))) ** 2
        assert path.power_w == pytest.approx(friis_w, rel=0.01)
    assert (direct.by_reflector, reflected.by_reflector) == (False, True)
    np.testing.assert_allclose(direct.vertices_m, [ap.position_m, target_m])
    np.testing.assert_allclose(reflected.vertices_m, [ap.position_m, plate.center_m, target_m], atol=1e-3)


@pytest.mark.slow
def test_everybodys_strongest_path_comes_first(corridor: PlacementEvaluator) -> None:
    """Against another run of the solver with three times the rays, its own pair of receiving dipoles added up."""
    import sionna.rt as rt

    placement = some_placements(corridor.site.space, 1)[0]
    found = strongest(corridor, placement, TARGETS_M, 30)
    assert len(found) == 30

    movable = corridor.new_scene(len(placement.access_points), len(placement.reflectors))
    movable.move(placement)
    movable.scene.rx_array = rt.PlanarArray(num_rows=1, num_cols=1, pattern="iso", polarization="cross")
    for number, target_m in enumerate(TARGETS_M.tolist()):
        movable.scene.add(rt.Receiver(f"r{number}", position=target_m))
    paths = rt.PathSolver()(movable.scene, max_depth=8, refraction=False, samples_per_src=300_000)
    power_w = 0.1 * sum(part.numpy().astype(float) ** 2 for part in paths.a).sum(axis=(1, 3))

    per_target = [np.sort(w.ravel())[::-1] for w in power_w]
    for target, expected_w in enumerate(per_target):
        mine_w = [path.power_w for path in found if path.target == target]
        assert 7 <= len(mine_w) <= 8  # each has its share of the 30
        np.testing.assert_allclose(mine_w, expected_w[: len(mine_w)], rtol=0.02)
    first = found[: len(TARGETS_M)]
    assert {path.target for path in first} == set(range(len(TARGETS_M)))
    strongest_w = sorted((w[0] for w in per_target), reverse=True)
    np.testing.assert_allclose([path.power_w for path in first], strongest_w, rtol=0.02)


def test_paths_run_from_an_access_point_to_a_target_and_mirror_on_the_way(corridor: PlacementEvaluator) -> None:
    placement = some_placements(corridor.site.space, 1)[0]
    found = strongest(corridor, placement, TARGETS_M, 30)
    low_m, high_m = corridor.scene.bounds_m
    for path in found:
        np.testing.assert_array_equal(path.vertices_m[0], placement.access_points[path.access_point].position_m)
        np.testing.assert_array_equal(path.vertices_m[-1], TARGETS_M[path.target])
        assert np.all(path.vertices_m >= low_m - 1e-3)
        assert np.all(path.vertices_m <= high_m + 1e-3)
        plate = placement.reflectors[0]
        off_plate_m = np.abs((path.vertices_m[1:-1] - plate.center_m) @ plate.normal)
        near = np.linalg.norm(path.vertices_m[1:-1] - plate.center_m, axis=1) < 0.75
        assert path.by_reflector == bool(np.any(near & (off_plate_m < 1e-3)))


def test_no_path_is_no_error() -> None:
    """A hall of vacuum reflects nothing, and the line of sight is switched off."""
    evaluator = hall(radio={"line_of_sight": False, "specular_reflection": True, "max_depth": 1})
    assert strongest(evaluator, Placement((at(4.0, 6.0, 2.5),)), np.array([[8.0, 3.0, 1.5]]), 5) == []
