"""The slope is right: each test compares it with a formula, or with differences of values traced otherwise."""

import gc
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import dbm_to_w
from trainables.objectives.quantile import QuantileObjective
from trainables.problem import PlacementProblem
from trainables.validation.halls import WAVELENGTH_M, hall

Array = npt.NDArray[np.float64]

TEMPERATURE_DB = 3.0
OFFICE = {
    "scene": {"kind": "floor_plan", "plan": "office"},
    "access_points": {"height_m": 2.6},
    "radio": {"refraction": True, "max_depth": 5},
}


def gradient(evaluator: PlacementEvaluator, num_points: int, samples_per_ap: int = 10_000) -> Any:
    """A ``PathGradient`` of an evaluator's scene (Sionna is imported once the backend is chosen)."""
    from trainables.tracing.path_gradient import PathGradient

    problem = evaluator.problem
    return PathGradient(
        evaluator.scene,
        problem.radio,
        problem.objective,
        evaluator.site.space,
        num_points,
        problem.receivers.height_m,
        samples_per_ap,
    )


def some_points(evaluator: PlacementEvaluator, count: int) -> Array:
    centers_m = evaluator.site.grid.centers_m
    return centers_m[np.random.default_rng(5).choice(len(centers_m), count, replace=False)]


def some_genes(evaluator: PlacementEvaluator, count: int) -> list[dict[str, float]]:
    rng = np.random.default_rng(1)
    return [evaluator.site.space.sample(rng) for _ in range(count)]


def friis_dbm(source_m: Array, points_m: Array) -> Array:
    """Power at points from 20 dBm, all isotropic."""
    return np.asarray(20 + 20 * np.log10(WAVELENGTH_M / (4 * np.pi * np.linalg.norm(points_m - source_m, axis=-1))))


def soft_minimum_dbm(rss_dbm: Array) -> float:
    return float(-TEMPERATURE_DB * np.log(np.mean(np.exp(-rss_dbm / TEMPERATURE_DB))))


def test_free_space_is_the_derivative_of_friis() -> None:
    evaluator = hall()
    genes = {"x1": 4.3, "y1": 6.1, "dir1_x": 0.3, "dir1_y": 0.1}
    points_m = np.column_stack([some_points(evaluator, 8), np.full(8, 1.5)])
    found = gradient(evaluator, 8)(genes, points_m, TEMPERATURE_DB)
    source_m = np.array([4.3, 6.1, 2.5])
    rss_dbm = friis_dbm(source_m, points_m)
    assert found.value_dbm == pytest.approx(soft_minimum_dbm(rss_dbm), abs=1e-3)
    share = np.exp(-rss_dbm / TEMPERATURE_DB)
    share /= share.sum()
    away_m = source_m - points_m
    slope = -20 / np.log(10) * (share[:, None] * away_m / (away_m**2).sum(axis=1)[:, None]).sum(axis=0)
    assert [found.slopes["x1"], found.slopes["y1"]] == pytest.approx(slope[:2], rel=1e-4, abs=1e-5)
    assert [found.slopes["dir1_x"], found.slopes["dir1_y"]] == pytest.approx([0, 0], abs=1e-4)
    assert (found.reached, found.num_paths) == (8, 8)


@pytest.mark.parametrize("focal", [(4.0, 2.0), (8.0, 6.0)])
def test_a_plate_that_follows_its_access_point_is_image_theory(focal: tuple[float, float]) -> None:
    """Only the plate's reflection counts: the slope holds the plate's turning and standing off as the AP moves."""
    evaluator = hall(
        radio={"specular_reflection": True, "line_of_sight": False, "max_depth": 1},
        reflector={"size_m": [2.0, 1.5]},
    )
    genes = {"x1": 7.0, "y1": 8.5, "dir1_x": 0.2, "dir1_y": 0.1, "refl_u": 0.4, "refl_v": 0.6}
    genes |= {"focal_x": focal[0], "focal_y": focal[1]}
    points_m = np.array([*focal, 1.5]) + 0.1 * np.array([[0.0, 0.0, 0.0], [3.0, 1.0, 0.0], [-2.0, 3.0, 0.0]])
    found = gradient(evaluator, 3, 30_000)(genes, points_m, TEMPERATURE_DB)

    def expected_dbm(name: str, step: float) -> float:
        placement = evaluator.site.space.decode({**genes, name: genes[name] + step})
        plate, ap_m = placement.reflectors[0], placement.access_points[0].position_m
        image_m = ap_m - 2 * ((ap_m - plate.center_m) @ plate.normal) * plate.normal
        return soft_minimum_dbm(friis_dbm(image_m, points_m))

    assert found.num_paths == 3
    assert found.value_dbm == pytest.approx(expected_dbm("x1", 0.0), abs=0.01)
    for name in ("x1", "y1"):
        slope = (expected_dbm(name, 1e-3) - expected_dbm(name, -1e-3)) / 2e-3
        assert found.slopes[name] == pytest.approx(slope, rel=0.002, abs=0.002)


