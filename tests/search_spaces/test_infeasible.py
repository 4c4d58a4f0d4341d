"""Of several hurdles that nobody took all of, the hardest is to blame."""

from collections import Counter

import pytest
from shapely.geometry import Polygon, box

from search_spaces.access_points import AccessPointsConfig, AccessPointSpace
from search_spaces.infeasible import Fault, complaint
from search_spaces.placement import PlacementSpace
from search_spaces.plates import PlateSpace
from search_spaces.reflector import PlateMount, WallRectangle

WALL = WallRectangle(top_left_m=(20, 4, 3), bottom_right_m=(20, 0, 0))
SPACE = PlacementSpace(
    AccessPointSpace(AccessPointsConfig(), box(0, 0, 12, 4), Polygon()),
    (PlateSpace(PlateMount(WALL, (1.0, 1.0)), (16, 4, 20, 20), 1.5),),
)


@pytest.mark.parametrize(
    ("faults", "blamed"),
    [
        ({"area": 1000}, "access_points.areas"),
        ({"separation": 1000}, "access_points.min_separation_m"),
        ({"separation": 900, "area": 90, "wall": 10}, "reflector.wall"),  # none of 10, 10 of 100, 100 of 1000
        (
            {"separation": 1, "area": 997, "wall": 2},
            "access_points.areas",
        ),  # two failures are no proof against the wall
        ({"separation": 998, "area": 2}, "access_points.min_separation_m"),
        ({"area": 500, "focal_point": 300, "wall": 200}, "reflector.focal_area"),
        ({"size": 400, "focal_point": 300, "wall": 300}, "reflector.size_m"),
    ],
)
def test_the_hurdle_that_the_smallest_share_takes_is_to_blame(faults: dict[Fault, int], blamed: str) -> None:
    said = complaint(SPACE, Counter(faults))
    assert said.startswith(f"{blamed} must ")
    assert "; " in said
    assert "\n" not in said
