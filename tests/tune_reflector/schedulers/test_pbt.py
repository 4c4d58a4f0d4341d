"""How trials live in a population."""

from typing import Any

import pytest

from trainables.settings.base import PopulationLife
from tune_reflector.config.config_file import validate
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.schedulers.pbt import PopulationSettings


def population(kind: str, **settings: Any) -> tuple[SearchConfig, PopulationSettings]:
    config = validate({"searcher": {"kind": "random"}, "scheduler": {"kind": kind, **settings}})
    assert isinstance(config.scheduler, PopulationSettings)
    return config, config.scheduler


def test_nothing_is_copied_without_a_population() -> None:
    config = SearchConfig()
    assert config.scheduler.population_life(config.plan) is None
    assert not config.scheduler.copies_trials


@pytest.mark.parametrize("kind", ["pbt", "pb2"])
def test_a_placement_climbs_all_rungs_before_it_may_be_copied(kind: str) -> None:
    config, scheduler = population(kind, jitter=0.02, generations=7)
    assert scheduler.population_life(config.plan) == PopulationLife(interval=2, generations=7, jitter=0.02)
    assert scheduler.build(config.plan)._top_rung == config.top_rung == 2


def test_only_the_bandit_chooses_genes_of_placements_itself() -> None:
    config, pbt = population("pbt")
    assert pbt.mutable(config.plan) == ()
    config, pb2 = population("pb2")
    assert pb2.mutable(config.plan) == config.plan.placement_space.genes
