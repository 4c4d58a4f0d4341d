"""Coverage: a share of all cells, which says of the dark how far it is from being covered."""

import numpy as np
import pytest

from trainables.objectives.base import dbm_to_w
from trainables.objectives.cells import NOWHERE
from trainables.objectives.coverage import CoverageObjective

OBJECTIVE = CoverageObjective(coverage_threshold_dbm=-70)


def test_it_is_the_coverage_of_the_score_in_percent() -> None:
    rss_w = 10 ** np.random.default_rng(0).uniform(-13, -7, (3, 200))
    score = OBJECTIVE.score(rss_w)
    assert score.value == pytest.approx(100 * score.coverage)
    assert 0 < score.value < 100


def test_where_no_cell_is_covered_it_is_what_they_lack_on_average() -> None:
    levels_dbm = np.array([-71.0, -80.0, -200.0])  # the last is at the floor, -120
    value = OBJECTIVE.score(np.array([[dbm_to_w(level) for level in levels_dbm]])).value
    assert value == pytest.approx(-(1 + 10 + 50) / 3)
    assert OBJECTIVE.told(value, 0.3) == "no cell gets what it needs, they are 20.3 +- 0.3 dB short on average"
    assert OBJECTIVE.lowest == -50


def test_the_decisive_cells_are_those_nearest_to_the_level() -> None:
    levels_dbm = np.array([-50.0, -68.5, -95.0, -71.0, -72.0])
    rss_w = np.array([[dbm_to_w(level) for level in levels_dbm]])
    assert OBJECTIVE.decisive_cells(rss_w, NOWHERE, 3).tolist() == [1, 3, 4]


def test_people_read_it_once() -> None:
    assert OBJECTIVE.headline(93.25, 0.9325, 0.02, 0.4) == (
        "coverage above -70 dBm 93.2 +- 0.4 %; 2 % of the cells without signal"
    )
