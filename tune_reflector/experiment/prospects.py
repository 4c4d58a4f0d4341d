"""What is hopeless, said before a search runs: who is where no ray can be, and which plate hangs where no wall is.

Two looks at the loaded scene: at its surfaces, by rays that only look, and at what a few placements reach, traced with
few rays. A cell that none of them reaches may still be reached by more rays, so that a share of them is told only if it
stays with more of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from search_records.display import format_share
from search_spaces.design import AccessPoint, Placement
from search_spaces.plates import PlateSpace
from search_spaces.reflector import WallRectangle
from search_spaces.zones import contains
from trainables.buildings.section import closed_rooms
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem, Site

if TYPE_CHECKING:
    from trainables.scene_geometry import SceneGeometry

Mask = npt.NDArray[np.bool_]

TRIALS = 6
"""Placements that are traced at most; the areas of the access points share the first ones."""

RAYS = 10_000
"""Of a placement's first trace, all access points together; where the first rung has more, as many as it."""

MORE = 4
"""Times as many rays show whether a cell was only missed."""

MOST_RAYS = 100_000
"""Of a placement, all access points together."""

FEW = 0.05
"""A smaller share of cells that are out of reach is no reason to speak: P5 leaves out as many."""

_BEHIND_M = 0.3
"""A wall that is farther behind a plate's rectangle does not hold it."""

_BEFORE_M = 0.25
"""What is nearer than this before a plate hides it."""

_OUTSIDE_M = 0.5

_SHALLOW = 5
"""Fewer interactions than this may not lead around corners."""


@dataclass(frozen=True)
class Prospects:
    """What is hopeless, a line each, and which cells it concerns.

    Attributes:
        problems: field, rule, value, remedy.
        closed_off: cells that walls and a roof close off from all access points, ``[num_cells]``; that is told only
            where it matters.
        reached: cells that some trial placement reached; None where nothing was traced.
    """

    problems: list[str]
    closed_off: Mask
    reached: Mask | None


def look(evaluator: PlacementEvaluator, trial_placements: list[Placement]) -> Prospects:
    """Look at a scene into which nothing has been moved yet, then trace ``trial_placements`` in it; none: only look."""
    from trainables.scene_geometry import SceneGeometry

    site, geometry = evaluator.site, SceneGeometry(evaluator.scene)
    low_m, high_m = evaluator.scene.bounds_m
    problems: list[str] = []
    if site.plan is None:
        problems += _misplaced(site, geometry, low_m, high_m, trial_placements)
    for plate in site.space.plates:
        problems += _unheld(plate, geometry)
        problems += _facing_nobody(plate, site, trial_placements)
    closed_off = closed_off_cells(site, geometry)
    reached = None
    if trial_placements:
        walled_in = 0.0 if evaluator.problem.radio.refraction else float(closed_off.mean())
        reached, out_of_reach = _reach(evaluator, trial_placements, walled_in)
        problems += out_of_reach
    return Prospects(problems, closed_off, reached)


def trial_placements(site: Site, seed: int = 0) -> list[Placement]:
    """A few placements that can be built, among them some with an access point in every area, if there are not many.

    Raises:
        ValueError: there is none.
    """
    rng = np.random.default_rng(seed)
    drawn = [site.space.decode(site.space.sample(rng)) for _ in range(TRIALS)]
    movable = [number for number, ap in enumerate(drawn[0].access_points) if not ap.fixed]
    if not movable:
        return drawn[:1]
    spots = [part.representative_point() for part in areas(site)]
    if len(spots) == 1 or len(spots) > TRIALS * len(movable):
        return drawn
    for number, spot in enumerate(spots):
        placement, one = number // len(movable), movable[number % len(movable)]
        aps = list(drawn[placement].access_points)
        (x, y, z), building = aps[one].position_m, site.space.access_points.building
        height_m = z - building.z_m(x, y, 0.0)
        aps[one] = replace(aps[one], position_m=np.array([spot.x, spot.y, building.z_m(spot.x, spot.y, height_m)]))
        drawn[placement] = Placement(tuple(aps), drawn[placement].fixed_reflectors)
    return drawn


def areas(site: Site) -> list[shapely.Polygon]:
    """The areas of access points that are placed, those that touch being one."""
    placed = [mounted.places.region for mounted in site.space.access_points.mounted if not mounted.fixed]
    return [part for part in shapely.get_parts(shapely.union_all(placed)) if part.area > 0]


