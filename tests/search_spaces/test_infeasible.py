"""Of several hurdles that nobody took all of, the hardest is to blame."""

from collections import Counter

import pytest
from shapely.geometry import Polygon, box

from search_spaces.access_points import AccessPointsConfig, AccessPointSpace
from search_spaces.infeasible import Fault, PlateHurdle, complaint
from search_spaces.placement import PlacementSpace
from search_spaces.plates import PlateSpace
from search_spaces.reflector import PlateMount, WallRectangle

WALL = WallRectangle(top_left_m=(20, 4, 3), bottom_right_m=(20, 0, 0))
SPACE = PlacementSpace(
    AccessPointSpace(AccessPointsConfig(), box(0, 0, 12, 4), Polygon()),
    (PlateSpace((PlateMount(WALL, (1.0, 1.0)),), (16, 4, 20, 20), 1.5),),
)


@pytest.mark.parametrize(
    ("faults", "blamed"),
    [
        ({"separation": 1000}, "access_points.min_separation_m"),
        ({"separation": 900, PlateHurdle("wall"): 100}, "reflector.wall"),  # none of 100, 100 of 1000
        ({"separation": 998, PlateHurdle("wall"): 2}, "access_points.min_separation_m"),  # two failures prove little
        ({"separation": 500, PlateHurdle("focal_point"): 300, PlateHurdle("wall"): 200}, "reflector.focal_area"),
        ({PlateHurdle("size"): 400, PlateHurdle("focal_point"): 300, PlateHurdle("wall"): 300}, "reflector.size_m"),
    ],
)
def test_the_hurdle_that_the_smallest_share_takes_is_to_blame(faults: dict[Fault, int], blamed: str) -> None:
    said = complaint(SPACE, Counter(faults))
    assert said.startswith(f"{blamed} must ")
    assert "; " in said
    assert "\n" not in said
