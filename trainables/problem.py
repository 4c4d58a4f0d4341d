"""The placement problem: the physical half of a configuration, and the site it describes.

A ``PlacementProblem`` is all that a worker needs to score candidates. It is checked as a whole when it is
loaded, without Sionna: what can be known to be wrong is said before anything expensive starts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from search_spaces.access_points import AccessPointsConfig, AccessPointSpace
from search_spaces.design import Placement
from search_spaces.ground import Ground
from search_spaces.model import Model
from search_spaces.placement import PlacementSpace
from search_spaces.plates import PlateSpace
from search_spaces.reflector_config import MOST_PLATES, ObjectWall, ReflectorConfig
from search_spaces.zones import Region, Zone, region
from trainables.buildings.base import SceneSource
from trainables.buildings.floor_plan import ITU_MATERIALS, FloorPlan
from trainables.buildings.floor_plan_scene import FloorPlanScene
from trainables.buildings.mountings import building_of
from trainables.buildings.object_walls import find_wall
from trainables.carriers import Carrier, CarriersConfig
from trainables.fidelity import FidelitySettings, ListedRungs
from trainables.objectives.base import ObjectiveSettings
from trainables.objectives.cells import Cells
from trainables.objectives.quantile import QuantileObjective
from trainables.outdoors import building_on, check_outdoors
from trainables.plate_spaces import plate_space
from trainables.tracing.backend import ResourcesConfig
from trainables.tracing.radio import RadioConfig
from trainables.tracing.receivers import ReceiverGrid, ReceiversConfig

MAX_CELLS = 250_000
"""Cells of the rectangle around the user zones; some hundred are usual."""

MAX_POWERS = 5_000_000
"""Powers of a radio map: these cells times access points."""

MAX_RAYS = 2**32 - 1
"""Dr.Jit counts rays in 32 bits, over all access points."""


@dataclass(frozen=True)
class Site:
    """The building, as configuration and floor plan together describe it."""

    plan: FloorPlan | None
    space: PlacementSpace
    grid: ReceiverGrid
    user_zones: tuple[Zone, ...]

    @cached_property
    def cells(self) -> Cells:
        """The cells of the grid, as objectives see them."""
        return Cells(self.grid.centers_m, self.user_zones)


class PlacementProblem(Model):
    """Scene, receivers, radio, what to place, and how to score it."""

    scene: SceneSource = Field(FloorPlanScene(), description="the building")
    receivers: ReceiversConfig = Field(ReceiversConfig(), description="where the users are")
    radio: RadioConfig = Field(RadioConfig(), description="what is traced")
    carriers: CarriersConfig = Field(CarriersConfig(), description="several frequencies at once")
    access_points: AccessPointsConfig = Field(AccessPointsConfig(), description="what is placed: access points")
    reflector: ReflectorConfig | None = Field(ReflectorConfig(), description="what is placed: a plate; null for none")
    reflectors: Annotated[tuple[ReflectorConfig, ...], Field(max_length=MOST_PLATES)] | None = Field(
        None, description="what is placed, in place of reflector: several plates; [] for none"
    )
    objective: ObjectiveSettings = Field(QuantileObjective(), description="how a map is scored")
    fidelity: FidelitySettings = Field(ListedRungs(), description="how many rays, when")
    resources: ResourcesConfig = Field(ResourcesConfig(), description="what one trial may use")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        site = self.site()
        x_min, y_min, x_max, y_max = site.grid.region.bounds
        cell_size_m = self.receivers.cell_size_m
        num_cells = max(1.0, (x_max - x_min) / cell_size_m) * max(1.0, (y_max - y_min) / cell_size_m)
        if num_cells > MAX_CELLS:
            raise ValueError(
                f"receivers.cell_size_m must cut the rectangle around the user zones into at most {MAX_CELLS:,} cells, "
                f"but {cell_size_m:g} m makes {num_cells:.3g}; raise it"
            )
        num_powers = num_cells * self.access_points.total * self.carriers.count
        if num_powers > MAX_POWERS:
            raise ValueError(
                f"receivers.cell_size_m must leave at most {MAX_POWERS:,} cells times access points (times carriers), "
                f"but {cell_size_m:g} m makes {num_powers:.3g}; raise it or lower access_points.count"
            )
        if (terrain := self.scene.terrain()) is not None:
            check_outdoors(terrain, self.receivers, self.access_points, site.grid)
        if site.grid.num_cells == 0:
            raise ValueError(
                "receivers.zones must hold the centre of at least one cell, but cell_size_m is "
                f"{self.receivers.cell_size_m:g} m; make the cells smaller or the zones larger"
            )
        most_rays = self.rungs[-1] * self.access_points.total
        if most_rays > MAX_RAYS:
            raise ValueError(
                f"fidelity.rungs times access_points.count must be < 2**32 rays, but is {most_rays}; "
                "lower the last rung"
            )
        for field, plate in self._named_plates:
            if plate.material not in ITU_MATERIALS:
                raise ValueError(
                    f"{field}.material must be one of ITU-R P.2040's, but got {plate.material!r}; metal is usual"
                )
        site.space.check()
        self.objective.check(site.cells, self.access_points.total)
        if site.plan is not None:
            _check_inside(self, site, site.plan)
        return self

    @model_validator(mode="before")
    @classmethod
    def _several_in_place_of_one(cls, data: Any) -> Any:
        """A list of plates takes the place of the plate that is there by default; both are not to be given."""
        if isinstance(data, Mapping) and data.get("reflectors") is not None:
            if data.get("reflector") is not None:
                raise ValueError(
                    "reflector must be null where reflectors is given, but both are; move it into the list"
                )
            return {**data, "reflector": None}
        return data

    @property
    def plates(self) -> tuple[ReflectorConfig, ...]:
        """The plates, however they are given, those that hang already first; empty where there are none."""
        return tuple(plate for _, plate in self._named_plates)

    @property
    def fixed_plates(self) -> tuple[ReflectorConfig, ...]:
        """Those that hang already."""
        return tuple(plate for plate in self.plates if plate.fixed is not None)

    @property
    def places_plates(self) -> bool:
        """Whether there are others."""
        return len(self.fixed_plates) < len(self.plates)

    @property
    def _named_plates(self) -> list[tuple[str, ReflectorConfig]]:
        """Fixed ones first: then a placement without the others is a shorter one."""
        if self.reflectors is not None:
            named = [(f"reflectors.{i}", plate) for i, plate in enumerate(self.reflectors)]
            return sorted(named, key=lambda plate: plate[1].fixed is None)
        return [("reflector", self.reflector)] if self.reflector is not None else []

    def plate_cost(self, placement: Placement) -> float:
        """What the plates of a placement must bring to be worth it, in the unit of a difference of scores."""
        return sum(
            plate.cost_per_m2 * pose.area_m2 for plate, pose in zip(self.plates, placement.reflectors, strict=False)
        )

    def told_plate_cost(self, placement: Placement) -> str | None:
        """The same for people, ``2.0 dB for 1.00 m2 of plate``; None where it costs nothing."""
        plates = zip(self.plates, placement.reflectors, strict=False)
        area_m2 = sum(pose.area_m2 for plate, pose in plates if plate.cost_per_m2)
        unit = self.objective.difference_unit
        return f"{self.plate_cost(placement):.1f} {unit} for {area_m2:.2f} m2 of plate" if area_m2 else None

    @property
    def most_plate_cost(self) -> float:
        """The same of the most expensive placement."""
        return sum(plate.cost_per_m2 * plate.largest_m[0] * plate.largest_m[1] for plate in self.plates)

    def antenna_files(self) -> dict[str, str]:
        """Digest of each file that describes an antenna, by its path."""
        each, fixed = self.access_points.each, self.access_points.fixed
        antennas = [self.radio.antenna, *(ap.antenna for ap in each), *(ap.antenna for ap in fixed)]
        return {str(antenna.file): antenna.sha256() for antenna in antennas if antenna and antenna.file}

    def on(self, carrier: Carrier) -> "PlacementProblem":
        """The same on one of its further carriers alone."""
        radio = self.radio.model_copy(update={"frequency_hz": carrier.frequency_hz})
        return self.model_copy(update={"radio": radio, "carriers": CarriersConfig()})

    @property
    def rungs(self) -> tuple[int, ...]:
        """Rays per access point of each rung of the fidelity."""
        return self.fidelity.rays_per_ap()

    def site(self) -> Site:
        """The plan, the search space and the receiver grid.

        Raises:
            ValueError: a region or the wall is given neither here nor by a floor plan.
        """
        plan = self.scene.floor_plan()
        users = self.receivers.zones or (plan.user_zones if plan else None)
        areas = self.access_points.areas or (plan.access_point_areas if plan else None)
        if not self.access_points.needs_areas:
            areas = ()
        if users is None or areas is None:
            raise ValueError(
                "receivers.zones and access_points.areas must be given, as a scene that is no floor plan has none; "
                "give each as a list of polygons"
            )
        keep_out = self.access_points.keep_out
        if keep_out is None:
            keep_out = plan.keep_out_zones if plan else ()
        users_region, building, height_m = region(users), building_of(plan), self.receivers.height_m
        if (terrain := self.scene.terrain()) is not None:
            focal = [corner for plate in self.plates for corner in plate.focal_area or ()]
            building = building_on(terrain, self.receivers, self.access_points, focal, (*users, *areas))
        access_points = AccessPointSpace(
            self.access_points,
            _inside(plan, region(areas)) if areas else region(()),
            region(keep_out),
            building,
            self.radio.antenna,
        )
        plates = self._plates(plan, users_region, access_points.region, building.ground)
        space = PlacementSpace(access_points, plates)
        ground, solids = building.ground, building.solid(height_m)
        grid = ReceiverGrid(users_region, self.receivers.cell_size_m, height_m, ground, solids)
        return Site(plan, space, grid, users)

    def _plates(
        self, plan: FloorPlan | None, users: Region, areas: Region, ground: Ground | None
    ) -> tuple[PlateSpace, ...]:
        num_fixed, spaces = len(self.fixed_plates), []
        for index, (field, plate) in enumerate(self._named_plates):
            first, last = (0, num_fixed) if plate.fixed is not None else (num_fixed, len(self.plates))
            number = "" if last - first == 1 else str(index - first + 1)
            known = plate
            if isinstance(plate.wall, ObjectWall):
                wall = find_wall(self.scene.objects(), plate.wall, (users, areas), f"{field}.wall", ground)
                known = plate.model_copy(update={"wall": wall})
            space = plate_space(known, plan, users, areas, field, number)
            spaces.append(space if plate.focal_point_m else replace(space, ground=ground))
        return tuple(spaces)


def _inside(plan: FloorPlan | None, area: Region) -> Region:
    """The part of the access points' area that is inside the building; it must not lie within walls altogether."""
    if plan is None:
        return area
    if area.intersection(plan.outline).difference(plan.wall_footprints).area <= 0:
        raise ValueError(
            f"access_points.areas must leave room inside the building {plan.name!r}, but reach "
            f"{list(area.bounds)}, outside it or inside a wall; move them"
        )
    return area.intersection(plan.outline)


def _check_inside(problem: PlacementProblem, site: Site, plan: FloorPlan) -> None:
    """Raise ``ValueError`` where something is outside the building or in its walls."""
    if not plan.outline.buffer(1e-6).contains(site.grid.region):
        raise ValueError(
            f"receivers.zones must lie inside the building {plan.name!r} (outline {list(plan.outline.bounds)}), but "
            f"reach {list(site.grid.region.bounds)}; move them"
        )
    receivers = problem.receivers
    if receivers.height_m >= plan.height_m:
        raise ValueError(
            f"receivers.height_m must be below the ceiling at {plan.height_m:g} m, but got {receivers.height_m:g}; "
            "lower it"
        )
    low_m, high_m = (receivers.height_m + sign * receivers.panel_height_m / 2 for sign in (-1, 1))
    if receivers.surface == "crosses" and (low_m < 0 or high_m > plan.height_m):
        raise ValueError(
            f"receivers.panel_height_m must keep the panels between floor and ceiling, 0 to {plan.height_m:g} m, but "
            f"they reach from {low_m:g} to {high_m:g} m; make them lower"
        )
