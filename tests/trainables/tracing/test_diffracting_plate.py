"""The plate that diffracts: what it does to a ray, against physical optics, and where it is a mirror after all."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from search_spaces.design import Placement
from tests.trainables.tracing.test_path_gradient import TEMPERATURE_DB, gradient, some_genes, some_points
from tests.trainables.tracing.test_physics import WAVELENGTH_M, hall
from trainables.evaluator import PlacementEvaluator
from trainables.physical_optics.box import Box
from trainables.physical_optics.plate import Plate
from trainables.physical_optics.power import power_by_plate_w
from trainables.physical_optics.reflection import Mirror
from trainables.physical_optics.tile_sum import tile_sum
from trainables.problem import PlacementProblem

Array = npt.NDArray[np.float64]

GENES = {"x1": 13.0, "y1": 8.0, "dir1_x": 0.2, "dir1_y": 0.1, "refl_u": 0.4, "refl_v": 0.6}
"""An access point in the hall, and a plate on its wall, which is to be aimed."""


class Hit:
    """Rays that hit a plate of 1.2 x 0.8 m at one point, from one side, and what its material makes of them."""

    def __init__(
        self, at_m: tuple[float, float], component: int = 0, from_behind: bool = False, facet: int | None = None
    ) -> None:
        import drjit as dr
        import mitsuba as mi
        import sionna.rt as rt
        from sionna.rt.constants import InteractionType

        from trainables.tracing.diffracting_plate import DiffractingPlate

        center_m, sides_m = np.array([3.0, -2.0, 1.0]), np.array([1.2, 0.8])
        self.axes = np.array([[0.8, 0.6, 0.0], [0.36, -0.48, 0.8]])
        self.normal = np.cross(*self.axes) * (-1 if from_behind else 1)
        self.arriving = -0.7 * self.normal + 0.5 * self.axes[0] - 0.51 * self.axes[1]
        self.arriving /= np.linalg.norm(self.arriving)
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2 * sides_m
        bending = DiffractingPlate("bending", "metal", thickness=0.001, color=(1.0, 0.0, 0.0))
        sheets_m = (center_m + corners @ self.axes)[None]
        if facet is not None:  # among others, which are elsewhere, of other sizes and turned
            others_m = [sheets_m[0] @ np.diag([0.3, 2.0, 1.7]) + shift_m for shift_m in range(facet + 2)]
            sheets_m = np.insert(np.array(others_m), facet, sheets_m[0], axis=0)
        bending.place(sheets_m)
        mirror = rt.ITURadioMaterial("mirror", "metal", thickness=0.001)
        scene = rt.load_scene()
        scene.frequency = 5.18e9
        for material in (bending, mirror):
            scene.add(material)

        count = 200_000
        uniform = np.random.default_rng(1).random((3, count), dtype=np.float32)
        si = dr.zeros(mi.SurfaceInteraction3f, count)
        si.p = mi.Point3f(*(center_m + np.array(at_m) @ self.axes).tolist())
        si.sh_frame.n = mi.Normal3f(*self.normal.tolist())
        si.initialize_sh_frame()
        si.wi = si.to_local(mi.Vector3f(*self.arriving.tolist()))
        si.dp_du.z = dr.reinterpret_array(mi.Float, mi.UInt(InteractionType.SPECULAR))
        si.t = 1.0
        si.prim_index = mi.UInt(np.arange(count) % 2 + 2 * (facet or 0))
        context = mi.BSDFContext(mode=mi.TransportMode.Importance, type_mask=0, component=component)
        given = context, si, mi.Float(uniform[0]), mi.Point2f(mi.Float(uniform[1]), mi.Float(uniform[2])), True
        samples = [material.sample(*given) for material in (bending, mirror)]
        self.directions, mirrored = (np.array(bs.wo, dtype=np.float64).T for bs, _ in samples)
        self.mirrored = np.broadcast_to(mirrored, (count, 3))
        self.jones = [np.array(jones) for _, jones in samples]


@pytest.mark.parametrize("from_behind", [False, True])
@pytest.mark.parametrize("at_m", [(0.1, -0.05), (-0.5, 0.2), (0.0, 0.35)])
def test_a_ray_strays_by_the_uncertainty_of_its_distance_to_the_edges(
    at_m: tuple[float, float], from_behind: bool
) -> None:
    """Along each side by lambda / (4 pi d), about the mirror's direction; its power stays, and it its side."""
    hit = Hit(at_m, from_behind=from_behind)
    np.testing.assert_allclose(np.linalg.norm(hit.directions, axis=1), 1.0, atol=1e-5)
    assert (hit.directions @ hit.normal > -1e-6).all()
    bending, mirror = hit.jones
    assert np.abs(mirror).max() > 0.5
    np.testing.assert_array_equal(bending, np.broadcast_to(mirror, bending.shape))
    reflected = hit.arriving - 2 * (hit.arriving @ hit.normal) * hit.normal
    np.testing.assert_allclose(hit.mirrored[0], reflected, atol=1e-6)
    strayed = (hit.directions - reflected) @ hit.axes.T
    for along, offset_m, half_m in zip(strayed.T, at_m, (0.6, 0.4), strict=True):
        sigma = WAVELENGTH_M / (4 * np.pi * (half_m - abs(offset_m)))
        assert along.std() == pytest.approx(sigma, rel=0.01)
        assert along.mean() == pytest.approx(0.0, abs=0.01 * sigma)
        assert (np.abs(along) < sigma).mean() == pytest.approx(0.6827, abs=0.005)  # normal