class PathSolverReference:
    """The same soft minimum by Sionna's own ``PathSolver`` and receivers, without any derivative."""

    def __init__(self, evaluator: PlacementEvaluator, points_m: Array, samples_per_ap: int) -> None:
        import mitsuba as mi
        import sionna.rt as rt

        self._evaluator = evaluator
        self._samples_per_ap = samples_per_ap
        self._solver = rt.PathSolver()
        scene = evaluator.scene.scene
        scene.rx_array = rt.PlanarArray(num_rows=1, num_cols=1, pattern="iso", polarization="VH")
        for number, (x, y) in enumerate(points_m):
            scene.add(rt.Receiver(f"rx{number}", position=mi.Point3f(float(x), float(y), 1.5)))

    def __call__(self, genes: dict[str, float]) -> tuple[float, int]:
        """Value [dBm] and number of paths."""
        radio = self._evaluator.problem.radio
        scene = self._evaluator.scene
        scene.move(self._evaluator.site.space.decode(genes))
        a_real, a_imag = self._solver(
            scene.scene,
            max_depth=radio.max_depth,
            samples_per_src=self._samples_per_ap,
            max_num_paths_per_src=80_000,
            refraction=radio.refraction,
            seed=1,
        ).a
        power = (a_real.numpy().astype(float) ** 2 + a_imag.numpy().astype(float) ** 2).sum(axis=(1, 3))
        rss_w = np.maximum(0.1 * power.sum(axis=-1).max(axis=1), dbm_to_w(-120.0))
        return soft_minimum_dbm(10 * np.log10(rss_w) + 30), int(np.count_nonzero(power))


