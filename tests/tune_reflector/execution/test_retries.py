"""Real trials on real workers that get into trouble in the middle: errors, maps that cannot be, no memory."""

import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
from ray import cloudpickle

from search_records.journal import Event, read_journal
from tests.searches import last_results, make_launch, proposed
from trainables.placement import PlacementTrainable
from tune_reflector.config.config_file import validate
from tune_reflector.execution import launch, ray_tune

pytestmark = pytest.mark.slow

QUICK_CONFIG = {
    "name": "a",
    "fidelity": {"rungs": [2_000, 4_000]},
    "searcher": {"kind": "random"},
    "budget": {"trials": 12},
}


@pytest.fixture(scope="module")
def cluster(ray_folder: None) -> Iterator[None]:
    """Two CPUs of Ray."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    yield
    ray.shutdown()


def troubled(trouble: Callable[[PlacementTrainable], None]) -> Callable[..., type[PlacementTrainable]]:
    """The real trial, which gets into trouble before its second rung."""

    def trainable_class(*arguments: Any, **more: Any) -> type[PlacementTrainable]:
        real = launch.trainable_class(*arguments, **more)

        class Troubled(real):  # type: ignore[valid-type, misc]
            def step(self) -> dict[str, Any]:
                if self.iteration == 1:
                    trouble(self)
                return dict(super().step())

        return Troubled

    return trainable_class


def run_troubled(
    trouble: Callable[[PlacementTrainable], None], monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> tuple[list[Event], list[str]]:
    """The journal of a search whose trials get into trouble, and what people were told."""
    monkeypatch.setattr(ray_tune, "trainable_class", troubled(trouble))
    config = validate({**QUICK_CONFIG, **settings})
    said: list[str] = []
    ray_tune.run(make_launch(config, warn=said.append))
    return read_journal(config.run_dir / "journal.log"), said


def test_an_error_that_does_not_repeat_costs_nothing(
    cluster: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def raise_once_a_trial(trial: PlacementTrainable) -> None:
        mark = tmp_path / f"raised-{trial.trial_id}"
        if trial._genes["x1"] > 9 and not mark.exists():
            mark.touch()
            raise RuntimeError("cosmic ray")

    events, _ = run_troubled(raise_once_a_trial, monkeypatch)
    assert list(tmp_path.glob("raised-*"))
    assert len(last_results(events)) == len(proposed(events)) == 12
    assert not [event for event in events if event["event"] in ("failed", "repeated")]  # each went on from its rung


def test_an_error_that_repeats_fails_its_trial_and_the_search_goes_on(
    cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_always(trial: PlacementTrainable) -> None:
        if trial._genes["x1"] > 9:
            raise RuntimeError("no luck\nat all")

    events, _ = run_troubled(raise_always, monkeypatch)
    trials = proposed(events)
    unlucky = {name for name, event in trials.items() if event["config"]["x1"] > 9}
    failed = {event["trial"]: event["cause"] for event in events if event["event"] == "failed"}
    assert failed == dict.fromkeys(unlucky, "RuntimeError: no luck")
    assert last_results(events).keys() == trials.keys() - unlucky
    assert Path("results/a/errors.txt").read_text().count('raise RuntimeError("no luck') == 2 * len(unlucky)


def test_a_map_that_cannot_be_fails_its_trial_and_never_wins(cluster: None, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {2: math.nan, 5: -1.0}

    def spoil(trial: PlacementTrainable) -> None:
        if (number := int(trial.trial_id)) in wrong:
            map_w = trial._evaluator._mapper.trace(2_000)
            map_w[0, 17] = wrong[number]
            trial._evaluator._mapper.trace = lambda rays: map_w

    events, _ = run_troubled(spoil, monkeypatch, faults={"max_failures": 5})
    failed = {int(event["trial"]): event["cause"] for event in events if event["event"] == "failed"}
    assert failed.keys() == wrong.keys()
    for cause in failed.values():
        assert cause.startswith("MapError: a radio map must hold finite powers >= 0 W")
        assert "of access point 1 in cell 18 it is" in cause
    assert all(math.isfinite(event["result"]["p5_rss_dbm"]) for event in last_results(events).values())
    assert len(last_results(events)) == 10


def test_without_memory_a_trial_is_tried_again_with_fewer_beside_it(
    cluster: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There is room for one trial: two at a time ask for more than there is."""
    count = tmp_path / "running"
    count.mkdir()

    def take_room(trial: PlacementTrainable) -> None:
        mine = count / str(os.getpid())
        mine.touch()
        time.sleep(0.3)
        try:
            if len(list(count.iterdir())) > 1:
                np.ones(2**55)  # a real one: no machine has it
        finally:
            mine.unlink()

    events, said = run_troubled(take_room, monkeypatch)
    assert len(last_results(events)) == 12
    assert not [event for event in events if event["event"] == "failed"]
    (line,) = said
    assert line.startswith("out of memory: ")
    assert "going on with 1 trials at a time: lower budget.max_concurrent" in line


def test_a_trial_that_has_no_room_even_alone_fails_with_the_setting_to_lower(
    cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_room(trial: PlacementTrainable) -> None:
        if trial._genes["x1"] > 9:
            np.ones(2**55)

    events, _ = run_troubled(take_room, monkeypatch)
    causes = {event["cause"] for event in events if event["event"] == "failed"}
    assert len(causes) == 1
    (cause,) = causes
    assert cause.startswith("out of memory: ")
    assert "even alone: lower fidelity.rungs" in cause
    assert len(last_results(events)) + sum(event["event"] == "failed" for event in events) == 12
