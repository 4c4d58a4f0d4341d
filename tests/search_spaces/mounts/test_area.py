"""Areas and ceilings."""

from typing import Any

import pytest
from shapely.geometry import Polygon, box

from search_spaces.access_points import AccessPointsConfig, AccessPointSpace
from search_spaces.mounts.base import Building


def space(building: Building, **settings: Any) -> AccessPointSpace:
    config = AccessPointsConfig.model_validate({"count": 1, **settings})
    return AccessPointSpace(config, box(0, 0, 12, 4), Polygon(), building)


def test_under_a_ceiling_the_place_is_searched_and_the_height_follows() -> None:
    where = space(Building(ceiling_m=2.8), mount={"kind": "ceiling", "offset_m": 0.3}, direction=[0, 0, -1])
    assert [gene.name for gene in where.genes] == ["x1", "y1"]
    (ap,) = where.decode({"x1": 3.0, "y1": 1.0})
    assert ap.position_m.tolist() == pytest.approx([3, 1, 2.5])
    assert ap.direction.tolist() == [0, 0, -1]


@pytest.mark.parametrize(
    ("building", "mount", "said"),
    [
        (
            Building(),
            {"kind": "ceiling"},
            r"^access_points\.mount\.kind must be area or points where .*; give height_m",
        ),
        (Building(ceiling_m=3.0), {"kind": "ceiling", "offset_m": 3}, r"^access_points\.mount\.offset_m must be less"),
    ],
)
def test_a_ceiling_must_be_known_and_high_enough(building: Building, mount: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        space(building, mount=mount).check()
