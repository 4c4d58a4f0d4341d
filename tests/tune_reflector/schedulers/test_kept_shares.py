"""The share of trials that a scheduler is said to let go on is the one that it lets go on."""

from typing import Any

import numpy as np
import pytest
from ray.tune.schedulers import TrialScheduler

from tune_reflector.config.config_file import validate
from tune_reflector.schedulers.build import build_scheduler
from tune_reflector.schedulers.replay import NO_OTHERS, PastTrial

TRIALS = 600


def went_on(scheduler: dict[str, Any], rungs: list[int]) -> tuple[list[float], tuple[float, ...]]:
    """Shares of the trials that went on after each iteration but the last, and what the settings say of them.

    Trials come one after another, as good as chance will have it.
    """
    config = validate({"scheduler": scheduler, "fidelity": {"rungs": rungs}})
    rays = config.plan.rays_per_iteration
    judge, rng = build_scheduler(config.scheduler, config.plan), np.random.default_rng(1)
    judged, kept = np.zeros(len(rungs) - 1), np.zeros(len(rungs) - 1)
    for number in range(TRIALS):
        trial, value = PastTrial(str(number)), float(rng.normal())
        judge.on_trial_add(NO_OTHERS, trial)
        for iteration in range(1, len(rungs)):
            told = {config.objective.metric: value, "training_iteration": iteration, "rays_per_ap": rays[iteration - 1]}
            goes_on = judge.on_trial_result(NO_OTHERS, trial, told) == TrialScheduler.CONTINUE
            judged[iteration - 1] += 1
            kept[iteration - 1] += goes_on
            if not goes_on:
                judge.on_trial_complete(NO_OTHERS, trial, told)
                break
    return (kept / judged).tolist(), config.scheduler.kept_shares(rays)


@pytest.mark.parametrize(
    ("scheduler", "rungs"),
    [
        ({"kind": "asha", "reduction_factor": 3}, [1_000, 8_000]),
        ({"kind": "asha", "reduction_factor": 2}, [1_000, 1_100, 4_000, 20_000]),
        ({"kind": "asha", "reduction_factor": 4}, [1_000, 1_500, 9_000]),  # no milestone between the first two
    ],
    ids=["thirds", "halves", "quarters"],
)
def test_asha_lets_go_on_what_it_says(scheduler: dict[str, Any], rungs: list[int]) -> None:
    shares, said = went_on(scheduler, rungs)
    assert shares == pytest.approx(said, abs=0.12)


def test_a_median_halves_all_and_no_scheduler_stops_none() -> None:
    shares, said = went_on({"kind": "median"}, [1_000, 2_000])
    assert shares == pytest.approx(said, abs=0.08)
    assert went_on({"kind": "fifo"}, [1_000, 2_000, 4_000]) == ([1, 1], (1, 1))


def test_a_bracket_of_hyperband_halves_at_every_power_of_its_factor() -> None:
    config = validate({"scheduler": {"kind": "hyperband"}, "fidelity": {"rungs": [1_000 * 2**k for k in range(6)]}})
    assert config.scheduler.kept_shares(config.plan.rays_per_iteration) == (0.5, 0.5, 1, 0.5, 1)
