"""The trial: rungs, reuse, checkpoints, and no kernel compiled for a candidate."""

import io
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import drjit as dr
import numpy as np
import pytest

from trainables.checkpoint import FILE
from trainables.evaluator import PlacementEvaluator
from trainables.placement import PlacementTrainable
from trainables.problem import PlacementProblem
from tune_reflector.execution.local_loop import in_process

RUNGS = (2_000, 4_000, 8_000)
PROBLEM = PlacementProblem.model_validate({"fidelity": {"rungs": RUNGS}})
SPACE = PROBLEM.site().space


@pytest.fixture(scope="module")
def trial() -> Iterator[PlacementTrainable]:
    trial = in_process(PlacementTrainable).for_problem(PROBLEM)(genes(0))
    yield trial
    trial.stop()


def genes(seed: int) -> dict[str, float]:
    return SPACE.sample(np.random.default_rng(seed))


def test_each_iteration_is_a_rung_and_the_last_one_ends_the_trial(trial: PlacementTrainable) -> None:
    assert trial.reset(genes(1))
    results = [trial.train() for _ in RUNGS]
    assert [r["rays_per_ap"] for r in results] == [2_000, 6_000, 14_000]
    assert [r["complete"] for r in results] == [r["done"] for r in results] == [False, False, True]
    times = [r["trace_time_s"] for r in results]
    assert 0 < times[0] < times[1] < times[2]


def test_a_rung_merges_the_maps_before_it(trial: PlacementTrainable, corridor: PlacementEvaluator) -> None:
    trial.reset(genes(1))
    trial.train()
    second = trial.train()
    placement = SPACE.decode(genes(1))
    maps = [corridor.trace(placement, rays) for rays in RUNGS[:2]]
    rss_w = (maps[0].rss_w * 2_000 + maps[1].rss_w * 4_000) / 6_000
    mean_dbm = 10 * np.log10(rss_w.max(axis=0).mean()) + 30
    assert second["mean_rss_dbm"] == pytest.approx(mean_dbm, abs=0.05)


def test_a_reused_worker_keeps_nothing_of_the_last_candidate(trial: PlacementTrainable) -> None:
    trial.reset(genes(1))
    fresh = [trial.train()["p5_rss_dbm"] for _ in RUNGS]
    trial.reset(genes(2))
    trial.train()
    trial.reset(genes(1))
    assert [trial.train()["p5_rss_dbm"] for _ in RUNGS] == pytest.approx(fresh, abs=1e-2)


def test_a_trial_keeps_to_its_cores() -> None:
    assert PROBLEM.resources.cpus_per_trial == 1
    dr.set_thread_count(2)
    in_process(PlacementTrainable).for_problem(PROBLEM)(genes(0)).stop()
    assert dr.thread_count() == 1


def test_an_infeasible_candidate_is_scored_without_tracing(trial: PlacementTrainable) -> None:
    too_close = {**genes(1), "x1": 5.0, "y1": 2.0, "x2": 5.0, "y2": 2.5}
    trial.reset(too_close)
    result = trial.train()
    assert result["done"]
    assert not result["feasible"]
    assert result["rays_per_ap"] == 0
    expected = PROBLEM.objective.infeasible_score(SPACE.violation(too_close)).value
    assert result["p5_rss_dbm"] == expected


def test_a_checkpoint_carries_on_from_its_rung(trial: PlacementTrainable, tmp_path: Path) -> None:
    trial.reset(genes(3))
    straight = [trial.train() for _ in RUNGS]
    trial.reset(genes(3))
    trial.train()
    saved = trial.save(str(tmp_path))
    trial.reset(genes(4))
    trial.train()
    trial.reset(genes(3))
    trial.restore(saved)
    resumed = [trial.train() for _ in RUNGS[1:]]
    for before, after in zip(straight[1:], resumed, strict=True):
        assert after["training_iteration"] == before["training_iteration"]
        assert after["rays_per_ap"] == before["rays_per_ap"]
        assert after["p5_rss_dbm"] == pytest.approx(before["p5_rss_dbm"], abs=1e-2)


