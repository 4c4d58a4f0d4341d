"""Searches on real Ray clusters: workers and scenes are counted, interruptions are real signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
from ray import cloudpickle
from ray.tune import Callback
from ray.tune.search import Searcher

from search_records.result import MODE
from search_spaces.neighbourhood import distance
from search_spaces.placement import PlacementSpace
from tests.searches import Row, make_launch, read_rows
from tune_reflector import search
from tune_reflector.config.config_file import validate
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.execution import ray_tune
from tune_reflector.execution.worker_pool import Gate
from tune_reflector.searchers.algorithms.base import SCORE

pytestmark = pytest.mark.slow

GENES = [gene.name for gene in SearchConfig().site().space.genes]
QUICK = {
    "name": "a",
    "fidelity": {"rungs": [2_000, 4_000]},
    "final": {"candidates": 2, "rays_per_ap": 20_000, "lattices": 3, "variants": [], "second_opinion": False},
    "report": {"every_s": None, "figures": False},
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Two CPUs of Ray."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_a_limit_of_time_does_not_follow_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which may be set back by an hour, or ahead; Tune's own limit would."""
    clocks_s = {"time": 1e9, "monotonic": 50.0}
    launch = make_launch(validate(QUICK), time_s=60.0)
    for name in clocks_s:
        monkeypatch.setattr(time, name, lambda name=name: clocks_s[name])
    stopper = ray_tune._OutOfBudget.of(launch)
    for seconds, over in ((59, False), (61, True)):
        for wall_s in (1e9 - 3600, 1e9 + 3600):
            clocks_s |= {"time": wall_s, "monotonic": 50.0 + seconds}
            assert stopper.stop_all() == over


class Generations(Searcher):
    """A generational searcher's far side: four at a time, and nothing until all four have ended."""

    def __init__(self, space: PlacementSpace) -> None:
        super().__init__(metric=SCORE, mode=MODE)
        self.space, self.rng = space, np.random.default_rng(0)
        self.made, self.running = 0, set[str]()

    def suggest(self, trial_id: str) -> dict[str, float] | None:
        if self.made % 4 == 0 and self.running:
            return None
        self.made += 1
        self.running.add(trial_id)
        return self.space.sample(self.rng)

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        self.running.discard(trial_id)

    def save(self, checkpoint_path: str) -> None:
        Path(checkpoint_path).write_text("{}")

    def restore(self, checkpoint_path: str) -> None: ...


class Pids(Callback):
    """Which worker ran which trial."""

    def __init__(self) -> None:
        self.trials: dict[str, int] = {}

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: Any, **_: Any) -> None:
        self.trials[trial.trial_id] = result["pid"]


class CountingGate(Gate):
    """Leaves a file for every scene that was loaded."""

    folder = Path()

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.here = self.folder

    def arrive(self) -> None:
        (self.here / f"load-{os.getpid()}-{time.monotonic_ns()}").touch()
        super().arrive()