def closed_off_cells(site: Site, geometry: "SceneGeometry") -> Mask:
    """Cells around which walls are closed at their height, under a roof, with no access point's place among them."""
    grid = site.grid
    lines = geometry.section(grid.height_m, grid.ground)
    if not lines:
        return np.zeros(grid.num_cells, dtype=bool)
    rooms = closed_rooms(np.concatenate(list(lines.values())), site.space.access_points.region)
    inside: Mask = contains(rooms, grid.centers_m)
    if inside.any():
        roofed = np.isfinite(geometry.distance_m(grid.points_m, np.array([0.0, 0.0, 1.0])))
        inside = inside & roofed
    return inside


def remedies(problem: PlacementProblem) -> str:
    """What to change where rays do not arrive."""
    radio, found = problem.radio, []
    if not radio.line_of_sight:
        found.append("set radio.line_of_sight=true")
    if not radio.specular_reflection:
        found.append("set radio.specular_reflection=true")
    if not radio.refraction:
        found.append("set radio.refraction=true if walls are between")
    if radio.max_depth < _SHALLOW:
        found.append(f"raise radio.max_depth (now {radio.max_depth})")
    found.append("move access_points.areas and receivers.zones nearer to each other")
    if problem.scene.floor_plan() is None and problem.scene.terrain() is None:
        found.append("set scene.height_above=ground if heights are meant so and cells inside buildings do not matter")
    return f"{', '.join(found[:-1])} or {found[-1]}" if len(found) > 1 else found[0]


def _misplaced(
    site: Site,
    geometry: "SceneGeometry",
    low_m: npt.NDArray[np.float64],
    high_m: npt.NDArray[np.float64],
    placements: list[Placement],
) -> Iterator[str]:
    """Users and access points beside the scene, below its ground or above all of it; a floor plan is asked before."""
    extent = f"{low_m.round(1).tolist()} to {high_m.round(1).tolist()} m"
    users_m = site.grid.points_m
    aps_m = np.array([ap.position_m for placement in placements for ap in placement.access_points]).reshape(-1, 3)
    for field, where, points_m in (("receivers", "zones", users_m), ("access_points", "areas", aps_m)):
        if not len(points_m):
            continue
        who = "cells" if field == "receivers" else "trial positions"
        beside = ((points_m[:, :2] < low_m[:2] - _OUTSIDE_M) | (points_m[:, :2] > high_m[:2] + _OUTSIDE_M)).any(axis=1)
        above = points_m[:, 2] > high_m[2]
        below = np.isinf(geometry.distance_m(points_m, np.array([0.0, 0.0, -1.0]))) & ~beside
        if field == "access_points" and beside.any():  # zones have been looked at in preflight
            yield (
                f"{field}.{where} must lie inside the scene, {extent}, but {format_share(beside.mean())} of the {who} "
                "are beside it; move them"
            )
        if field == "receivers" and above.all():
            yield (
                f"{field}.height_m must be below the highest point of the scene, at {high_m[2]:.1f} m, but got "
                f"{points_m[0, 2]:g}; lower it"
            )
        elif below.mean() > FEW:
            yield (
                f"{field}.height_m must be above the ground, but {format_share(below.mean())} of the {who} have "
                f"nothing below them at {points_m[0, 2]:g} m: they are underground, or beside the ground; raise it, "
                f"move {field}.{where}, or set scene.height_above=ground"
            )


def _unheld(plate: PlateSpace, geometry: "SceneGeometry") -> Iterator[str]:
    """Rectangles in mid-air, and those with something right before them."""
    for number, wall in enumerate(plate.walls):
        field = plate.place if len(plate.walls) == 1 else f"{plate.field}.walls, stretch {number + 1}"
        points_m, normal = _points(wall), wall.normal
        held = geometry.distance_m(points_m + _BEHIND_M * normal, -normal) <= 2 * _BEHIND_M
        hidden = geometry.distance_m(points_m + 0.005 * normal, normal) <= _BEFORE_M
        extent = f"from {list(wall.top_left_m)} on the left to {list(wall.bottom_right_m)} on the right"
        if plate.fixed is not None:  # it may stand free, and face whom it will
            if np.mean(hidden) > 0.5:
                yield (
                    f"{field} must face the room, but a surface stands within {_BEFORE_M:g} m before "
                    f"{format_share(float(np.mean(hidden)))} of the plate at {plate.fixed.center_m.tolist()}; turn its "
                    "normal round, or move it"
                )
        elif np.mean(hidden) > 0.5:
            yield (
                f"{field} must be on the face of a wall, but {extent} a surface stands right before "
                f"{format_share(float(np.mean(hidden)))} of it, as inside a wall; move it out, or swap the corners' x "
                "and y"
            )
        elif np.mean(held) < 0.5:
            yield (
                f"{field} must have a wall behind it, but {extent} "
                f"{format_share(float(1 - np.mean(held)))} of it is in mid-air; move it onto a wall"
            )


