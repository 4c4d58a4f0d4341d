"""What edges fill a shadow with: a screen beside the knife edge, and crosses beside Sionna's own map on a plane."""

from collections.abc import Iterator

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

import numpy as np
import numpy.typing as npt
import sionna.rt as rt
from scipy.special import fresnel

from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.tracing.movable_scene import mesh
from trainables.tracing.receivers import TRIANGLES_PER_CELL, crossed_panels
from trainables.validation.halls import WAVELENGTH_M, Array, at, cells_m, db, friis_w, hall, rms, traced_w
from trainables.validation.row import Row

RAYS = 10_000_000

MOST_BENT_RAD = np.radians(20)
"""Past this the knife edge, which knows neither polarisation nor the screen's direction, is no reference."""


def rows() -> Iterator[Row]:
    """A screen's shadow, then the corner of ``l_corridor`` with nothing but diffraction."""
    errors_db = _screen()
    source = "ITU-R P.526-15, 4.1 (Fresnel's integral)"
    note = "the knife edge has no polarisation"
    yield Row("shadow of a screen: mean of the cells", 0.0, float(errors_db.mean()), "dB", 0.7, source, note)
    yield Row("shadow of a screen: error of a cell (rms)", 0.0, rms(errors_db), "dB", 1.0, source)
    crosses, placement = _corner()
    got_w, plane_w = traced_w(crosses, placement, 1_000), _sionna_w(crosses, placement, "plane", RAYS)
    source = "Sionna's map on a plane"
    yield Row("behind a corner: cells that diffraction lights", 1.0, float((got_w > 0).mean()), "of 1", 0.0, source)
    lit = plane_w > 0  # its last few cells get no ray
    errors_db = db(got_w[lit]) - db(plane_w[lit])
    yield Row("behind a corner: median of the cells", 0.0, float(np.median(errors_db)), "dB", 0.5, source)
    yield Row("behind a corner: difference of a cell (rms)", 0.0, rms(errors_db), "dB", 2.0, source, "mostly its noise")
    yield Row(
        "behind a corner: cells lit by Sionna's map on crosses",
        1.0,
        float((_sionna_w(crosses, placement, "crosses", RAYS // 10) > 0).mean()),
        "of 1",
        0.05,
        source,
        "of Sionna 2.2.0 rays start inside the wall; what edges diffract is worked out path by path instead",
        known=True,
    )


def _screen() -> Array:
    """Errors of the cells in the shadow of a half-plane of metal, dB.

    The hall is high, so that the screen's upright edge at (8, 6) alone matters. Half of the power is polarised along
    the edge, half across: one comes out above the knife edge and the other below.
    """
    screen = {"name": "screen", "path_m": [[8, 0], [8, 6]], "material": "metal", "thickness_m": 0.01}
    evaluator = hall(
        {
            "height_m": 40.0,
            "walls": [screen],
            "user_zones": [[[9, 1], [15, 1], [15, 11], [9, 11]]],
            "reflector_wall": None,
        },
        radio={"diffraction": True, "max_depth": 1, "line_of_sight": False, "polarization": "VH"},
        receivers={"height_m": 20.0},
        access_points={"height_m": 20.0},
    )
    ap = at(2.0, 5.0, 20.0, direction=(1.0, 0.0, 0.0))
    cells = cells_m(evaluator)
    edge_m = np.array([8.0, 6.0, 20.0])
    into, out = (np.arctan2(v[..., 1], v[..., 0]) for v in (edge_m - ap.position_m, cells - edge_m))
    bent = into - out  # > 0: in the shadow
    direct_m = np.linalg.norm(cells - ap.position_m, axis=1)
    detour_m = np.linalg.norm(edge_m - ap.position_m) + np.linalg.norm(cells - edge_m, axis=1) - direct_m
    sine, cosine = fresnel(2 * np.sqrt(detour_m / WAVELENGTH_M))  # of v, the parameter of the knife edge
    expected_w = friis_w(direct_m) * ((0.5 - cosine) ** 2 + (0.5 - sine) ** 2) / 2
    found_w = traced_w(evaluator, Placement((ap,)), 1_000)
    shadow = (bent > 0.02) & (bent < MOST_BENT_RAD)
    return np.asarray(db(found_w[shadow]) - db(expected_w[shadow]))


def _corner() -> tuple[PlacementEvaluator, Placement]:
    problem = {
        "reflector": None,
        "access_points": {"count": 1},
        "receivers": {"cell_size_m": 1.0},
        "radio": {"diffraction": True, "max_depth": 1, "specular_reflection": False, "line_of_sight": False},
    }
    evaluator = PlacementEvaluator(PlacementProblem.model_validate(problem))
    return evaluator, Placement((at(6.0, 2.0, 2.5, direction=(0.96, 0.0, -0.28)),))


def _sionna_w(evaluator: PlacementEvaluator, placement: Placement, surface: str, rays: int) -> npt.NDArray[np.float64]:
    """What Sionna's own map holds of diffraction alone, ``[num_cells]``, W."""
    evaluator.scene.move(placement)
    grid = evaluator.site.grid
    on: dict[str, object] = {
        "center": mi.Point3f(*grid.center_m),
        "orientation": mi.Point3f(0, 0, 0),
        "size": mi.Point2f(*grid.size_m),
        "cell_size": mi.Point2f(grid.cell_size_m, grid.cell_size_m),
    }
    if surface == "crosses":
        panel_height_m = evaluator.problem.receivers.panel_height_m
        on = {"measurement_surface": mesh("panels-to-validate", *crossed_panels(grid, panel_height_m))}
    radio_map = rt.RadioMapSolver()(
        evaluator.scene.scene,
        samples_per_tx=rays,
        max_depth=1,
        los=False,
        specular_reflection=False,
        refraction=False,
        diffraction=True,
        edge_diffraction=True,
        **on,
    )
    rss_w: npt.NDArray[np.float64] = radio_map.rss.numpy().astype(np.float64)[0]
    return rss_w[grid.mask] if rss_w.ndim == 2 else rss_w.reshape(-1, TRIANGLES_PER_CELL).mean(axis=1)