def test_a_checkpoint_is_small_and_no_pickle(trial: PlacementTrainable, tmp_path: Path) -> None:
    trial.reset(genes(3))
    trial.train()
    trial.save(str(tmp_path))
    content = (tmp_path / FILE).read_bytes()
    assert len(content) < 20_000
    assert int(content[:8], 16) == zlib.crc32(content[8:])
    with np.load(io.BytesIO(content[8:]), allow_pickle=False) as state:
        assert {name: state[name].dtype.kind for name in state.files}["rss_w"] == "f"


@pytest.mark.parametrize(
    ("plan", "model"), [("l_corridor", "diffracting"), ("office", "diffracting"), ("office", "mirror")]
)
def test_no_kernel_is_compiled_for_a_candidate(plan: str, model: str) -> None:
    problem = PlacementProblem.model_validate(
        {
            "scene": {"kind": "floor_plan", "plan": plan},
            "radio": {"refraction": plan == "office", "max_depth": 3},
            "reflector": {"model": model},
            "fidelity": {"rungs": RUNGS},
        }
    )
    evaluator = PlacementEvaluator(problem)
    evaluator.warm_up()
    rng = np.random.default_rng(5)
    with dr.scoped_set_flag(dr.JitFlag.KernelHistory, True):
        dr.kernel_history_clear()
        for _ in range(5):
            placement = evaluator.site.space.decode(evaluator.site.space.sample(rng))
            for rays in RUNGS:
                evaluator.trace(placement, rays)
        launched = [k for k in dr.kernel_history() if k["type"] == dr.KernelType.JIT]
    assert launched
    assert sum(not k["cache_hit"] for k in launched) == 0


def test_a_rung_that_takes_long_is_not_traced_to_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = PlacementProblem.model_validate({"fidelity": {"rungs": [1_000, 2_000, 10**9]}})
    evaluator = PlacementEvaluator(problem)
    traced = []
    monkeypatch.setattr(evaluator, "trace", lambda placement, rays: traced.append(rays))
    evaluator.warm_up()
    assert traced == [1_000, 2_000]


def test_a_worker_that_hangs_while_it_loads_ends_itself() -> None:
    """By a thread that no deadlock in Python or native code can stop; it says where it was."""
    program = (
        "import time\n"
        "from trainables.placement import PlacementTrainable\n"
        "from trainables.problem import PlacementProblem\n"
        "from tune_reflector.execution.local_loop import in_process\n"
        "hang = lambda: time.sleep(600)\n"
        "trial = PlacementTrainable.for_problem(PlacementProblem(), hang, setup_timeout_s=1.0)\n"
        "in_process(trial)(PlacementProblem().site().space.sample(__import__('numpy').random.default_rng(0)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "in setup" in done.stderr


def test_what_plates_cost_is_taken_off_what_is_ranked_and_off_nothing_that_is_measured(
    corridor: PlacementEvaluator,
) -> None:
    priced = {"fidelity": {"rungs": RUNGS}, "reflector": {"size_m": [1.0, 1.0], "cost_per_m2": 4.0}}
    problem = PlacementProblem.model_validate(priced)
    trial = in_process(PlacementTrainable).for_problem(problem)(genes(1))
    measured = corridor.score(corridor.trace(SPACE.decode(genes(1)), RUNGS[0]))
    result = trial.train()
    assert result["p5_rss_dbm"] == pytest.approx(measured.value - 4.0, abs=0.02)
    assert result["coverage"] == pytest.approx(measured.coverage, abs=0.01)
    trial.reset({**genes(1), "x1": 5.0, "y1": 2.0, "x2": 5.0, "y2": 2.5})
    assert trial.train()["p5_rss_dbm"] < problem.objective.lowest - problem.most_plate_cost
    trial.stop()