def _points(wall: WallRectangle, count: int = 7) -> npt.NDArray[np.float64]:
    """Points all over a rectangle, ``[count**2, 3]``, m."""
    shares = (np.arange(count) + 0.5) / count
    across, down = (grid.ravel()[:, None] for grid in np.meshgrid(shares * wall.width_m, shares * wall.height_m))
    return np.asarray(wall.top_left_m + across * wall.right - down * np.array([0.0, 0.0, 1.0]))


def _facing_nobody(plate: PlateSpace, site: Site, placements: list[Placement]) -> Iterator[str]:
    """Plates that turn their back to all users, or to all access points, on whatever wall they hang."""
    if plate.fixed is not None:
        return
    users_m = site.grid.centers_m
    aps_m = np.array([ap.position_m[:2] for placement in placements for ap in placement.access_points]).reshape(-1, 2)
    for who, points_m in (("receiver cell", users_m), ("access point", aps_m)):
        if len(points_m) and not any(
            np.any((points_m - wall.top_left_m[:2]) @ wall.normal[:2] > 0) for wall in plate.walls
        ):
            yield (
                f"{plate.field}.wall must face users and access points, but every {who} is behind it; swap the "
                "corners' x and y, or move it"
            )


def _reach(evaluator: PlacementEvaluator, placements: list[Placement], walled_in: float) -> tuple[Mask, list[str]]:
    """Cells that some placement reaches, and what is to be said of the others.

    ``walled_in`` is the share of the cells that rays cannot reach, as the walls tell: then few rays are enough.
    """
    site, problem = evaluator.site, evaluator.problem
    num_ap = len(placements[0].access_points)
    most = max(1, MOST_RAYS // num_ap)
    rays = min(max(problem.rungs[0], RAYS // num_ap), most)
    found = _Reached(areas(site), np.zeros(site.grid.num_cells, dtype=bool))
    found.trace(evaluator, placements, rays)
    missing = found.missing
    if rays < most and ((missing > max(FEW, 1.1 * walled_in)) or found.blind):
        found.trace(evaluator, placements, min(MORE * rays, most))
        missing = found.missing if found.missing > 0.8 * missing else 0.0  # else still more rays would reach still more
    told = []
    if missing > FEW:
        told.append(
            f"receivers.zones: no ray can reach {format_share(missing)} of the {site.grid.num_cells} cells from "
            f"{len(placements)} trial placements; {remedies(problem)}"
        )
    if (blind := found.blind) and found.cells.any():
        spots = [area.representative_point() for area in blind[:5]]
        where = ", ".join(f"[{spot.x:.1f}, {spot.y:.1f}]" for spot in spots)
        more = f" and {len(blind) - len(spots)} more" if len(blind) > len(spots) else ""
        told.append(
            f"access_points.areas: no ray from the area at {where}{more} reaches any cell; leave it out, or "
            f"{remedies(problem)}"
        )
    return found.cells, told


class _Reached:
    """Cells that any placement traced so far reaches, ``[num_cells]``, and areas from which none is reached."""

    def __init__(self, parts: list[shapely.Polygon], cells: Mask) -> None:
        self.cells = cells
        self._parts = parts
        self._tried: dict[int, bool] = {}
        """Areas from which something was traced: whether it reached a cell."""

    @property
    def missing(self) -> float:
        """Share of the cells that nothing reaches."""
        return 1 - float(self.cells.mean())

    @property
    def blind(self) -> list[shapely.Polygon]:
        """Areas that were tried in vain."""
        return [self._parts[index] for index, reaches in self._tried.items() if not reaches]

    def trace(self, evaluator: PlacementEvaluator, placements: list[Placement], rays: int) -> None:
        """Trace placements, until all areas have been tried that can be and hardly a cell is missing."""
        spots = [[self._areas_of(ap) for ap in placement.access_points] for placement in placements]
        all_tried = {index for placement in spots for of_ap in placement for index in of_ap}
        for placement, of_aps in zip(placements, spots, strict=True):
            if self.missing < FEW / 5 and self._tried.keys() >= all_tried:
                return
            reached = evaluator.trace(placement, rays).rss_w > 0
            self.cells = self.cells | reached.reshape(-1, reached.shape[-1]).any(axis=0)
            for cells, of_ap in zip(reached, of_aps, strict=True):
                for index in of_ap:
                    self._tried[index] = self._tried.get(index, False) or bool(cells.any())

    def _areas_of(self, ap: AccessPoint) -> list[int]:
        spot = shapely.Point(ap.position_m[:2])
        return [] if ap.fixed else [index for index, part in enumerate(self._parts) if part.covers(spot)]
