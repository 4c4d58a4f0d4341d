"""Several carriers: each is traced as if it were alone, and their scores make one."""

import numpy as np
import pytest
from pydantic import ValidationError

from search_records.result import Score
from search_spaces.design import Placement
from trainables.carriers import Carrier, CarriersConfig
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.robust_evaluator import RobustEvaluator
from trainables.variants.base import Variant, Worlds
from tune_reflector.config.config_file import load_config
from tune_reflector.errors import ConfigError

RAYS = 5_000
RADIO = {"frequency_hz": 5.18e9, "max_depth": 3}
FURTHER = [{"frequency_hz": 2.437e9, "power_dbm": 14.0}, {"frequency_hz": 60e9}]


def evaluator(frequency_hz: float = 5.18e9, **carriers: object) -> PlacementEvaluator:
    settings = {"radio": RADIO | {"frequency_hz": frequency_hz}, "carriers": carriers}
    return PlacementEvaluator(PlacementProblem.model_validate(settings), threads=1)


@pytest.fixture(scope="module")
def several() -> PlacementEvaluator:
    return evaluator(further=FURTHER)


@pytest.fixture(scope="module")
def placements(several: PlacementEvaluator) -> list[Placement]:
    space, rng = several.site.space, np.random.default_rng(0)
    return [space.decode(space.sample(rng))]


def test_each_carrier_is_traced_as_if_it_were_alone(several: PlacementEvaluator, placements: list[Placement]) -> None:
    alone = [evaluator(frequency_hz) for frequency_hz in (5.18e9, 2.437e9, 60e9)]
    for placement in placements:
        traced = several.trace(placement, RAYS)
        first_w, second_w, third_w = (of.trace(placement, RAYS).rss_w for of in alone)
        less = 10 ** ((14.0 - placement.access_points[0].power_dbm) / 10)
        np.testing.assert_allclose(traced.rss_w, [first_w, less * second_w, third_w], rtol=1e-4, atol=1e-18)
        np.testing.assert_array_equal(several.modelled_w(traced), traced.rss_w[0])
        assert traced.rays_per_ap == RAYS
        scores = [alone[0].score_of(rss_w) for rss_w in (first_w, less * second_w, third_w)]
        assert several.score(traced).value == pytest.approx(min(score.value for score in scores), abs=1e-3)
        told = several.details(traced.rss_w)
        assert list(told) == ["P5 at 5.18 GHz [dBm]", "P5 at 2.437 GHz [dBm]", "P5 at 60 GHz [dBm]"]
        for value, score in zip(told.values(), scores, strict=True):
            if isinstance(value, str):
                assert value == several.problem.objective.penalty(score.value)
            else:
                assert value == pytest.approx(score.value, abs=1e-3)


def test_worlds_are_those_of_all_carriers(several: PlacementEvaluator, placements: list[Placement]) -> None:
    class Weaker(Variant):
        """Another world that is none: the worst of both is either."""

    robust = RobustEvaluator(several.problem, Worlds((Weaker("weaker"),), 1.0), threads=1)
    traced, plain = robust.trace(placements[0], RAYS), several.trace(placements[0], RAYS)
    np.testing.assert_allclose(traced.rss_w, [plain.rss_w, plain.rss_w], rtol=1e-4, atol=1e-18)
    assert robust.score(traced).value == pytest.approx(several.score(plain).value, abs=1e-3)
    np.testing.assert_array_equal(robust.modelled_w(traced), traced.rss_w[0, 0])


def score(value: float) -> Score:
    return Score(value, coverage=value / 100, outage=0.0, mean_rss_dbm=value, min_rss_dbm=value)


def test_the_worst_counts_or_the_mean_by_weight() -> None:
    scores = [score(30), score(20), score(70)]
    further = (Carrier(frequency_hz=2.4e9), Carrier(frequency_hz=6e9))
    assert CarriersConfig(further=further).together(scores) == score(20)
    together = CarriersConfig(further=further, weights=(1, 2, 1)).together(scores)
    assert together.value == pytest.approx(35)
    assert together.coverage == pytest.approx(0.35)
    assert together.feasible


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"weights": [1, 2]}, "weights must be as many as carriers, 1 with radio.frequency_hz, but are 2; give one"),
        ({"further": FURTHER[:1], "weights": [1, 0]}, "weights must be > 0, but got 0; leave the carrier out"),
    ],
)
def test_weights_are_those_of_the_carriers(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        CarriersConfig.model_validate(settings)


def test_gradients_know_one_carrier_only() -> None:
    settings = ["carriers.further=[{frequency_hz: 2.4e9}]", "trainable.kind=gradient"]
    with pytest.raises(ConfigError, match=r"trainable.kind must not be 'gradient', .* but there are several carriers"):
        load_config(None, settings)