@pytest.mark.parametrize(
    ("searcher", "scheduler"),
    [
        ("random", "fifo"),
        ("generations", "fifo"),
        ("ga", "fifo"),
        ("optuna", "asha"),
    ],
)
def test_two_workers_load_two_scenes_and_share_the_trials(
    searcher: str,
    scheduler: str,
    cluster: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind: dict[str, Any] = {"kind": "random" if searcher == "generations" else searcher}
    if searcher == "ga":
        kind |= {"population": 8}
    config = validate(
        {
            **QUICK,
            "results_dir": str(tmp_path),
            "searcher": kind,
            "scheduler": {"kind": scheduler},
            "budget": {"trials": 32},
        }
    )
    pids, folder = Pids(), tmp_path / "loads"
    folder.mkdir()
    CountingGate.folder = folder
    monkeypatch.setattr(ray_tune, "Gate", CountingGate)
    build = (lambda: Generations(config.site().space)) if searcher == "generations" else None
    ray_tune.run(make_launch(config, pids, build=build))
    assert len(pids.trials) == 32
    assert len(list(folder.iterdir())) == 2
    shares = Counter(pids.trials.values())
    assert len(shares) == 2
    assert min(shares.values()) >= 8


def test_hyperband_pauses_and_goes_on(cluster: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Paused trials are restored from their checkpoints, and some are stopped before the last rung: in silence."""
    settings = {
        "fidelity": {"rungs": [2_000, 4_000, 8_000]},
        "scheduler": {"kind": "hyperband"},
        "searcher": {"kind": "random"},
        "budget": {"trials": 12},
    }
    config = validate({**QUICK, "results_dir": str(tmp_path), **settings})
    ray_tune.run(make_launch(config))
    rows = list(read_rows(next(config.folders) / "trials.csv"))
    rays = Counter(row.values["rays_per_ap"] for row in rows)
    assert rays[2_000] == len({row.trial_id for row in rows}) == 12
    assert 0 < rays[14_000] < 12
    assert "Last result" not in capsys.readouterr().out


def command(*arguments: str) -> list[str]:
    quick = [
        "name=a",
        "fidelity.rungs=[2000,20000]",
        "final={candidates: 2, rays_per_ap: 20000, lattices: 3, variants: [], second_opinion: false}",
        "report={every_s: null, figures: false}",
        "counterfactual.kinds=[]",
    ]
    return [sys.executable, "-m", "tune_reflector.search", *quick, "searcher={kind: random}", *arguments]


def wait_for_rows(table: Path, count: int, process: "subprocess.Popen[str]") -> None:
    """Wait until the search has got somewhere."""
    deadline = time.monotonic() + 120
    while len(list(read_rows(table))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_ray_and_local_launch_give_the_same_scores(cluster: None) -> None:
    """Random search depends on the seed alone, so two workers must find what one process finds."""
    for launch in ("ray", "local"):
        arguments = ["budget.trials=8", "scheduler.kind=fifo", f"launch={launch}", f"name={launch}"]
        assert search.main(command(*arguments)[3:]) == 0
    tables = [
        {
            (row.values["x1"], row.iteration): row.values["p5_rss_dbm"]
            for row in read_rows(Path(f"results/{launch}/trials.csv"))
        }
        for launch in ("ray", "local")
    ]
    assert tables[0].keys() == tables[1].keys()
    for key, p5_rss_dbm in tables[0].items():
        assert p5_rss_dbm == pytest.approx(tables[1][key], abs=0.01)


def individuals(table: Path) -> dict[tuple[int, int], tuple[float, ...]]:
    """Genes and parents of every individual at every rung, and its score; whatever the trial was called."""
    found: dict[tuple[int, int], tuple[float, ...]] = {}
    for row in read_rows(table):
        values = row.values
        key = (int(values["individual"]), int(values["rung"]))
        told = (*(values[name] for name in GENES), values["parent_1"], round(values["p5_rss_dbm"], 3))
        assert found.setdefault(key, told) == pytest.approx(told, abs=0.002, nan_ok=True), "an individual has two genes"
    return found


def test_the_genetic_algorithm_is_the_same_for_any_workers(cluster: None) -> None:
    """One process and two workers: the same individuals with the same scores."""
    ga = ["searcher={kind: ga, population: 8}", "budget.trials=32"]
    for launch in ("local", "ray"):
        assert search.main(command(*ga, f"launch={launch}", f"name={launch}")[3:]) == 0
    expected, found = (individuals(Path(f"results/{name}/trials.csv")) for name in ("local", "ray"))
    assert len({number for number, _ in expected}) == 32
    assert found.keys() == expected.keys()
    for key, told in found.items():
        assert told[:-1] == pytest.approx(expected[key][:-1], rel=0, abs=0, nan_ok=True)  # genes: to the last bit
        assert told[-1] == pytest.approx(expected[key][-1], abs=0.002)
    names = ("individual", "genes", "parents")
    fame = [json.loads(Path(f"results/{name}/hall_of_fame.json").read_text()) for name in ("local", "ray")]
    assert [[entry[n] for n in names] for entry in fame[0]] == [[entry[n] for n in names] for entry in fame[1]]
    lines = Path("results/ray/generations.csv").read_text().splitlines()
    assert len(lines) == len(set(lines)) == 1 + 5


def test_a_budget_of_rays_ends_the_search_and_holds_over_a_resume(cluster: None) -> None:
    """A trial traces 2,000 and then 20,000 rays, so the last result may be at most 20,000 too much."""
    budget = 150_000
    arguments = command("budget.trials=500", f"budget.rays_per_ap={budget}", "scheduler.kind=fifo")
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    table = Path("results/a/trials.csv")
    wait_for_rows(table, 4, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 143
    assert rays_spent(table) < budget
    assert search.main(["--resume", "results/a"]) == 0
    assert budget <= rays_spent(table) < budget + 20_000


def rays_spent(table: Path) -> float:
    """Rays per AP of all trials of a results table."""
    return sum(row.values["iteration_rays_per_ap"] for row in read_rows(table))


PBT = ["scheduler={kind: pbt, population: 6, jitter: 0.02, generations: 5}"]
ASCENT = [
    "trainable={kind: gradient, steps: 6, path_rays_per_ap: 1000, points: 4, learning_rate: {low: 0.01, high: 0.1}}",
    "scheduler={kind: pbt, population: 6, interval: 1, jitter: 0.01}",
]


def changes(rows: list[Row], names: list[str]) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Values of a trial in successive iterations, where they differ."""
    values = [{name: row.values[name] for name in names} for row in rows]
    return [(before, after) for before, after in pairwise(values) if before != after]


def test_population_based_training_evolves_placements_by_copy_and_jitter(cluster: None) -> None:
    assert search.main(command(*PBT)[3:]) == 0
    rows = list(read_rows(Path("results/a/trials.csv")))
    space = SearchConfig().site().space
    of_trial = {trial: [row for row in rows if row.trial_id == trial] for trial in {row.trial_id for row in rows}}
    for own in of_trial.values():
        assert own[-1].values["complete"] == 1
        for placement in {tuple(row.values[name] for name in GENES) for row in own}:
            rungs = [row.values["rung"] for row in own if tuple(row.values[name] for name in GENES) == placement]
            assert rungs[:2] == [1, 2]  # every placement climbs the rungs, and no result is lost
    traced = sum(row.values["iteration_rays_per_ap"] for row in rows)
    placements = {(row.trial_id, *(row.values[name] for name in GENES)) for row in rows}
    assert traced == 22_000 * len(placements)
    everything = [{name: row.values[name] for name in GENES} for row in rows]
    copies = [after for own in of_trial.values() for _, after in changes(own, GENES)]
    assert copies
    for copy in copies:
        apart = sorted({distance(space, copy, genes) for genes in everything})
        assert apart[0] == 0
        assert apart[1] < 3 * 0.02  # shaken, and not far from where it was copied
        assert space.violation(copy) == 0
    for folder in Path("results/a").glob("trial-*"):
        checkpoints = list(folder.glob("checkpoint_*"))
        assert len(checkpoints) <= 3
        assert all(file.stat().st_size < 50_000 for folder in checkpoints for file in folder.iterdir())


@pytest.mark.parametrize("kind", ["pbt", "pb2"])
def test_population_based_training_changes_hyperparameters_within_their_range(kind: str, cluster: None) -> None:
    assert search.main(command(*ASCENT, f"scheduler.kind={kind}", "fidelity.rungs=[1000, 2000]")[3:]) == 0
    rows = list(read_rows(Path("results/a/trials.csv")))
    assert all(0.01 <= row.values["learning_rate"] <= 0.1 for row in rows)
    of_trial = {trial: [row for row in rows if row.trial_id == trial] for trial in {row.trial_id for row in rows}}
    assert any(changes(own, ["learning_rate"]) for own in of_trial.values())
    for own in of_trial.values():
        assert [row.iteration for row in own][-1] == 6
        best = [row.values["p5_rss_dbm"] for row in own]
        assert best == sorted(best)  # a copy takes over the best of the one it copies


def test_population_based_training_resumes(cluster: None) -> None:
    many = [*PBT, "scheduler.generations=5"]
    process = subprocess.Popen(command(*many), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    table = Path("results/a/trials.csv")
    wait_for_rows(table, 14, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 143
    before = list(read_rows(table))
    assert search.main(["--resume", "results/a"]) == 0
    rows = list(read_rows(table))
    assert rows[: len(before)] == before
    assert {row.trial_id for row in rows} == {row.trial_id for row in before}
    assert sum(bool(row.values["complete"]) for row in rows) == 6


def test_an_address_without_a_cluster_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        command("ray.address=127.0.0.1:1", "budget.trials=1"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "ray.address:" in done.stderr
    assert "Traceback" not in done.stderr