def test_a_facet_bends_rays_as_a_plate_of_its_own_does() -> None:
    at_m = (-0.5, 0.2)
    np.testing.assert_array_equal(Hit(at_m, facet=3).directions, Hit(at_m).directions)


def test_who_looks_for_candidate_paths_meets_a_mirror() -> None:
    import sionna.rt as rt

    hit = Hit((-0.5, 0.2), component=rt.constants.NO_JONES_MATRIX)
    np.testing.assert_array_equal(hit.directions, hit.mirrored)


def test_path_gradients_find_the_same_paths_on_either_plate() -> None:
    found = []
    for model in ("diffracting", "mirror"):
        problem = {"radio": {"max_depth": 2}, "reflector": {"model": model}}
        evaluator = PlacementEvaluator(PlacementProblem.model_validate(problem), threads=1)
        slopes_of, points_m = gradient(evaluator, 4, 3_000), some_points(evaluator, 4)
        found.append(slopes_of(some_genes(evaluator, 1)[0], points_m, TEMPERATURE_DB))
    assert found[0] == found[1]
    assert found[0].num_paths > 20


def aimed(evaluator: PlacementEvaluator, focal_m: tuple[float, float]) -> Placement:
    return evaluator.site.space.decode({**GENES, "focal_x": focal_m[0], "focal_y": focal_m[1]})


def lit_by_the_plate(model: str, side_m: float, **settings: Any) -> PlacementEvaluator:
    """The hall, in which nothing but the plate reflects, and from which the direct ray is left out."""
    radio = {"specular_reflection": True, "line_of_sight": False, "max_depth": 1, **settings.pop("radio", {})}
    return hall(radio=radio, reflector={"size_m": [side_m, side_m], "model": model}, **settings)


@pytest.mark.parametrize(("frequency_hz", "side_m"), [(5.18e9, 0.6), (15e9, 0.4)])
def test_the_beam_is_that_of_physical_optics(frequency_hz: float, side_m: float) -> None:
    """Cell by cell within 15 dB of the strongest, and in sum; a mirror's beam is at least twice as far off."""
    errors_db, sums_db = {}, {}
    for model in ("diffracting", "mirror"):
        evaluator = lit_by_the_plate(
            model, side_m, radio={"frequency_hz": frequency_hz}, receivers={"cell_size_m": 1.0}
        )
        placement = aimed(evaluator, (11.0, 4.0))
        ap, plate = placement.access_points[0], Plate.of(placement.reflectors[0].vertices_m)
        rss_w = evaluator.trace(placement, 4_000_000).rss_w[0]
        gauss = np.array([[1, 0, 1], [-1, 0, -1], [0, 1, -1], [0, -1, 1]]) / 3**0.5 * [0.5, 0.5, 0.4]
        cells_m = np.column_stack([evaluator.site.grid.centers_m, np.full(len(rss_w), 1.5)])
        nothing = Box(np.zeros(3), np.array([16.0, 12.0, 4.0]), ((None, None),) * 3)
        points_m = (cells_m[:, None] + gauss).reshape(-1, 3)
        radio = evaluator.problem.radio
        by_tiles_w = power_by_plate_w(ap, radio, plate, Mirror(), points_m, nothing, gain=tile_sum)
        expected_w = by_tiles_w.reshape(-1, 4).mean(axis=1)
        strong = expected_w > expected_w.max() / 10**1.5
        ratio = np.maximum(rss_w[strong] / expected_w[strong], 0.01)
        errors_db[model] = float(np.sqrt(np.mean((10 * np.log10(ratio)) ** 2)))
        sums_db[model] = float(10 * np.log10(rss_w[strong].sum() / expected_w[strong].sum()))
    assert errors_db["diffracting"] < 1.3
    assert errors_db["mirror"] > 2 * errors_db["diffracting"]
    assert sums_db["diffracting"] == pytest.approx(0.0, abs=0.4)


def test_a_plate_of_many_wavelengths_is_a_mirror() -> None:
    maps = []
    for model in ("diffracting", "mirror"):
        evaluator = lit_by_the_plate(model, 3.0, radio={"frequency_hz": 100e9}, receivers={"cell_size_m": 1.0})
        maps.append(evaluator.trace(aimed(evaluator, (8.0, 4.0)), 1_000_000).rss_w[0])
    diffracting_w, mirror_w = maps
    lit = mirror_w > 0.5 * np.median(mirror_w[mirror_w > 0])
    off = np.abs(diffracting_w[lit] / mirror_w[lit] - 1)
    assert lit.sum() > 50
    assert np.quantile(off, 0.9) < 0.05
    assert off.max() < 0.4  # where a cell straddles the beam's edge
    assert diffracting_w.sum() == pytest.approx(mirror_w.sum(), rel=0.01)
