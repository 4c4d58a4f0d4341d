"""Grid search: its own order, and its end."""

from ray.tune.search import Searcher

from trainables.problem import PlacementProblem
from tune_reflector.searchers.algorithms.grid import GridSearcher
from tune_reflector.searchers.grid import GridSettings

SPACE = PlacementProblem().site().space


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
