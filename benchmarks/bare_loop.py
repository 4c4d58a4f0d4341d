"""What the product is measured against: a loop around Sionna's solver, as somebody writes it who knows how.

It does what a candidate needs and nothing else. The plate's vertices are written as data and device poses are
opaque (a kernel is never compiled twice), the placement is moved once for all rungs, and nothing of the product
runs inside the timed loop: placements are decoded and the scene is built before.
"""

from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.support.processes import OtherLoad
from search_spaces.placement import PlacementSpace
from trainables.buildings.floor_plan_scene import FloorPlanScene
from trainables.objectives.quantile import QuantileObjective
from trainables.problem import PlacementProblem
from trainables.tracing.backend import start_backend


def sample(space: PlacementSpace, seed: int, count: int) -> list[dict[str, float]]:
    """The genes that random search proposes, in its order."""
    return [space.sample(np.random.default_rng([seed, number])) for number in range(count)]


def bare_loop(problem: PlacementProblem, seed: int, candidates: int, threads: int) -> dict[str, Any]:
    """Trace the first candidates of random search at every rung.

    Returns:
        Seconds, the score of each [dBm], and how many cores other processes took meanwhile.
    """
    start_backend(problem.resources.device, threads)
    import drjit as dr
    import mitsuba as mi
    import sionna.rt as rt
    from sionna.rt.scene_utils import extend_scene_with_mesh

    from trainables.tracing.movable_scene import MovableScene, mesh
    from trainables.tracing.receivers import TRIANGLES_PER_CELL, crossed_panels

    assert isinstance(problem.scene, FloorPlanScene)
    assert isinstance(problem.objective, QuantileObjective)
    quantile = problem.objective.quantile
    assert problem.reflector is not None
    assert problem.reflector.model == "diffracting"
    assert problem.receivers.surface == "crosses"
    site, radio = problem.site(), problem.radio
    movable = MovableScene(problem.scene.floor_plan(), radio, problem.access_points.count, problem.plates)
    scene, plate = movable.scene, f"{movable.plate_ids[0]}.vertex_positions"
    material = scene.objects[movable.plate_ids[0]].radio_material
    panels = mesh("panels", *crossed_panels(site.grid, problem.receivers.panel_height_m))
    measured = extend_scene_with_mesh(scene.mi_scene, panels)
    parameters = mi.traverse(measured)
    transmitters = list(scene.transmitters.values())
    solver = rt.RadioMapSolver()
    floor_w = 10 ** (problem.objective.floor_dbm / 10 - 3)

    def opaque(vector: Any) -> Any:
        return mi.Point3f(*(dr.opaque(mi.Float, float(value)) for value in vector))

    def p5_dbm(placement: Any) -> float:
        parameters[plate] = mi.Float(placement.reflectors[0].vertices_m.astype(np.float32).ravel())
        material.place(placement.reflectors[0].sheets_m)
        parameters.update()
        scene.scene_geometry_updated()
        for transmitter, ap in zip(transmitters, placement.access_points, strict=True):
            x, y, z = ap.direction
            transmitter.position = opaque(ap.position_m)
            transmitter.orientation = opaque((np.arctan2(y, x), -np.arcsin(z), 0.0))
            transmitter.power_dbm = dr.opaque(mi.Float, ap.power_dbm)
        energy, rays_so_far, p5 = 0.0, 0, np.nan
        for rays in problem.rungs:
            radio_map = solver(
                scene,
                measurement_surface=panels,
                modified_scene=measured,
                samples_per_tx=rays,
                max_depth=radio.max_depth,
                los=radio.line_of_sight,
                specular_reflection=radio.specular_reflection,
                refraction=radio.refraction,
                diffuse_reflection=radio.diffuse_reflection,
                diffraction=radio.diffraction,
                edge_diffraction=radio.diffraction,
            )
            rss_w = radio_map.rss.numpy().astype(np.float64)
            energy = energy + rays * rss_w.reshape(len(rss_w), -1, TRIANGLES_PER_CELL).mean(axis=2)
            rays_so_far += rays
            cells_w = np.maximum((energy / rays_so_far).max(axis=0), floor_w)
            p5 = 10 * np.log10(np.quantile(cells_w, quantile)) + 30
        return float(p5)

    placements = [site.space.decode(genes) for genes in sample(site.space, seed, candidates)]
    p5_dbm(placements[-1])  # compiles
    others, start = OtherLoad(), perf_counter()
    scores = [p5_dbm(placement) for placement in placements]
    return {"seconds": perf_counter() - start, "p5_rss_dbm": scores, "others": others.cores()}
