"""The map of the best placement so far: kept when it is the best, whole, and by whichever worker it came."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from callbacks.best_map_keeper import BestMapKeeper
from search_records.best_map import BestMap
from search_records.result import RankedScore
from tests.records import COLUMNS, trial_result

PATH = Path("maps.npz")
POWERS = np.array([[1e-9, 2e-9, 0.0], [3e-9, 0.0, 1e-12]])


def keeper(best: RankedScore | None = None) -> BestMapKeeper:
    made = BestMapKeeper(PATH, COLUMNS, POWERS.shape, best)
    made.setup()
    return made


def report(to: BestMapKeeper, rung: int, score: float, **more: Any) -> dict[str, Any]:
    result = trial_result(score, rung, genes={"x1": -score, "y1": 2.0}).flat("p5_rss_dbm") | more
    to.on_trial_result(iteration=0, trials=[], trial=SimpleNamespace(trial_id="0"), result=result)
    return result


def kept_score() -> float:
    kept = BestMap.read(PATH, POWERS.shape)
    assert kept is not None
    return kept.ranked.value


def test_a_map_reads_back_as_it_was_kept() -> None:
    assert BestMap.read(PATH, POWERS.shape) is None
    result = report(keeper(), 2, -60.0, rss_w=POWERS)
    kept = BestMap.read(PATH, POWERS.shape)
    assert kept is not None
    assert kept.rss_w == pytest.approx(POWERS, rel=1e-6)
    assert kept.rss_w.dtype == np.float64
    assert (kept.genes, kept.ranked) == ({"x1": 60.0, "y1": 2.0}, RankedScore(False, 2, -60.0))
    assert kept.alternative_w is None
    assert "rss_w" not in result  # nobody else has a use for it


def test_only_a_better_score_or_a_higher_rung_takes_its_place() -> None:
    keeps = keeper()
    for rung, score, kept in ((1, -50.0, -50.0), (1, -55.0, -50.0), (2, -60.0, -60.0), (1, -40.0, -60.0)):
        report(keeps, rung, score, rss_w=POWERS)
        assert kept_score() == kept
    report(keeps, 2, -30.0)  # without a map: its worker has seen a better one
    assert kept_score() == -60.0


def test_a_later_session_keeps_to_the_best_of_all() -> None:
    report(keeper(), 2, -60.0, rss_w=POWERS)
    report(keeper(), 2, -70.0, rss_w=POWERS)
    assert kept_score() == -60.0


def test_the_map_of_a_winner_stays_until_the_search_finds_a_better_one() -> None:
    BestMap({"x1": 1.0}, RankedScore(True, 2, -20.0), POWERS, POWERS).write(PATH)  # the search goes on
    keeps = keeper(best=RankedScore(False, 2, -60.0))
    report(keeps, 1, -10.0, rss_w=POWERS)
    report(keeps, 2, -61.0, rss_w=POWERS)
    assert kept_score() == -20.0
    report(keeps, 2, -59.0, rss_w=POWERS)
    assert kept_score() == -59.0


@pytest.mark.parametrize("keep", [0, 10, 200, -1])
def test_a_damaged_file_is_none_and_makes_room(keep: int) -> None:
    """It is only for show."""
    report(keeper(), 2, -60.0, rss_w=POWERS)
    PATH.write_bytes(PATH.read_bytes()[:keep])
    assert BestMap.read(PATH, POWERS.shape) is None
    np.savez(PATH, all=POWERS)  # of another version of this program
    assert BestMap.read(PATH, POWERS.shape) is None
    report(keeper(), 2, -70.0, rss_w=POWERS)
    assert kept_score() == -70.0
