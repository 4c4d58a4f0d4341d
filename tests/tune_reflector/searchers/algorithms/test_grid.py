"""Grid search: its own order, and its end."""

from collections.abc import Callable
from pathlib import Path

import pytest
from ray.tune.search import Searcher

from search_spaces.placement import PlacementSpace
from trainables.problem import PlacementProblem
from tune_reflector.searchers.algorithms.grid import GridSearcher
from tune_reflector.searchers.grid import GridSettings

SPACE = PlacementProblem().site().space
CORNERS = [[[x, y], [x + 0.5, y], [x + 0.5, y + 0.5], [x, y + 0.5]] for x in (1, 10) for y in (1, 3)]


def test_a_grid_visits_every_feasible_point_once_and_finishes() -> None:
    settings = GridSettings(points_per_gene=1, points={"refl_u": 3, "x1": 2, "x2": 2})
    assert settings.most_candidates(SPACE) == 12
    searcher = GridSearcher(SPACE, settings, seed=0)
    seen: list[tuple[float, ...]] = []
    while isinstance(genes := searcher.suggest(f"t{len(seen)}"), dict):
        assert SPACE.violation(genes) == 0
        seen.append(tuple(genes.values()))
    assert genes == Searcher.FINISHED
    assert len(seen) == len(set(seen)) == 6  # 12 combinations, of which half put both APs in one place


def test_points_that_share_a_fault_are_passed_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 10^6 points with the first access point outside its area, or both in one place, few are looked at."""
    space = PlacementProblem.model_validate({"access_points": {"areas": CORNERS}}).site().space
    settings = GridSettings(points_per_gene=2, points={"x1": 12, "y1": 12, "dir1_x": 3, "dir1_y": 3, "focal_x": 3})
    searcher = GridSearcher(space, settings, seed=0)
    looked_at = 0

    def counting(genes: dict[str, float]) -> tuple[str, ...]:
        nonlocal looked_at
        looked_at += 1
        return type(space).blamed(space, genes)

    monkeypatch.setattr(searcher, "_space", _Asked(space, counting))
    for number in range(200):
        genes = searcher.suggest(f"t{number}")
        assert isinstance(genes, dict)
        assert space.violation(genes) == 0
    assert looked_at < 1_000


class _Asked:
    """A space that tells whenever it is asked whom to blame."""

    def __init__(self, space: PlacementSpace, blamed: Callable[[dict[str, float]], tuple[str, ...]]) -> None:
        self.blamed = blamed
        self.repaired = space.repaired


def test_where_no_point_of_the_grid_can_be_built_each_is_repaired(tmp_path: Path) -> None:
    space = PlacementProblem.model_validate({"access_points": {"areas": CORNERS}}).site().space
    settings = GridSettings(points_per_gene=1, points={"x1": 3, "y1": 1, "refl_u": 3})
    searcher = GridSearcher(space, settings, seed=0)
    seen = []
    while isinstance(genes := searcher.suggest(f"t{len(seen)}"), dict):
        assert space.violation(genes) == 0
        seen.append(genes)
        if len(seen) == 4:
            searcher.save(str(tmp_path / "state"))
    assert len(seen) == settings.most_candidates(space) == 9
    restored = GridSearcher(space, settings, seed=0)
    restored.restore(str(tmp_path / "state"))
    assert [restored.suggest(f"t{number}") for number in range(4, 9)] == seen[4:]
    assert restored.suggest("t9") == Searcher.FINISHED
