"""Access points with antennas of their own: each is traced as it would be if all were like it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from search_spaces.antenna import AntennaConfig
from search_spaces.antenna_patterns.ceiling_omni import gain_dbi
from search_spaces.design import AccessPoint, Placement
from tests.antenna_files import csv_text, msi_text, sector_dbi, written
from trainables.evaluator import PlacementEvaluator
from trainables.physical_optics.antenna import departing_field
from trainables.problem import PlacementProblem
from trainables.tracing.radio import RadioConfig
from trainables.validation.halls import cells_m, db, friis_w, hall, rms

Array = npt.NDArray[np.float64]

SECTOR, CEILING = AntennaConfig(), AntennaConfig(pattern="ceiling_omni", polarization="VH")
ARRAY = AntennaConfig(pattern="dipole", columns=2, polarization="cross")
MIXED = (SECTOR, CEILING, SECTOR, ARRAY)

REFLECTING: dict[str, Any] = {"specular_reflection": True, "max_depth": 2, "tx_pattern": "tr38901"}


@pytest.fixture(scope="module")
def corridor() -> PlacementEvaluator:
    """Four access points, a plate, and nothing that takes long."""
    problem = {"radio": {"max_depth": 2}, "receivers": {"cell_size_m": 1.0}, "access_points": {"count": len(MIXED)}}
    return PlacementEvaluator(PlacementProblem.model_validate(problem))


@contextmanager
def nothing_compiled() -> Iterator[None]:
    """What is launched meanwhile was compiled before."""
    import drjit as dr

    with dr.scoped_set_flag(dr.JitFlag.KernelHistory):
        dr.kernel_history_clear()
        yield
        launched = [kernel for kernel in dr.kernel_history() if kernel["type"] == dr.KernelType.JIT]
    assert launched
    assert all(kernel["cache_hit"] for kernel in launched)


def some_placement(
    evaluator: PlacementEvaluator, antennas: tuple[AntennaConfig | None, ...], seed: int = 3
) -> Placement:
    """A placement whose access points have these antennas, and powers of their own."""
    placement = evaluator.site.space.decode(evaluator.site.space.sample(np.random.default_rng(seed)))
    aps = zip(placement.access_points, antennas, range(len(antennas)), strict=True)
    own = tuple(AccessPoint(ap.position_m, ap.direction, 17.0 + number, antenna=a) for ap, a, number in aps)
    return Placement(own, placement.reflectors)


def alike(placement: Placement, antenna: AntennaConfig) -> Placement:
    """The placement if all its access points had that antenna."""
    aps = (AccessPoint(ap.position_m, ap.direction, ap.power_dbm, antenna=antenna) for ap in placement.access_points)
    return Placement(tuple(aps), placement.reflectors)


def test_a_map_of_groups_is_made_of_the_maps_of_each_group_alone() -> None:
    """Two groups in one scene, and each in a scene of its own: the same rays, the same powers."""
    both = hall(radio=REFLECTING, access_points={"count": 3})
    placement = some_placement(both, (SECTOR, ARRAY, SECTOR))
    both_w = both.trace(placement, 20_000, sample=1).rss_w
    for members, antenna in (([0, 2], SECTOR), ([1], ARRAY)):
        alone = hall(radio=REFLECTING, access_points={"count": len(members)})
        aps = tuple(placement.access_points[member] for member in members)
        alone_w = alone.trace(Placement(aps), 20_000, sample=1).rss_w
        assert (alone_w > 0).any(axis=1).all()
        np.testing.assert_allclose(both_w[members], alone_w, rtol=1e-4)
        assert {ap.antenna for ap in aps} == {antenna}


def test_the_paths_of_a_picture_leave_each_access_points_own_antenna() -> None:
    """They are those of a placement of equal antennas, and everybody's strongest still comes first."""
    from trainables.strongest_paths import strongest_paths

    evaluator = hall(
        {"floor": {"material": "concrete", "thickness_m": 0.2}}, radio=REFLECTING, access_points={"count": 3}
    )
    targets_m = np.array([[4.0, 6.0, 1.5], [9.0, 3.0, 1.5], [12.0, 8.0, 1.5]])

    def paths_of(placement: Placement) -> list[Any]:
        return strongest_paths(evaluator.new_scene(3, 0), evaluator.problem.radio, placement, targets_m, 100)

    antennas = (SECTOR, CEILING, SECTOR)
    mixed = some_placement(evaluator, antennas)
    found = paths_of(mixed)
    assert len(found) == 3 * 3 * 2  # direct and by the floor
    first = found[: len(targets_m)]
    for target in range(len(targets_m)):
        (best,) = (path.power_w for path in first if path.target == target)
        assert best == max(path.power_w for path in found if path.target == target)
    for antenna in (SECTOR, CEILING):
        equal = {(p.access_point, p.target, len(p.vertices_m)): p for p in paths_of(alike(mixed, antenna))}
        for path in [path for path in found if antennas[path.access_point] is antenna]:
            same = equal[path.access_point, path.target, len(path.vertices_m)]
            assert path.power_w == pytest.approx(same.power_w, rel=1e-4)
            np.testing.assert_allclose(path.vertices_m, same.vertices_m, atol=1e-4)


