"""Weighted coverage: what it is made of, zone by zone."""

import numpy as np
import pytest
from pydantic import ValidationError

from trainables.objectives.base import dbm_to_w
from trainables.objectives.cells import Cells
from trainables.objectives.coverage import CoverageObjective
from trainables.objectives.weighted import WeightedObjective, ZoneDemand

WEST = ((0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (0.0, 1.0))
EAST = ((4.0, 0.0), (6.0, 0.0), (6.0, 1.0), (4.0, 1.0))
CELLS = Cells(np.column_stack([np.arange(6) + 0.5, np.full(6, 0.5)]), (WEST, EAST))

POWERS_W = np.vectorize(dbm_to_w)(np.array([[-50.0, -60, -70, -80, -65, -90], [-90.0, -70, -72, -60, -64, -60]]))


def test_it_is_the_mean_of_the_zones_shares_by_weight() -> None:
    objective = WeightedObjective(zones=(ZoneDemand(zone=1, weight=3), ZoneDemand(zone=2, level_dbm=-62)))
    assert objective.score(POWERS_W, CELLS).value == pytest.approx(100 * (3 * 3 / 4 + 1 * 1 / 2) / 4)
    assert objective.details(POWERS_W, CELLS) == {"zone 1 above -67 dBm [%]": 75, "zone 2 above -62 dBm [%]": 50}


def test_a_second_access_point_is_the_second_strongest() -> None:
    objective = WeightedObjective(zones=(ZoneDemand(zone=WEST, level_dbm=-75, second_level_dbm=-75),))
    assert objective.score(POWERS_W, CELLS).value == pytest.approx(100 * 2 / 4)
    assert objective.score(POWERS_W[:1], CELLS).value < 0
    assert objective.details(POWERS_W, CELLS) == {"polygon 1 above -75 and -75 dBm [%]": 50}


def test_one_zone_of_all_cells_is_the_coverage() -> None:
    everywhere = ((0.0, 0.0), (6.0, 0.0), (6.0, 1.0), (0.0, 1.0))
    rng = np.random.default_rng(0)
    for level_dbm in (-67.0, -30.0):
        one, other = WeightedObjective(zones=(ZoneDemand(zone=everywhere, level_dbm=level_dbm),)), CoverageObjective(
            coverage_threshold_dbm=level_dbm
        )  # fmt: skip
        for rss_w in 10 ** rng.uniform(-13, -7, (5, 2, 6)):
            assert one.score(rss_w, CELLS).value == pytest.approx(other.score(rss_w, CELLS).value)


def test_cells_of_no_zone_are_never_decisive_while_there_are_others() -> None:
    objective = WeightedObjective(zones=(ZoneDemand(zone=2),))
    assert objective.decisive_cells(POWERS_W, CELLS, 2).tolist() == [4, 5]


@pytest.mark.parametrize(
    ("zone", "num_ap", "said"),
    [
        (ZoneDemand(zone=3), 2, r"objective.zones.0.zone must be the number of one of the 2 user zones.*got 3; choose"),
        (ZoneDemand(zone=((7, 0), (8, 0), (8, 1))), 2, "objective.zones.0.zone must hold the centre of at least one"),
        (ZoneDemand(zone=1, second_level_dbm=-70), 1, "second_level_dbm must be null .* but got -70; raise access_poi"),
    ],
)
def test_a_demand_that_nothing_can_meet_is_refused(zone: ZoneDemand, num_ap: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        WeightedObjective(zones=(zone,)).check(CELLS, num_ap)


def test_a_level_that_darkness_meets_is_refused() -> None:
    with pytest.raises(
        ValidationError, match=r"zones.0: levels must be above floor_dbm=-120, .* but got -130; raise it"
    ):
        WeightedObjective(zones=(ZoneDemand(zone=1, second_level_dbm=-130),))
