"""Trials that get into trouble in the middle: which are tried again and how often, in both ways of launching."""

import errno
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
from ray import cloudpickle

from search_records.events import Event, Failed, Repeated
from search_records.journal import read_journal
from tests.searches import last_results, make_launch, proposed
from trainables.objectives.base import MapError
from trainables.placement import PlacementTrainable
from tune_reflector.config.config_file import validate
from tune_reflector.execution import local_loop, ray_tune
from tune_reflector.execution.failures import Failure, FailureLog, no_progress
from tune_reflector.execution.launch import Launch
from tune_reflector.execution.retries import Retries

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


FEW = {"budget": {"trials": 6}}
"""For searches on Ray, where a worker takes seconds to replace; two of six trials are ``unlucky``."""


def unlucky(genes: Mapping[str, float]) -> bool:
    return genes["x1"] > 6


def troubled(trouble: Callable[[PlacementTrainable], None]) -> Callable[..., type[PlacementTrainable]]:
    """The real trial, which gets into trouble before its second rung."""
    real = Launch.trainable

    def trainable(self: Launch, **attributes: Any) -> type[PlacementTrainable]:
        class Troubled(real(self, **attributes)):  # type: ignore[misc]
            def step(self) -> dict[str, Any]:
                if self.iteration == 1:
                    trouble(self)
                return dict(super().step())

        return Troubled

    return trainable