@pytest.mark.parametrize(
    ("settings", "placements"),
    [
        pytest.param({"radio": {"max_depth": 3}}, 2, id="corridor, depth 3"),
        pytest.param({}, 2, id="corridor", marks=pytest.mark.slow),
        pytest.param(OFFICE, 2, id="office", marks=pytest.mark.slow),
    ],
)
def test_slopes_are_differences_of_what_the_path_solver_finds(
    settings: dict[str, Any], placements: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Differences count where halving their step leaves them: those over which no path of weight comes or goes."""
    evaluator = PlacementEvaluator(PlacementProblem.model_validate(settings), threads=1)
    from sionna.rt.path_solvers import SBCandidateGenerator

    # Sionna drops candidates whose hashes collide; other ones after every move of a plate, unless there is room.
    monkeypatch.setattr(SBCandidateGenerator, "MIN_SPEC_COUNT_SIZE", 16_000_000)
    points_m = some_points(evaluator, 8)
    slopes_of = gradient(evaluator, 8, 5_000)
    reference = PathSolverReference(evaluator, points_m, 5_000)
    compared, expected = 0, 0
    for genes in some_genes(evaluator, placements):
        found = slopes_of(genes, points_m, TEMPERATURE_DB)
        value_dbm, num_paths = reference(genes)
        assert found.num_paths == num_paths
        assert found.value_dbm == pytest.approx(value_dbm, abs=0.02)
        for name, slope in found.slopes.items():
            expected += 1
            differences = []
            for step in (4e-3, 2e-3, 1e-3, 5e-4):
                ahead_dbm, behind_dbm = (reference({**genes, name: genes[name] + sign * step})[0] for sign in (1, -1))
                differences.append((ahead_dbm - behind_dbm) / (2 * step))
                if len(differences) > 1 and differences[-1] == pytest.approx(differences[-2], rel=0.02, abs=0.02):
                    compared += 1
                    assert slope == pytest.approx(differences[-1], rel=0.03, abs=0.05), name
                    break
    assert compared >= 0.75 * expected


@pytest.mark.parametrize("array", [{}, {"array_rows": 2, "array_columns": 4}, {"polarization": "VH"}])
@pytest.mark.parametrize("combine", ["best_server", "total"])
def test_value_is_that_of_the_radio_map(array: dict[str, Any], combine: str) -> None:
    """Two solvers, one power: paths to the cells' centres, and rays caught by the cells' panels."""
    evaluator = hall(
        radio={"tx_pattern": "tr38901", "specular_reflection": True, "max_depth": 1, **array},
        reflector={"size_m": [3.0, 3.0]},
        access_points={"count": 2},
        receivers={"cell_size_m": 0.25, "panel_height_m": 0.2},
        objective={"combine": combine},
    )
    genes = {"x1": 4.0, "y1": 6.0, "dir1_x": 1.0, "dir1_y": 0.2, "x2": 9.0, "y2": 2.0, "dir2_x": 0.1, "dir2_y": 0.8}
    genes |= {"refl_u": 0.5, "refl_v": 0.5, "focal_x": 12.0, "focal_y": 8.0}
    from trainables.tracing.path_gradient import soft_minimum

    cells = np.flatnonzero(evaluator.site.grid.centers_m[:, 0] > 10)[::37]
    points_m = evaluator.site.grid.centers_m[cells]
    found = gradient(evaluator, len(cells))(genes, points_m, TEMPERATURE_DB)
    rss_w = evaluator.trace(evaluator.site.space.decode(genes), 3_000_000).rss_w[:, cells]
    expected_dbm, _, reached = soft_minimum(rss_w.T, evaluator.problem.objective, TEMPERATURE_DB)
    assert found.value_dbm == pytest.approx(expected_dbm, abs=0.2)
    assert found.reached == reached == len(cells)


def test_access_points_with_antennas_of_their_own() -> None:
    """The value is that of the radio map, whose groups are traced one by one; the slopes are those of the value."""
    from trainables.tracing.path_gradient import soft_minimum

    antennas = ({"pattern": "ceiling_omni"}, {"columns": 2}, {"pattern": "ceiling_omni"})
    evaluator = hall(
        radio={"specular_reflection": True, "max_depth": 1},
        reflector={"size_m": [3.0, 3.0]},
        access_points={"count": 3, "each": [{"antenna": antenna} for antenna in antennas]},
        receivers={"cell_size_m": 0.25, "panel_height_m": 0.2},
        objective={"combine": "total"},
    )
    genes = {"refl_u": 0.5, "refl_v": 0.5, "focal_x": 12.0, "focal_y": 8.0}
    for ap, (x, y, dir_x, dir_y) in enumerate(((4, 6, 0.1, 0.0), (9, 2, 0.1, 0.8), (6, 9, -0.3, 0.1)), start=1):
        genes |= {f"x{ap}": x, f"y{ap}": y, f"dir{ap}_x": dir_x, f"dir{ap}_y": dir_y}
    cells = np.flatnonzero(evaluator.site.grid.centers_m[:, 0] > 10)[::97]
    slopes_of, points_m = gradient(evaluator, len(cells)), evaluator.site.grid.centers_m[cells]
    found = slopes_of(genes, points_m, TEMPERATURE_DB)
    rss_w = evaluator.trace(evaluator.site.space.decode(genes), 500_000).rss_w[:, cells]
    expected_dbm, _, _ = soft_minimum(rss_w.T, evaluator.problem.objective, TEMPERATURE_DB)
    assert found.value_dbm == pytest.approx(expected_dbm, abs=0.3)
    for name in ("dir2_y", "y3"):
        ahead, behind = (
            slopes_of({**genes, name: genes[name] + step}, points_m, TEMPERATURE_DB) for step in (5e-3, -5e-3)
        )
        assert found.slopes[name] == pytest.approx((ahead.value_dbm - behind.value_dbm) / 1e-2, rel=0.05, abs=0.02)
        assert abs(found.slopes[name]) > 0.02


def test_a_gradient_leaves_the_radio_map_as_it_was() -> None:
    evaluator = PlacementEvaluator(PlacementProblem(), threads=1)
    points_m = some_points(evaluator, 4)
    first, other = some_genes(evaluator, 2)
    placement = evaluator.site.space.decode(first)
    before_w = evaluator.trace(placement, 30_000).rss_w
    slopes_of = gradient(evaluator, 4, 1_000)
    slopes_of(other, points_m, TEMPERATURE_DB)
    np.testing.assert_array_equal(evaluator.trace(placement, 30_000).rss_w, before_w)


def test_a_gradient_sees_the_plate_that_it_moved() -> None:
    """The scene that paths are traced in follows the plate, also when the radio map moved it meanwhile."""
    evaluator = hall(
        radio={"specular_reflection": True, "line_of_sight": False, "max_depth": 1}, reflector={"size_m": [1.0, 1.0]}
    )
    genes = {"x1": 7.0, "y1": 8.5, "dir1_x": 0.2, "dir1_y": 0.1, "refl_u": 0.4, "refl_v": 0.6}
    slopes_of = gradient(evaluator, 1, 30_000)
    for focal in ((4.0, 2.0), (8.0, 6.0), (4.0, 10.0), (4.0, 2.0)):
        aimed = {**genes, "focal_x": focal[0], "focal_y": focal[1]}
        found = slopes_of(aimed, np.array([focal]), TEMPERATURE_DB)
        assert (found.num_paths, found.reached) == (1, 1)
        elsewhere = slopes_of(aimed, np.array([[12.0, 4.0]]), TEMPERATURE_DB)
        assert (elsewhere.num_paths, elsewhere.reached, elsewhere.value_dbm) == (0, 0, pytest.approx(-120))
        evaluator.trace(evaluator.site.space.decode({**aimed, "focal_x": 6.0, "focal_y": 4.0}), 1_000)


def test_same_arguments_give_the_same_and_compile_nothing() -> None:
    import drjit as dr

    gc.collect()  # else what earlier tests have left behind goes away in between, and kernels call one class less
    evaluator = PlacementEvaluator(PlacementProblem.model_validate({"radio": {"max_depth": 3}}), threads=1)
    points_m = some_points(evaluator, 8)
    slopes_of = gradient(evaluator, 8, 3_000)
    first, *others = some_genes(evaluator, 4)
    for genes in others:
        slopes_of(genes, points_m, TEMPERATURE_DB)
    once = slopes_of(first, points_m, TEMPERATURE_DB)
    with dr.scoped_set_flag(dr.JitFlag.KernelHistory, True):
        dr.kernel_history_clear()
        assert slopes_of(first, points_m, TEMPERATURE_DB) == once
        moved = {**first, "x1": first["x1"] - 1e-3, "dir2_y": first["dir2_y"] + 1e-3}  # along the same paths
        assert slopes_of(moved, points_m + 1e-3, TEMPERATURE_DB) != once
        kernels = [k for k in dr.kernel_history() if k["type"] == dr.KernelType.JIT]
    assert kernels
    assert all(k["cache_hit"] for k in kernels)


@pytest.mark.parametrize("combine", ["best_server", "total"])
def test_soft_minimum_has_its_own_slope(combine: Any) -> None:
    from trainables.tracing.path_gradient import soft_minimum

    objective = QuantileObjective(combine=combine)
    rss_w = 10.0 ** np.random.default_rng(3).uniform(-11, -7, (6, 3))
    rss_w[4] = 0.0
    value_dbm, slope, reached = soft_minimum(rss_w, objective, TEMPERATURE_DB)
    assert reached == 5
    assert -120 <= value_dbm < -100  # a point without power counts, at the floor
    assert not slope[4].any()
    for index in np.ndindex(rss_w.shape):
        if index[0] != 4:
            step = np.zeros_like(rss_w)
            step[index] = 1e-4 * rss_w[index]
            ahead, behind = (soft_minimum(rss_w + s * step, objective, TEMPERATURE_DB)[0] for s in (1, -1))
            assert slope[index] * 2 * step[index] == pytest.approx(ahead - behind, rel=1e-4, abs=1e-12)
    cold_dbm, _, _ = soft_minimum(rss_w[:4], objective, 1e-3)
    served_w = rss_w[:4].max(axis=1) if combine == "best_server" else rss_w[:4].sum(axis=1)
    assert cold_dbm == pytest.approx(10 * np.log10(served_w.min()) + 30, abs=0.01)


def test_wrong_arguments_are_named() -> None:
    evaluator = hall()
    slopes_of = gradient(evaluator, 2, 100)
    genes = some_genes(evaluator, 1)[0]
    with pytest.raises(ValueError, match="num_points = 2 points, but got 3"):
        slopes_of(genes, np.zeros((3, 2)), TEMPERATURE_DB)
    with pytest.raises(ValueError, match="temperature_db must be > 0, but got 0"):
        slopes_of(genes, np.zeros((2, 2)), 0.0)
