"""Listed spots: one gene picks, and its neighbours are near."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from search_spaces.access_points import AccessPointsConfig, AccessPointSpace
from search_spaces.mounts.base import Building
from search_spaces.placement import PlacementSpace

ROW = [[0, 0], [8, 0], [2, 0], [6, 0, 2.9], [4, 0]]


def space(points_m: list[list[float]], count: int = 1, building: Building | None = None) -> PlacementSpace:
    config = AccessPointsConfig.model_validate({"count": count, "mount": {"kind": "points", "points_m": points_m}})
    return PlacementSpace(AccessPointSpace(config, Polygon(), Polygon(), building or Building()))


def picked(where: PlacementSpace, spot: float) -> list[float]:
    (ap,) = where.decode({"spot1": spot, "dir1_x": 0.0, "dir1_y": 0.0}).access_points
    return [float(metres) for metres in ap.position_m]


def test_every_spot_has_an_equal_part_of_the_gene_in_an_order_of_neighbours() -> None:
    where = space(ROW)
    gene = where.genes[0]
    assert (gene.name, gene.low, gene.high, gene.kind) == ("spot1", 0, 5, "pick")
    middles = [picked(where, number + 0.5) for number in range(5)]
    assert middles == [[0, 0, 2.5], [2, 0, 2.5], [4, 0, 2.5], [6, 0, 2.9], [8, 0, 2.5]]
    assert [picked(where, number + 0.999) for number in range(5)] == middles
    assert picked(where, 5.0) == middles[-1]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=20, unique=True))
def test_no_spot_is_lost(spots: list[tuple[int, int]]) -> None:
    where = space([list(spot) for spot in spots])
    assert sorted(tuple(picked(where, number + 0.5)[:2]) for number in range(len(spots))) == sorted(spots)


def test_two_do_not_share_a_spot() -> None:
    where = space(ROW, count=4)
    for seed in range(10):
        genes = where.sample(np.random.default_rng(seed))
        assert len({tuple(ap.position_m) for ap in where.decode(genes).access_points}) == 4
    crowded = {name: 0.1 if name.startswith("spot") else value for name, value in genes.items()}
    assert where.violation(where.repaired(crowded, np.random.default_rng(0))) == 0


def test_spots_must_be_inside_the_building_and_below_its_ceiling() -> None:
    inside = Building(outline=box(0, 0, 9, 1), ceiling_m=2.95)
    space(ROW, building=inside).check()
    with pytest.raises(
        ValueError, match=r"^access_points\.mount\.points_m must lie inside .*\[9.5, 0.0\] does not; move"
    ):
        space([*ROW, [9.5, 0]], building=inside).check()
    with pytest.raises(ValueError, match=r"^access_points\.mount\.points_m must be below the ceiling at 2\.95 m"):
        space([[1, 0, 3.0]], building=inside).check()
