"""What could be built instead: other genes of the same building, begun from what is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.neighbourhood import distance
from tune_reflector.config.config_file import load_config
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.counterfactuals.alternatives import LEAST_DISTANCE, adapted, starts
from tune_reflector.errors import ConfigError

CONFIG = load_config(None)
SPACE = CONFIG.plan.placement_space


def searched(kind: str, *overrides: str) -> SearchConfig:
    found = load_config(None, [*overrides, f"counterfactual.kinds=[{kind}]"]).searched_instead(kind)  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize(("kind", "count"), [("best_without_reflector", 2), ("one_more_ap", 3)])
def test_an_alternative_is_the_same_search_without_the_plate_and_with_a_share_of_the_budget(
    kind: str, count: int
) -> None:
    overrides = [
        "budget={trials: 300, rays_per_ap: 4e7, time_s: 100}",
        "counterfactual.share=0.25",
        "searcher.kind=cmaes",
        "scheduler.kind=asha",
        "refine={candidates: 4, trials: 60}",
    ]
    search = load_config(None, overrides)
    other = searched(kind, *overrides)
    assert other.reflector is None
    assert other.access_points == search.access_points.model_copy(update={"count": count})
    assert (other.budget.trials, other.budget.rays_per_ap, other.budget.time_s) == (75, 1e7, 25)
    assert other.refine is not None
    assert (other.refine.candidates, other.refine.num_trials(1)) == (1, 15)
    for same in ("scene", "receivers", "radio", "objective", "fidelity", "searcher", "scheduler", "seed", "final"):
        assert getattr(other, same) == getattr(search, same)
    assert other.counterfactuals == ()


def test_without_a_plate_the_same_rays_try_more_placements_where_nothing_needs_the_rungs() -> None:
    overrides = ["fidelity.rungs=[10000, 30000]", "budget.trials=100", "counterfactual.share=0.25"]
    plain = searched("best_without_reflector", *overrides)
    assert (plain.rungs, plain.budget.trials) == ((10_000,), 100)
    for needs in ("scheduler.kind=asha", "trainable.kind=gradient", "refine.kind=gradient"):
        other = searched("best_without_reflector", *overrides, needs)
        assert (other.rungs, other.budget.trials) == ((10_000, 30_000), 25)


def test_a_population_is_as_much_smaller() -> None:
    overrides = ["searcher.kind=random", "scheduler={kind: pbt, population: 12}", "counterfactual.share=0.25"]
    assert searched("best_without_reflector", *overrides).num_trials == 3


def test_nothing_is_searched_for_the_same_access_points_and_nothing_is_compared_without_a_plate() -> None:
    assert CONFIG.searched_instead("same_access_points") is None
    assert CONFIG.counterfactuals == ("best_without_reflector",)
    assert load_config(None, ["reflector=null"]).counterfactuals == ()
    assert load_config(None, ["counterfactual.kinds=[]"]).counterfactuals == ()


def test_a_plate_that_hangs_already_stays_in_every_alternative_and_is_measured_against_none() -> None:
    fixed = "{fixed: {center_m: [8, 3.9, 1.5], normal: [0, -1, 0]}}"
    both = f"reflectors=[{{}}, {fixed}]"
    for kind in ("best_without_reflector", "one_more_ap"):
        other = searched(kind, both)
        assert other.plates == load_config(None, [both]).fixed_plates != ()
        assert not any(gene.name.startswith("refl") for gene in other.plan.placement_space.genes)
    assert load_config(None, [f"reflector={fixed}"]).counterfactuals == ()


FIXED = "access_points={count: 0, fixed: [{position_m: [2, 2, 2.5], direction: [1, 0, 0]}]}"


def test_where_the_plate_is_all_that_is_searched_what_is_left_is_the_best_without_it() -> None:
    config = load_config(None, [FIXED])
    assert config.counterfactuals == ("best_without_reflector",)
    assert config.searched_instead("best_without_reflector") is None
    more = config.searched_instead("one_more_ap")
    assert more is not None
    assert (more.access_points.count, more.access_points.total) == (1, 2)


def test_with_one_more_access_point_those_that_are_there_keep_what_was_found_of_them() -> None:
    turned = FIXED.replace("count: 0", "count: 1").replace("direction: [1, 0, 0]", "turn: true")
    config = load_config(None, [turned])
    more = config.searched_instead("one_more_ap")
    assert more is not None
    genes = config.plan.placement_space.sample(np.random.default_rng(0))
    found = adapted(genes, more.plan.placement_space, np.random.default_rng(1))
    assert found is not None
    before, after = (c.plan.placement_space.decode(g) for c, g in ((config, genes), (more, found)))
    for old, new in zip((before.access_points[0], before.access_points[1]), after.access_points[::2], strict=True):
        assert new.to_json() == old.to_json()


def test_nothing_to_search_is_refused_in_one_line() -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(None, [FIXED, "reflector=null"])
    (line,) = str(caught.value).splitlines()
    assert line.startswith("access_points.count must be >= 1 where nothing else is searched, but got 0; raise it")


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["counterfactual.kinds=[best_of_all]"], r"counterfactual\.kinds\.0: .*'best_of_all'"),
        (["counterfactual.kinds=[one_more_ap, one_more_ap]"], r"counterfactual\.kinds: each must be named once"),
        (["counterfactual.share=0"], r"counterfactual\.share: .*greater than 0"),
        (
            ["counterfactual.kinds=[one_more_ap]", "access_points={count: 100, min_separation_m: 0}"],
            r"counterfactual\.kinds: 'best with one more AP instead' must be a search of its own, but: ",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(overrides: list[str], line: str) -> None:
    with pytest.raises(ConfigError, match=line) as error:
        load_config(None, overrides)
    assert len(str(error.value).splitlines()) == 1


def test_an_ascent_from_a_given_start_begins_there_without_the_plate() -> None:
    genes = SPACE.sample(np.random.default_rng(3))
    trainable = f"trainable={{kind: gradient, start: {genes}, learning_rate: {{low: 0.01, high: 0.1}}}}"
    other = searched("best_without_reflector", trainable, "searcher.kind=random")
    assert other.trainable.start == {name: genes[name] for name in genes if name[0] in "xyd"}  # type: ignore[attr-defined]


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(["best_without_reflector", "one_more_ap"]))
@settings(max_examples=30)
def test_an_adapted_placement_keeps_its_access_points_and_can_be_built(seed: int, kind: str) -> None:
    space = OTHER[kind]
    genes = SPACE.sample(np.random.default_rng(seed))
    found = adapted(genes, space, np.random.default_rng(seed))
    assert found is not None
    assert found.keys() == {gene.name for gene in space.genes}
    assert {name: found[name] for name in ("x1", "y1", "dir2_x")} == {n: genes[n] for n in ("x1", "y1", "dir2_x")}
    assert space.violation(found) == 0
    space.decode(found)


OTHER = {kind: searched(kind).plan.placement_space for kind in ("best_without_reflector", "one_more_ap")}


def test_starts_are_the_best_that_are_apart_as_the_alternative_sees_it() -> None:
    """Two placements that differ in the plate alone are one without it."""
    best, second, third = (SPACE.sample(np.random.default_rng(seed)) for seed in (1, 2, 3))
    moved = best | {name: second[name] for name in ("refl_u", "refl_v", "focal_x", "focal_y")}
    space = OTHER["best_without_reflector"]
    found = starts([best, moved, second, best, third], space, most=9, seed=1)
    assert found == [{gene.name: genes[gene.name] for gene in space.genes} for genes in (best, second, third)]
    assert starts([best, moved, second], space, most=1, seed=1) == found[:1]
    assert all(distance(space, a, b) >= LEAST_DISTANCE for i, a in enumerate(found) for b in found[:i])


def test_the_search_begins_with_them() -> None:
    begins = tuple(OTHER["one_more_ap"].sample(np.random.default_rng(seed)) for seed in range(3))
    config = CONFIG.searched_instead("one_more_ap", begins)
    assert config is not None
    searcher = config.searcher.build(config.space(), config.seed)
    assert [
        {name: value for name, value in searcher.suggest(str(number)).items() if name in begins[0]}
        for number in range(3)
    ] == [pytest.approx(start) for start in begins]
    grid = load_config(None, ["searcher={kind: grid, points_per_gene: 1}"])
    assert grid.searched_instead("one_more_ap", begins).start is None  # type: ignore[union-attr]


def test_the_alternative_is_the_same_problem_but_for_what_is_placed() -> None:
    problem = searched("best_without_reflector").problem()
    same = {"reflector": CONFIG.reflector, "fidelity": CONFIG.fidelity}
    assert problem.model_copy(update=same) == CONFIG.problem()
