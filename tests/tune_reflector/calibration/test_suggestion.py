"""The rungs that are suggested: the fewest rays that rank well enough, in the way that the scheduler needs them.

Maps of one access point and one cell: P5 is that cell's power, so that scores can be what a test wants.
"""

import numpy as np
import pytest

from trainables.objectives.base import dbm_to_w
from trainables.objectives.quantile import QuantileObjective
from tune_reflector.calibration.agreement import Scores
from tune_reflector.calibration.measurement import Calibration
from tune_reflector.calibration.report import climbed, measured, none_trusted
from tune_reflector.calibration.suggestion import calibrated, suggest, trial_report
from tune_reflector.config.config_file import validate
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError

LADDER = (10_000, 20_000, 40_000, 80_000, 160_000, 320_000)
REFERENCE = np.linspace(-80.0, -50.0, 24)
SHUFFLED = np.random.default_rng(0).permutation(REFERENCE)
ALMOST = REFERENCE.copy()
ALMOST[:2] = REFERENCE[1::-1]  # the two worst the wrong way round
FLAT = np.full(24, -60.0)


def calibration(*scores: Scores, references: tuple[Scores, Scores] = (REFERENCE, REFERENCE)) -> Calibration:
    return Calibration(
        value=lambda rss_w: QuantileObjective().score(rss_w).value,
        placements=(),
        ladder=LADDER[: len(scores)],
        rss_w=tuple(np.array([[[dbm_to_w(value)]] for value in of_rung], dtype=np.float32) for of_rung in scores),
        seconds=tuple(rays * 1e-6 for rays in LADDER[: len(scores)]),
        reference_rays_per_ap=1_000_000,
        references=references,
        reference=REFERENCE,
        chosen=True,
    )


def config(scheduler: str, rungs: str = "[10000, 20000]") -> SearchConfig:
    return validate({"scheduler": {"kind": scheduler}, "fidelity": {"rungs": [int(r) for r in rungs[1:-1].split(",")]}})


def test_without_a_scheduler_the_lowest_rung_that_ranks_well_is_the_only_one() -> None:
    assert suggest(calibration(SHUFFLED, SHUFFLED, ALMOST, REFERENCE), config("fifo")) == (40_000,)


def test_a_rung_that_ranks_well_below_one_that_does_not_was_lucky() -> None:
    assert suggest(calibration(ALMOST, SHUFFLED, SHUFFLED, SHUFFLED, REFERENCE), config("fifo")) == (160_000,)


@pytest.mark.parametrize("useless", [SHUFFLED, FLAT], ids=["shuffled", "flat"])
def test_nothing_is_suggested_where_no_rung_ranks_well(useless: Scores) -> None:
    found = calibration(useless, useless)
    assert suggest(found, config("fifo")) is None
    assert "no rung up to 20,000 rays per AP" in none_trusted(found)
    blurred = calibration(useless, useless, references=(REFERENCE, SHUFFLED))
    assert "raise --minutes" in none_trusted(blurred)
    assert "no rung can be trusted yet" in none_trusted(blurred)


def test_a_scheduler_that_stops_trials_gets_rungs_from_the_lowest_that_loses_few_of_the_best() -> None:
    """The low ones rank the worse half at random: too badly to be told, and well enough to keep the best third."""
    poor = REFERENCE.copy()
    poor[:16] = SHUFFLED[np.argsort(SHUFFLED)][:16][::-1]
    scores = [SHUFFLED, poor, poor, poor, poor, REFERENCE]
    assert suggest(calibration(*scores), config("asha")) == (20_000, 80_000, 320_000)


def test_a_scheduler_gets_two_rungs_though_no_low_one_is_good() -> None:
    assert suggest(calibration(SHUFFLED, SHUFFLED, SHUFFLED, ALMOST), config("asha")) == (40_000, 80_000)


def test_lost_are_those_that_the_scheduler_stops_and_nothing_after_the_last_rung() -> None:
    upside_down = calibration(-130 - REFERENCE, -130 - REFERENCE)
    assert [report.lost for report in trial_report(upside_down, config("asha"))] == [1, 0]
    assert [report.lost for report in trial_report(upside_down, config("fifo"))] == [0, 0]


def test_maps_are_merged_ray_for_ray() -> None:
    first, second = calibration(FLAT, REFERENCE).climb([10_000, 20_000])
    assert first.scores == pytest.approx(FLAT, abs=1e-5)
    merged_w = (10**-6 * 10_000 + 10 ** (REFERENCE / 10) * 20_000) / 30_000
    assert second.scores == pytest.approx(10 * np.log10(merged_w), abs=1e-5)
    assert (second.rays_per_ap, second.seconds) == (30_000, pytest.approx(0.03))


def test_the_configuration_stays_what_it_is_but_for_its_rungs() -> None:
    changed = calibrated({"seed": 5, "scheduler": {"kind": "asha"}}, [1_000, 4_000])
    before, after = validate({"seed": 5, "scheduler": {"kind": "asha"}}), validate(changed)
    assert after.problem().rungs == (1_000, 4_000)
    assert after.model_copy(update={"fidelity": before.fidelity}) == before


def test_rungs_that_do_not_fit_are_told_with_the_reason() -> None:
    with pytest.raises(ConfigError, match=r"\[1000\] would do, but: scheduler.kind must be fifo"):
        calibrated({"scheduler": {"kind": "asha"}}, [1_000])


def test_what_is_told_is_what_was_measured() -> None:
    found = calibration(ALMOST, REFERENCE - 1)
    text = "\n".join(measured(found, config("asha")))
    assert "every other the best of 4, against 2 x 1,000,000 rays" in text
    assert "tau 1.00, rms 0.00 dB" in text
    row = next(line.split() for line in text.splitlines() if line.strip().startswith("20,000"))
    assert row == ["20,000", "0.020", "1.00", "-1.00", "1.00", "0%"]
    assert "lets 33% of the trials go on" in text
    assert "not measured" in climbed(found, config("asha", "[10000, 90000]"))[0]
