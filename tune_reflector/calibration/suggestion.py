"""The rungs that a calibration suggests: as few rays as rank placements well enough.

The top rung is the lowest that ranks like the reference, as do all above it. A scheduler that stops trials gets lower
rungs, too: from the lowest one that throws away few of the best, in steps as large as those in which it stops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression

from tune_reflector.calibration.agreement import Agreement, agreement, lost_share
from tune_reflector.calibration.measurement import Calibration
from tune_reflector.config.config_file import validate
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError

TRUSTED_TAU = 0.85
"""A rung that ranks so is trusted: of a hundred pairs of placements it takes seven or eight for the wrong way round."""

LEAST_TAU = TRUSTED_TAU + 0.03
"""What a rung must show to be suggested: other placements would give another tau."""

MOST_LOST = 0.2
"""Of the best placements, for a rung at which a scheduler stops trials."""


@dataclass(frozen=True)
class RungReport:
    """One row for people: an iteration of a trial, against the reference."""

    rays_per_ap: int
    seconds: float
    agreement: Agreement
    lost: float
    """Share of the best placements that the scheduler throws away there."""


def ladder_report(calibration: Calibration, kept: float) -> list[RungReport]:
    """Each rung of the ladder by itself, where a scheduler keeps the share ``kept``."""
    return [_report(calibration, [rays], [kept])[0] for rays in calibration.ladder]


def trial_report(calibration: Calibration, config: SearchConfig) -> list[RungReport]:
    """The iterations of a trial with the rungs of ``config``, which are of the ladder; the last throws nothing away."""
    rungs = config.rungs
    return _report(calibration, rungs, [*kept_shares(config, rungs), 1.0])


def _report(calibration: Calibration, rungs: Sequence[int], kept: Sequence[float]) -> list[RungReport]:
    reference = calibration.reference
    return [
        RungReport(
            rung.rays_per_ap,
            rung.seconds,
            agreement(rung.scores, reference),
            lost_share(rung.scores, reference, share),
        )
        for rung, share in zip(calibration.climb(rungs), kept, strict=True)
    ]


def kept_shares(config: SearchConfig, rungs: Sequence[int]) -> tuple[float, ...]:
    """The share of trials that go on after each rung but the last; 1 where a trial's iterations are no rungs."""
    if config.trainable.moves_placement:
        return (1.0,) * (len(rungs) - 1)
    return config.scheduler.kept_shares(np.cumsum(rungs).tolist())


def suggest(calibration: Calibration, config: SearchConfig) -> tuple[int, ...] | None:
    """Rungs for ``config`` from the ladder; None if none of it is to be trusted."""
    ladder = calibration.ladder
    tau = [report.agreement.tau for report in ladder_report(calibration, 1.0)]
    rising = isotonic_regression(np.nan_to_num(tau, nan=-1.0)).x
    trusted = [rays for rays, at in zip(ladder, rising, strict=True) if at >= LEAST_TAU]
    if not trusted:
        return None
    top = trusted[0]
    kept = kept_shares(config, (1, top))[0]
    below = [rays for rays in ladder if 2 * rays <= top]
    if kept == 1 or not below:
        return (top,)
    safe = below[-1:]
    for rays in reversed(below):
        if lost_share(calibration.rung(rays).scores, calibration.reference, kept) > MOST_LOST:
            break
        safe = [rays]
    rungs = safe
    for rays in below:
        if rays * kept >= rungs[-1] and rays <= top * kept:
            rungs.append(rays)
    return (*rungs, top)


def calibrated(data: Mapping[str, Any], rungs: Sequence[int]) -> dict[str, Any]:
    """Plain data of a configuration, with other rungs.

    Raises:
        ConfigError: they do not fit the rest of it.
    """
    changed = {**data, "fidelity": {"kind": "rungs", "rungs": list(rungs)}}
    try:
        validate(changed)
    except ConfigError as error:
        raise ConfigError(f"the rungs {list(rungs)} would do, but: {error}") from None
    return changed