def run_troubled(
    trouble: Callable[[PlacementTrainable], None], monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> list[Event]:
    """The journal of a search whose trials get into trouble."""
    monkeypatch.setattr(Launch, "trainable", troubled(trouble))
    config = validate({**QUICK_CONFIG, **settings})
    run = local_loop.run if config.launch == "local" else ray_tune.run
    run(make_launch(config))
    return read_journal(next(config.folders) / "journal.log", config.columns())


def failures(events: list[Event]) -> dict[str, str]:
    """Why each trial failed for good; each must be there once."""
    found = [event for event in events if isinstance(event, Failed)]
    assert len({event.trial_id for event in found}) == len(found)
    return {event.trial_id: event.cause for event in found}


@pytest.mark.slow
def test_an_error_that_does_not_repeat_costs_nothing(
    cluster: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def raise_once_a_trial(trial: PlacementTrainable) -> None:
        mark = tmp_path / f"raised-{trial.trial_id}"
        if unlucky(trial.genes) and not mark.exists():
            mark.touch()
            raise RuntimeError("cosmic ray")

    events = run_troubled(raise_once_a_trial, monkeypatch, **FEW)
    assert list(tmp_path.glob("raised-*"))
    assert len(last_results(events)) == len(proposed(events)) == 6
    assert not [event for event in events if isinstance(event, Failed | Repeated)]  # each went on from its rung


@pytest.mark.slow
def test_an_error_that_repeats_fails_its_trial_and_the_search_goes_on(
    cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_always(trial: PlacementTrainable) -> None:
        if unlucky(trial.genes):
            raise RuntimeError("no luck\nat all")

    events = run_troubled(raise_always, monkeypatch, **FEW)
    trials = proposed(events)
    failed = {name for name, event in trials.items() if unlucky(event.config)}
    assert 0 < len(failed) < len(trials) == 6
    assert failures(events) == dict.fromkeys(failed, "RuntimeError: no luck")
    assert last_results(events).keys() == trials.keys() - failed
    assert Path("results/a/errors.txt").read_text().count('raise RuntimeError("no luck') == 2 * len(failed)


@pytest.mark.slow
def test_a_map_that_cannot_be_fails_its_trial_and_never_wins(cluster: None, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {1: math.nan, 4: -1.0}

    def spoil(trial: PlacementTrainable) -> None:
        if (number := int(trial.trial_id)) in wrong:
            map_w = trial._evaluator._mapper.trace(2_000)
            map_w[0, 17] = wrong[number]
            trial._evaluator._mapper.trace = lambda rays_per_ap, sample=0: map_w  # type: ignore[method-assign]

    events = run_troubled(spoil, monkeypatch, faults={"max_failures": 5}, **FEW)
    failed = {int(trial_id): cause for trial_id, cause in failures(events).items()}
    assert failed.keys() == wrong.keys()
    for cause in failed.values():
        assert cause.startswith("MapError: a radio map must hold finite powers >= 0 W")
        assert "of access point 1 in cell 18 it is" in cause
    assert all(math.isfinite(event.result.score.value) for event in last_results(events).values())
    assert len(last_results(events)) == 4


@pytest.mark.slow
def test_without_memory_a_trial_is_tried_again_with_fewer_beside_it(
    cluster: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
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

    events = run_troubled(take_room, monkeypatch)
    assert len(last_results(events)) == 12
    assert not failures(events)
    said = [record for record in caplog.records if record.name.startswith("tune_reflector.")]
    assert [record.levelname for record in said] == ["WARNING"]
    line = said[0].getMessage()
    assert line.startswith("out of memory: ")
    assert "going on with 1 trials at a time: lower budget.max_concurrent" in line


@pytest.mark.slow
def test_a_trial_that_has_no_room_even_alone_fails_with_the_setting_to_lower(
    cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_room(trial: PlacementTrainable) -> None:
        if unlucky(trial.genes):
            np.ones(2**55)

    events = run_troubled(take_room, monkeypatch, **FEW)
    causes = set(failures(events).values())
    assert len(causes) == 1
    (cause,) = causes
    assert cause.startswith("out of memory: ")
    assert "even alone: lower fidelity.rungs" in cause
    assert len(last_results(events)) + len(failures(events)) == 6


@pytest.mark.parametrize("max_failures", [0, 2])
def test_a_local_search_tries_a_failed_trial_so_many_times_and_then_gives_it_up(
    max_failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_always(trial: PlacementTrainable) -> None:
        if trial.genes["x1"] > 9:
            raise RuntimeError("no luck\nat all")

    events = run_troubled(raise_always, monkeypatch, launch="local", faults={"max_failures": max_failures})
    trials = proposed(events)
    unlucky = {name for name, event in trials.items() if event.config["x1"] > 9}
    assert 0 < len(unlucky) < len(trials) == 12
    assert failures(events) == dict.fromkeys(unlucky, "RuntimeError: no luck")
    assert last_results(events).keys() == trials.keys() - unlucky
    written = Path("results/a/errors.txt").read_text()
    for name in unlucky:
        assert written.count(f"trial {name}: RuntimeError: no luck") == 1 + max_failures
    assert written.count('raise RuntimeError("no luck') == (1 + max_failures) * len(unlucky)


def test_a_local_search_goes_on_with_a_trial_from_the_rung_before_its_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: dict[float, int] = {}

    def raise_twice_a_trial(trial: PlacementTrainable) -> None:
        name = trial.genes["x1"]
        tries[name] = tries.get(name, 0) + 1
        if name > 9 and tries[name] <= 2:
            raise RuntimeError("cosmic ray")

    events = run_troubled(raise_twice_a_trial, monkeypatch, launch="local", faults={"max_failures": 2})
    assert set(tries.values()) == {1, 3}
    assert len(last_results(events)) == len(proposed(events)) == 12
    assert not [event for event in events if isinstance(event, Failed | Repeated)]  # each went on from its rung


def test_a_file_that_a_trial_does_not_find_is_the_trials_failure_in_a_local_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The operating system's error alone does not tell a full disk, which ends a search, from a trial's own trouble."""

    def miss(trial: PlacementTrainable) -> None:
        if trial.genes["x1"] > 9:
            Path("nowhere").read_bytes()

    events = run_troubled(miss, monkeypatch, launch="local")
    assert set(failures(events).values()) == {"FileNotFoundError: [Errno 2] No such file or directory: 'nowhere'"}
    assert len(last_results(events)) + len(failures(events)) == len(proposed(events)) == 12


def test_a_disk_that_a_trial_finds_full_ends_a_local_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(trial: PlacementTrainable) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run_troubled(fill, monkeypatch, launch="local")


def test_a_map_that_cannot_be_is_not_traced_again_in_a_local_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(trial: PlacementTrainable) -> None:
        raise MapError("a radio map must hold finite powers >= 0 W")

    events = run_troubled(spoil, monkeypatch, launch="local", budget={"trials": 2}, faults={"max_failures": 5})
    assert failures(events) == dict.fromkeys(("00000", "00001"), "MapError: a radio map must hold finite powers >= 0 W")
    assert Path("results/a/errors.txt").read_text().count("trial 0000") == 2


class Tried:
    """The one candidate of a search that fails whenever it is tried.

    Args:
        settings: of ``Retries``.
    """

    def __init__(self, **settings: Any) -> None:
        config = validate({**QUICK_CONFIG, "budget": {"trials": 1}})
        launch = make_launch(config)
        self.candidates = launch.candidates
        self.retries = Retries(self.candidates, FailureLog(launch.folder), **settings)

    def until_given_up(self, failure: Failure) -> int:
        """How often it is tried if each try fails so."""
        tries = 0
        while candidate := self.candidates.next():
            tries += 1
            self.retries.handle(candidate.trial_id, failure)
        assert self.candidates.has_ended("00000")
        return tries


@pytest.mark.parametrize(
    ("failure", "tries"),
    [
        (Failure("its worker died", ""), 4),
        (Failure("MapError: it is nan", "", repeatable=True), 1),
        (Failure("out of memory: bad_alloc", "", out_of_memory=True), 1),
        (no_progress(60.0), 2),
    ],
    ids=["any", "repeatable", "no room", "hang"],
)
def test_it_depends_on_the_failure_how_often_a_trial_is_tried(failure: Failure, tries: int) -> None:
    assert Tried(max_failures=3).until_given_up(failure) == tries


def test_room_is_made_before_a_trial_is_given_up() -> None:
    """Three beside it, two, one: then it has no room even alone."""
    tried = Tried(max_failures=0, at_once=4, workers=4)
    assert tried.until_given_up(Failure("out of memory: bad_alloc", "", out_of_memory=True)) == 4
    assert tried.retries.at_once == 1


def test_a_full_disk_ends_the_search_and_not_the_trial() -> None:
    tried = Tried(max_failures=3)
    with pytest.raises(OSError, match="No space left"):
        tried.until_given_up(Failure("OSError", "", disk=OSError(28, "No space left on device")))
    assert tried.candidates.live.keys() == {"00000"}
    assert not Path("results/a/errors.txt").exists()
