"""Whatever dies, and whenever: the search goes on from where it was, and ends as if nothing had happened."""

import json
import logging
import math
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import ray
from ray import cloudpickle
from ray.cluster_utils import Cluster

from callbacks.journal import Event, read_journal
from callbacks.rows import read_rows
from tests.searches import Search, last_results, make_launch, proposed
from trainables.placement import PlacementTrial
from tune_reflector import launch, launch_ray
from tune_reflector.config_file import validate

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("SOAK_KILLS", "10"))
"""How often a search is killed; ``make soak`` sets more."""

GA = ["searcher={kind: ga, population: 8}", "seed=3"]


@pytest.fixture(scope="module", autouse=True)
def ray_folder() -> Iterator[None]:
    """Ray's own files go to a folder of their own (a short one: a socket's path must fit 107 characters)."""
    with TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        yield


def outcome(name: str) -> dict[tuple[float, ...], float]:
    """The score of every placement at every rung, by genes and rung."""
    rows = list(read_rows(Path("results") / name / "trials.csv"))
    genes = [column for column in rows[0].values if column[:2] in ("x1", "y1", "x2", "y2", "di", "re", "fo")]
    found = {(*(row.values[gene] for gene in genes), row.values["rung"]): row.values["p5_rss_dbm"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_search_that_is_killed_again_and_again_ends_as_if_nothing_had_happened() -> None:
    """A generational GA: the same winner, and the same set of placements with the same scores.

    A rung that was traced but not saved when the search was killed is traced again; no trial is lost, none begins
    from zero that had a checkpoint, none is run to its end twice.
    """
    dice, per_kill = random.Random(KILLS), 5
    budget = f"budget.trials={KILLS * per_kill + 10}"
    Search.start(*GA, budget, "launch=local", name="whole").end()
    search = Search.start(*GA, budget)
    killed = 0
    while killed < KILLS:
        before = search.results
        if pause := dice.randrange(2 * per_kill):
            search.wait_for_results(before + pause)
        time.sleep(dice.uniform(0.0, 0.3 if pause else 8.0))  # without results: while it starts
        assert search.process.poll() is None, "it ended before it was killed"
        ended = last_results(search.events)
        search.kill()
        killed += 1
        search = Search.resume()
        assert last_results(search.events).items() >= ended.items()
    search.end()

    events = search.events
    trials = proposed(events)
    assert len(trials) == KILLS * per_kill + 10
    assert last_results(events).keys() == trials.keys()
    repeated = [event for event in events if event["event"] == "repeated"]
    print(f"{killed} kills survived, 0 of {len(trials)} trials lost, {len(repeated)} rungs traced again")
    assert len(repeated) <= 2 * killed
    found, expected = outcome("a"), outcome("whole")
    assert found.keys() == expected.keys()
    for key, p5_rss_dbm in found.items():
        assert p5_rss_dbm == pytest.approx(expected[key], abs=0.002)
    best, whole = (json.loads(Path(f"results/{name}/best.json").read_text()) for name in ("a", "whole"))
    assert best["genes"] == whole["genes"]
    assert best["p5_rss_dbm"] == pytest.approx(whole["p5_rss_dbm"], abs=0.002)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_search_gently(number: signal.Signals, code: int) -> None:
    """Ctrl-C reaches the whole foreground group, as a terminal sends it."""
    search = Search.start("budget.trials=40", "searcher.kind=random")
    search.wait_for_results(12)
    if number == signal.SIGINT:
        os.killpg(search.process.pid, number)
    else:
        search.process.send_signal(number)
    output = search.end(code)
    assert "--resume results/a" in output
    before = list(read_rows(Path("results/a/trials.csv")))
    again = Search.resume()
    again.end()
    after = list(read_rows(Path("results/a/trials.csv")))
    assert after[: len(before)] == before
    assert len(last_results(again.events)) == len(proposed(again.events)) == 40


def test_a_second_ctrl_c_ends_it_at_once_and_it_can_still_be_resumed() -> None:
    search = Search.start("budget.trials=30", "searcher.kind=random")
    search.wait_for_results(6)
    for _ in range(2):
        search.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    assert "--resume results/a" in search.end(130)
    again = Search.resume()
    again.end()
    assert len(last_results(again.events)) == 30


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_a_worker_that_dies_is_replaced_and_its_trial_goes_on(number: signal.Signals) -> None:
    """Killed, or ended by an abort, as Dr.Jit ends it when native code cannot go on."""
    search = Search.start("budget.trials=30", "searcher.kind=random", "fidelity.rungs=[2000,100000]")
    search.wait_for_results(9)
    os.kill(search.workers()[0], number)
    output = search.end()
    assert "failed" not in output
    assert len(last_results(search.events)) == len(proposed(search.events)) == 30
    assert not [event for event in search.events if event["event"] == "failed"]


def test_a_worker_that_hangs_is_ended_and_its_trial_tried_once_more() -> None:
    """A stopped process answers nobody, not even a request to end."""
    search = Search.start("budget.trials=30", "searcher.kind=random", "faults.trial_timeout_s=6")
    search.wait_for_results(9)
    os.kill(search.workers()[0], signal.SIGSTOP)
    search.end()
    assert len(last_results(search.events)) == 30
    assert not [event for event in search.events if event["event"] == "failed"]


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


def troubled(trouble: Callable[[PlacementTrial], None]) -> Callable[..., type[PlacementTrial]]:
    """The real trial, which gets into trouble before its second rung."""

    def trial_class(*arguments: Any, **more: Any) -> type[PlacementTrial]:
        real = launch.trial_class(*arguments, **more)

        class Troubled(real):  # type: ignore[valid-type, misc]
            def step(self) -> dict[str, Any]:
                if self.iteration == 1:
                    trouble(self)
                return dict(super().step())

        return Troubled

    return trial_class


def run_troubled(
    trouble: Callable[[PlacementTrial], None], monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> tuple[list[Event], list[str]]:
    """The journal of a search whose trials get into trouble, and what people were told."""
    monkeypatch.setattr(launch_ray, "trial_class", troubled(trouble))
    config = validate({**QUICK_CONFIG, **settings})
    said: list[str] = []
    launch_ray.run(make_launch(config, say=said.append))
    return read_journal(config.run_dir / "journal.log"), said


def test_an_error_that_does_not_repeat_costs_nothing(
    cluster: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def raise_once_a_trial(trial: PlacementTrial) -> None:
        mark = tmp_path / f"raised-{trial.trial_id}"
        if trial._genes["x1"] > 6 and not mark.exists():
            mark.touch()
            raise RuntimeError("cosmic ray")

    events, _ = run_troubled(raise_once_a_trial, monkeypatch)
    assert list(tmp_path.glob("raised-*"))
    assert len(last_results(events)) == len(proposed(events)) == 12
    assert not [event for event in events if event["event"] in ("failed", "repeated")]  # each went on from its rung


def test_an_error_that_repeats_fails_its_trial_and_the_search_goes_on(
    cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_always(trial: PlacementTrial) -> None:
        if trial._genes["x1"] > 6:
            raise RuntimeError("no luck\nat all")

    events, _ = run_troubled(raise_always, monkeypatch)
    trials = proposed(events)
    unlucky = {name for name, event in trials.items() if event["config"]["x1"] > 6}
    failed = {event["trial"]: event["cause"] for event in events if event["event"] == "failed"}
    assert failed == dict.fromkeys(unlucky, "RuntimeError: no luck")
    assert last_results(events).keys() == trials.keys() - unlucky
    assert Path("results/a/errors.txt").read_text().count('raise RuntimeError("no luck') == 2 * len(unlucky)


@pytest.mark.parametrize("wrong", [math.nan, -1.0, math.inf])
def test_a_map_that_cannot_be_fails_its_trial_and_never_wins(
    wrong: float, cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(trial: PlacementTrial) -> None:
        if trial._genes["x1"] > 6:
            trace = trial._evaluator._mapper.trace
            map_w = trace(2_000)
            map_w[0, 17] = wrong
            trial._evaluator._mapper.trace = lambda rays: map_w

    events, _ = run_troubled(spoil, monkeypatch, faults={"max_failures": 5})
    failed = [event["cause"] for event in events if event["event"] == "failed"]
    assert failed
    assert all(cause.startswith("MapError: a radio map must hold finite powers >= 0 W") for cause in failed)
    assert all("of access point 1 in cell 18 it is" in cause for cause in failed)
    assert all(math.isfinite(event["result"]["p5_rss_dbm"]) for event in last_results(events).values())
    assert len(failed) + len(last_results(events)) == 12


def test_without_memory_a_trial_is_tried_again_with_fewer_beside_it(
    cluster: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There is room for one trial: two at a time ask for more than there is."""
    count = tmp_path / "running"
    count.mkdir()

    def take_room(trial: PlacementTrial) -> None:
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
    def take_room(trial: PlacementTrial) -> None:
        if trial._genes["x1"] > 6:
            np.ones(2**55)

    events, _ = run_troubled(take_room, monkeypatch)
    causes = {event["cause"] for event in events if event["event"] == "failed"}
    assert len(causes) == 1
    (cause,) = causes
    assert cause.startswith("out of memory: ")
    assert "even alone: lower fidelity.rungs" in cause
    assert len(last_results(events)) + sum(event["event"] == "failed" for event in events) == 12


def test_a_lost_node_is_survived(ray_folder: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two nodes of one worker each share this machine's disk; one node dies with its worker."""
    ray.shutdown()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        lost = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        search = Search.start(
            "budget.trials=40", "searcher.kind=random", f"ray.address={cluster.address}", "fidelity.rungs=[2000,100000]"
        )
        search.wait_for_results(12)
        cluster.remove_node(lost, allow_graceful=False)
        search.end()
        assert len(last_results(search.events)) == len(proposed(search.events)) == 40
        assert not [event for event in search.events if event["event"] == "failed"]
    finally:
        cluster.shutdown()
