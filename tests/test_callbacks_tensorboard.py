"""TensorBoard reads back the curve that was written."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from callbacks.tally import Tally
from callbacks.tensorboard import BestCurve

AXES = ("trials", "million_rays_per_ap", "seconds")


def search(folder: Path, results: list[tuple[float, bool]]) -> None:
    """Trials of three million rays and ten seconds each, one after another."""
    trials = SimpleNamespace(ended=0, failed=0)
    clock: Any = SimpleNamespace(elapsed_s=lambda: 10.0 * trials.ended)
    tally = Tally("p5_rss_dbm", 2, trials)
    curve = BestCurve(folder, tally, clock)
    curve.setup()
    for number, (score, feasible) in enumerate(results):
        trial = SimpleNamespace(trial_id=str(number))
        result = {"p5_rss_dbm": score, "iteration_rays_per_ap": 3e6, "rung": 2, "complete": True, "feasible": feasible}
        result["training_iteration"] = 2
        for callback in (tally, curve):
            callback.on_trial_result(iteration=number, trials=[], trial=trial, result=result)
        trials.ended += 1
        for callback in (tally, curve):
            callback.on_trial_complete(iteration=number, trials=[], trial=trial)
    curve.on_experiment_end()


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder)).Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_the_best_score_is_drawn_against_trials_rays_and_seconds(tmp_path: Path) -> None:
    search(tmp_path, [(-300, False), (-70, True), (-80, True), (-60, True)])
    curves = read(tmp_path)
    assert set(curves) == {f"best_p5_rss_dbm/by_{axis}" for axis in AXES}
    assert curves["best_p5_rss_dbm/by_trials"] == [(2, -70), (3, -70), (4, -60)]
    assert curves["best_p5_rss_dbm/by_million_rays_per_ap"] == [(6, -70), (9, -70), (12, -60)]
    assert curves["best_p5_rss_dbm/by_seconds"] == [(20, -70), (30, -70), (40, -60)]


def test_without_a_feasible_trial_there_is_no_curve(tmp_path: Path) -> None:
    search(tmp_path, [(-300, False)])
    assert read(tmp_path) == {}
