"""A plate in free space: traced beside physical optics, and physical optics beside the radar equation.

Near the plate and around the mirror image's edges the radar equation says nothing, so that each is compared where it
holds. Beams narrower than a cell are averaged over its panels on both sides.
"""

from collections.abc import Iterator

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

import numpy as np
import sionna.rt as rt

from search_spaces.design import Placement
from search_spaces.reflector import corners
from trainables.evaluator import PlacementEvaluator
from trainables.physical_optics.box import Box
from trainables.physical_optics.fresnel_window import fresnel_window
from trainables.physical_optics.plate import Plate
from trainables.physical_optics.power import power_by_plate_w
from trainables.physical_optics.reflection import Mirror
from trainables.physical_optics.tile_sum import tile_sum
from trainables.validation.halls import SENT_W, WAVELENGTH_M, Array, cells_m, db, hall, rms, traced_w
from trainables.validation.row import Row
from trainables.validation.surfaces import panel_points_m

RAYS = 10_000_000

SIDES_M = {0.1: 1.5, 0.3: 0.7, 1.0: 0.7, 2.0: 0.7}
"""Sides of plates, each with the allowed error of their power; few rays meet a small one."""

SHOWN_DB = 15.0
"""Below the strongest cell, as far as cells are compared."""

PANEL_HEIGHT_M = 0.4

EMPTY = Box(np.zeros(3), np.array([16.0, 12.0, 4.0]), ((None, None),) * 3)


def rows() -> Iterator[Row]:
    """The references first, then the traced plates, then what Sionna's own edges make of a plate."""
    for name, gain in (("tiles", tile_sum), ("Fresnel window", fresnel_window)):
        got, expected = _far_away(gain), _radar_equation()
        yield Row(f"plate of 0.5 m at 300 m, {name}", expected, got, "dB", 0.1, "4 pi (A cos t)^2 / lambda^2")
    for side_m, allowed_db in SIDES_M.items():
        got_w, expected_w = _beam(side_m)
        shown = expected_w > expected_w.max() * 10 ** (-SHOWN_DB / 10)
        got_dbm, expected_dbm = (float(db(p_w[shown].sum())) + 30 for p_w in (got_w, expected_w))
        source = "physical optics by tiles"
        yield Row(f"plate of {side_m:g} m: its power", expected_dbm, got_dbm, "dBm", allowed_db, source)
        if side_m >= 0.3:
            errors_db = db(got_w[shown]) - db(expected_w[shown])
            yield Row(
                f"plate of {side_m:g} m: median of the cells", 0.0, float(np.median(errors_db)), "dB", 1.0, source
            )
    yield Row(
        "plate of 1 m with Sionna's diffraction at its edges (rms)",
        0.0,
        _with_edges(),
        "dB",
        1.0,
        "physical optics by tiles",
        "of Sionna 2.2.0 the term at the reflection's boundary has the wrong sign; plates bend rays instead",
        known=True,
    )


def _plate(side_m: float, center_m: Array, cosine: float) -> tuple[Plate, Array, Array]:
    """A plate along x, and the directions from it to a transmitter and to the mirror's direction."""
    sine = float(np.sqrt(1 - cosine**2))
    plate = Plate.of(corners(center_m, np.array([1.0, 0.0, 0.0]), (side_m, side_m)))
    return plate, np.array([cosine, sine, 0.0]), np.array([cosine, -sine, 0.0])


def _far_away(gain: object) -> float:
    """Gain by way of the plate, dB."""
    assert callable(gain)
    plate, to_transmitter, to_receiver = _plate(0.5, np.zeros(3), 0.8)
    return float(db(gain(plate, 300 * to_transmitter, 300 * to_receiver[None], WAVELENGTH_M)[0]))


def _radar_equation() -> float:
    cross_section_m2 = 4 * np.pi * (0.5 * 0.5 * 0.8) ** 2 / WAVELENGTH_M**2
    return float(db(cross_section_m2 * WAVELENGTH_M**2 / ((4 * np.pi) ** 3 * 300**4)))


def _hall(side_m: float, model: str) -> PlacementEvaluator:
    return hall(
        {"user_zones": [[[4, 1], [12, 1], [12, 7], [4, 7]]]},  # around the point that the plate aims at
        radio={"specular_reflection": True, "line_of_sight": False, "max_depth": 1},
        reflector={"size_m": [side_m, side_m], "model": model},
        receivers={"panel_height_m": PANEL_HEIGHT_M},
    )


def _placement(evaluator: PlacementEvaluator) -> Placement:
    genes = {"x1": 7.0, "y1": 8.5, "dir1_x": 0.0, "dir1_y": 0.0, "refl_u": 0.4, "refl_v": 0.5}
    return evaluator.site.space.decode({**genes, "focal_x": 8.0, "focal_y": 4.0})


def _beam(side_m: float) -> tuple[Array, Array]:
    """Power of a diffracting plate in each cell, traced and by physical optics, W."""
    evaluator = _hall(side_m, "diffracting")
    placement = _placement(evaluator)
    points_m = panel_points_m(cells_m(evaluator), evaluator.site.grid.cell_size_m, PANEL_HEIGHT_M)
    expected_w = power_by_plate_w(
        placement.access_points[0],
        evaluator.problem.radio,
        Plate.of(placement.reflectors[0].vertices_m),
        Mirror(),
        points_m,
        EMPTY,
        gain=tile_sum,
    )
    return traced_w(evaluator, placement, RAYS), expected_w.reshape(-1, 8).mean(axis=1)


def _with_edges() -> float:
    """Rms error at points, dB, of the mirror's path and those diffracted at its edges, added up as fields."""
    evaluator = _hall(1.0, "mirror")
    placement = _placement(evaluator)
    scene = evaluator.scene.scene
    evaluator.scene.move(placement)
    plate = Plate.of(placement.reflectors[0].vertices_m)
    points_m = cells_m(evaluator)[::4]
    scene.rx_array = rt.PlanarArray(
        num_rows=1, num_cols=1, vertical_spacing=0.5, horizontal_spacing=0.5, pattern="iso", polarization="VH"
    )
    for number, point_m in enumerate(points_m.tolist()):
        scene.add(rt.Receiver(f"point-{number}", position=mi.Point3f(*point_m)))
    paths = rt.PathSolver()(
        scene,
        max_depth=1,
        los=False,
        specular_reflection=True,
        refraction=False,
        diffraction=True,
        edge_diffraction=True,
        samples_per_src=100_000,
    )
    real, imaginary = (part.numpy().astype(np.float64) for part in paths.a)  # [point, 2, 1, 1, path]
    phases = np.exp(-2j * np.pi * evaluator.problem.radio.frequency_hz * paths.tau.numpy().astype(np.float64))
    field = (real + 1j * imaginary)[:, :, 0, 0] * phases.reshape(len(points_m), 1, -1)
    got_w = SENT_W * (np.abs(field.sum(axis=-1)) ** 2).sum(axis=-1)
    expected_w = SENT_W * tile_sum(plate, placement.access_points[0].position_m, points_m, WAVELENGTH_M)
    shown = expected_w > expected_w.max() * 10 ** (-SHOWN_DB / 10)
    return rms(db(got_w[shown]) - db(expected_w[shown]))
