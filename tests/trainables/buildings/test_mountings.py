"""Both sides of every wall of a plan, half its thickness off its path."""

import numpy as np
import pytest
from shapely.geometry import LineString, Point

from trainables.buildings.floor_plan import FloorPlan, bundled_floor_plans, load_floor_plan
from trainables.buildings.mountings import building_of

OFFICE = load_floor_plan(bundled_floor_plans()["office"])


def test_sides_run_beside_their_walls_with_the_room_to_the_left() -> None:
    building = building_of(OFFICE)
    assert (building.ceiling_m, building.outline) == (OFFICE.height_m, OFFICE.outline)
    found = iter(building.wall_sides)
    for wall in OFFICE.walls:
        path = LineString(wall.corners_m)
        for side in (next(found) for _ in range(2 * (len(wall.corners_m) - 1))):
            start_m, end_m = np.array(side.start_m), np.array(side.end_m)
            along = (end_m - start_m) / np.linalg.norm(end_m - start_m)
            left, middle = np.array([-along[1], along[0]]), (start_m + end_m) / 2
            off_m = [path.distance(Point(middle + way * left)) for way in (0, 0.1)]
            assert off_m == pytest.approx([wall.thickness_m / 2, wall.thickness_m / 2 + 0.1])
    assert next(found, None) is None


def test_openings_are_where_they_are_from_either_side() -> None:
    """The first door of the corridor's south wall is 2.0 to 2.9 m from its west end, 17.1 to 18 m from its east end."""
    sides = [s for s in building_of(OFFICE).wall_sides if len(s.openings_m) == 4]
    there, back = (next(s for s in sides if s.start_m == pytest.approx(at)) for at in ((0, 6.65), (20, 6.55)))
    assert there.openings_m[0] == pytest.approx((2.0, 2.9, 0, 2.1))
    assert back.openings_m[0] == pytest.approx((17.1, 18.0, 0, 2.1))


def test_above_a_low_wall_there_is_nothing_to_mount_on() -> None:
    plan = OFFICE.model_dump()
    plan["walls"][4]["height_m"] = 1.2
    sides = building_of(FloorPlan.model_validate(plan)).wall_sides
    above = [side for side in sides if (0, pytest.approx(6.6), 1.2, 2.8) in side.openings_m]
    assert sorted(side.start_m for side in above) == [pytest.approx((4.95, 0)), pytest.approx((5.05, 6.6))]