def test_edges_diffract_what_each_antenna_sends_there(corridor: PlacementEvaluator) -> None:
    from trainables.tracing.diffraction import EdgeDiffraction

    movable = corridor.new_scene(len(MIXED), 1)
    edges = EdgeDiffraction(movable, corridor.site.grid)

    def diffracted_w(placement: Placement) -> Array:
        movable.move(placement)
        return edges.power_w(placement)

    mixed = some_placement(corridor, MIXED)
    mixed_w = diffracted_w(mixed)
    assert (mixed_w > 0).all()
    for antenna in dict.fromkeys(MIXED):
        own = [number for number, of in enumerate(MIXED) if of == antenna]
        np.testing.assert_allclose(mixed_w[own], diffracted_w(alike(mixed, antenna))[own], rtol=1e-4)
    with nothing_compiled():
        diffracted_w(some_placement(corridor, MIXED, seed=4))


def test_a_candidate_compiles_nothing_with_three_groups(corridor: PlacementEvaluator) -> None:
    for seed in (1, 2):
        corridor.trace(some_placement(corridor, MIXED, seed), 3_000)
    with nothing_compiled():
        for seed in (3, 4, 5):
            corridor.trace(some_placement(corridor, MIXED, seed), 3_000)


def test_the_antenna_of_all_is_that_of_the_radio_settings_afterwards_too(corridor: PlacementEvaluator) -> None:
    usual = some_placement(corridor, (None,) * len(MIXED))
    before_w = corridor.trace(usual, 3_000).rss_w
    corridor.trace(some_placement(corridor, MIXED), 3_000)
    again = Placement(usual.access_points, usual.reflectors)  # another one for the evaluator
    np.testing.assert_allclose(corridor.trace(again, 3_000).rss_w, before_w, rtol=1e-4)
    np.testing.assert_allclose(corridor.trace(alike(usual, SECTOR), 3_000).rss_w, before_w, rtol=1e-4)


@pytest.mark.parametrize("format_", ["csv", "msi"])
def test_a_file_of_the_standards_element_gives_the_map_of_its_equation(format_: str, tmp_path: Path) -> None:
    cut_db = 8 - sector_dbi(np.zeros(360), np.arange(360.0))
    text = csv_text(sector_dbi, 2) if format_ == "csv" else msi_text(cut_db, cut_db)
    filed = AntennaConfig(pattern=str(written(tmp_path / f"sector.{format_}", text)))
    evaluator = hall(radio=REFLECTING)
    placement = some_placement(evaluator, (SECTOR,))
    expected_w, found_w = (evaluator.trace(p, 50_000).rss_w for p in (placement, alike(placement, filed)))
    lit = expected_w > 0
    assert lit.all()
    np.testing.assert_allclose(10 * np.log10(found_w / expected_w), 0, atol=0.1)


@pytest.mark.parametrize("polarization", ["V", "H", "VH", "cross"])
@pytest.mark.parametrize("name", ["ceiling_omni", "random.csv"])
def test_a_table_is_looked_up_as_physical_optics_does(name: str, polarization: Any, tmp_path: Path) -> None:
    """All around, its seam and its poles among it, with the polarisation: on the device, and by SciPy and vectors."""
    rng = np.random.default_rng(4)
    random_dbi = rng.uniform(-30, 0, (19, 37))
    random_dbi[:, -1] = random_dbi[:, 0]
    written(tmp_path / "random.csv", csv_text(lambda elevation, azimuth: random_dbi, 10))
    antenna = AntennaConfig(pattern=str(tmp_path / name) if "." in name else name, polarization=polarization)
    hall()  # the backend is chosen
    import mitsuba as mi

    from trainables.tracing.antennas import AntennaGroups

    theta, phi = np.append(np.arccos(rng.uniform(-1, 1, 300)), [0.0, np.pi]), rng.uniform(-2 * np.pi, 2 * np.pi, 302)
    phi[:4] = [np.pi, -np.pi, 2 * np.pi, -1e-7]
    theta_hat = np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), -np.sin(theta)], axis=-1)
    phi_hat = np.stack([-np.sin(phi), np.cos(phi), 0 * phi], axis=-1)
    ahead = AccessPoint(np.zeros(3), np.array([1.0, 0.0, 0.0]), 20.0, antenna=antenna)
    expected = departing_field(ahead, RadioConfig(), np.cross(theta_hat, phi_hat))
    array = AntennaGroups().array(antenna)
    found = np.zeros((302, 3))
    for pattern in array.antenna_pattern.patterns:
        along_theta, along_phi = (np.asarray(c.real.numpy()) for c in pattern(mi.Float(theta), mi.Float(phi)))
        found += along_theta[:, None] * theta_hat + along_phi[:, None] * phi_hat
    found /= np.sqrt(len(array.antenna_pattern.patterns))
    np.testing.assert_allclose(found[:300], expected[:300], atol=2e-4)
    # At a pole of its own an azimuth means nothing: the strength is that of the table, the way it points is not.
    if name == "ceiling_omni":
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(expected, axis=1), rtol=1e-3)


def test_a_ceiling_antenna_that_looks_down_has_the_gain_of_its_recommendation_and_stands_upright() -> None:
    evaluator = hall(radio={"tx_pattern": "ceiling_omni"})
    down = AccessPoint(np.array([7.5, 6.0, 3.5]), np.array([0.0, 0.0, -1.0]), 20.0)
    offsets_m = cells_m(evaluator) - down.position_m
    distances_m = np.linalg.norm(offsets_m, axis=1)
    expected_w = friis_w(distances_m) * 10 ** (gain_dbi(np.degrees(np.arcsin(offsets_m[:, 2] / distances_m))) / 10)
    errors_db = db(evaluator.trace(Placement((down,)), 300_000).rss_w[0] / expected_w)
    assert rms(errors_db) < 0.3
    assert abs(np.mean(errors_db)) < 0.1
    level = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.6, 0.8, 0.0]])
    np.testing.assert_allclose(departing_field(down, evaluator.problem.radio, level)[:, :2], 0.0, atol=1e-12)
