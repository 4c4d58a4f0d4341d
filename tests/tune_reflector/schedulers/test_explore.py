"""What a copy becomes: numbered, shaken, and always one that can be built."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_records.result import COPY
from search_spaces.neighbourhood import distance
from tune_reflector.config.config_file import validate
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.schedulers.explore import Explore
from tune_reflector.schedulers.pbt import PopulationSettings
from tune_reflector.searchers.algorithms.random import RandomSearcher
from tune_reflector.searchers.random import RandomSettings

SPACE = SearchConfig().site().space
NAMES = [gene.name for gene in SPACE.genes]


def explorer(kind: str, **settings: Any) -> tuple[SearchConfig, Explore]:
    config = validate({"searcher": {"kind": "random"}, "scheduler": {"kind": kind, "jitter": 0.02}, **settings})
    scheduler = config.scheduler
    assert isinstance(scheduler, PopulationSettings)
    return config, Explore(config.plan, scheduler.mutable(config.plan), scheduler.jitter)


def donors(count: int) -> list[dict[str, float]]:
    searcher = RandomSearcher(SPACE, RandomSettings(), 1)
    return [searcher.suggest(str(number)) for number in range(count)]


@pytest.mark.parametrize("kind", ["pbt", "pb2"])
def test_a_copied_placement_is_shaken_and_numbered(kind: str) -> None:
    _, explore = explorer(kind)
    numbers = set()
    for donor in donors(20):
        copy = explore(dict(donor))
        assert SPACE.violation(copy) == 0
        assert 0 < distance(SPACE, donor, copy) < 0.06
        numbers.add(copy[COPY])
    assert len(numbers) == 20


@given(st.lists(st.floats(-2, 3), min_size=12, max_size=12))
@settings(max_examples=40)
def test_whatever_the_bandit_chooses_can_be_built(shares: list[float]) -> None:
    """Its model knows neither walls nor, after rounding, the bounds."""
    _, explore = explorer("pb2")
    chosen = {g.name: g.low + share * (g.high - g.low) for g, share in zip(SPACE.genes, shares, strict=True)}
    copy = explore(chosen)
    assert SPACE.violation(copy) == 0
    assert all(gene.low <= copy[gene.name] <= gene.high for gene in SPACE.genes)


def test_hyperparameters_stay_in_their_range_and_the_start_is_left_alone() -> None:
    ascent = {"kind": "gradient", "learning_rate": {"low": 0.01, "high": 0.1}}
    config, explore = explorer("pbt", trainable=ascent)
    assert isinstance(config.scheduler, PopulationSettings)
    assert [gene.name for gene in config.scheduler.mutable(config.plan)] == ["learning_rate"]
    (donor,) = donors(1)
    for rate, within in ((0.12, 0.1), (0.008, 0.01), (0.05, 0.05)):
        copy = explore({**donor, "learning_rate": rate})
        assert copy["learning_rate"] == within
        assert {name: copy[name] for name in NAMES} == {name: donor[name] for name in NAMES}
        assert COPY in copy
