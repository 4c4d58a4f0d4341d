"""Placements by what they are worth: the highest rung before the best score, and each once."""

import math

from hypothesis import given
from hypothesis import strategies as st

from search_records.events import Reported
from search_records.ranking import ranked_placements
from tests.records import reported, trial_result

GENES = ("x1", "y1")

results = st.builds(
    lambda trial, rung, value, x1, feasible: reported(
        f"{trial}", rung, trial_result(value, rung, genes={"x1": x1, "y1": 0.0, "rate": trial}, feasible=feasible)
    ),
    trial=st.integers(0, 5),
    rung=st.integers(1, 3),
    value=st.sampled_from([-90.0, -60.0, -50.0, math.nan, math.inf]),
    x1=st.sampled_from([0.0, 1.0, 2.0]),
    feasible=st.booleans(),
)


def place(trial: str, rung: int, value: float, x1: float = 0.0, feasible: bool = True) -> Reported:
    return reported(trial, rung, trial_result(value, rung, genes={"x1": x1, "y1": 0.0}, feasible=feasible))


def test_the_highest_rung_comes_before_the_best_score() -> None:
    low, best, good = place("low", 1, -10, 1), place("best", 2, -60, 2), place("good", 2, -70, 3)
    assert ranked_placements([low, good, best], GENES) == [best, good, low]


def test_a_placement_is_there_once_with_its_highest_rung() -> None:
    """Trials climb, and searchers propose a placement again."""
    climbs = [place("a", 1, -10), place("a", 2, -60), place("b", 2, -65)]
    assert ranked_placements(climbs, GENES) == [climbs[1]]


def test_what_cannot_be_built_or_has_no_number_is_left_out() -> None:
    found = [place("a", 1, -10, feasible=False), place("b", 1, math.nan, 1), place("c", 1, math.inf, 2)]
    assert ranked_placements(found, GENES) == []


def test_only_genes_make_a_placement() -> None:
    same = [
        reported(trial, 1, trial_result(score, genes={"x1": 0.5, "y1": 0.5, "rate": rate}))
        for trial, score, rate in (("a", -60.0, 0.1), ("b", -50.0, 0.2))
    ]
    assert ranked_placements(same, GENES) == [same[1]]
    assert ranked_placements(same, (*GENES, "rate")) == [same[1], same[0]]


@given(found=st.lists(results, max_size=12), data=st.data())
def test_it_is_the_plain_sort_in_whatever_order_results_come(found: list[Reported], data: st.DataObject) -> None:
    """Equal ones go by the name of their trial, so that a resumed search ranks as one that was not interrupted."""
    good = [event for event in found if event.result.score.feasible and math.isfinite(event.result.score.value)]
    good.sort(key=lambda event: (-event.result.rung, -event.result.score.value, event.trial_id))
    expected: list[tuple[int, float, str]] = []
    seen = set[float]()
    for event in good:
        if event.result.genes["x1"] not in seen:
            seen.add(event.result.genes["x1"])
            expected.append((event.result.rung, event.result.score.value, event.trial_id))
    ranked = ranked_placements(data.draw(st.permutations(found)), GENES)
    assert [(event.result.rung, event.result.score.value, event.trial_id) for event in ranked] == expected
