"""What a calibration found, as text: for the terminal, and at the head of the configuration that it has changed."""

from collections.abc import Sequence

from tune_reflector.calibration.measurement import OF, Calibration
from tune_reflector.calibration.suggestion import (
    LEAST_TAU,
    TRUSTED_TAU,
    RungReport,
    kept_shares,
    ladder_report,
    trial_report,
)
from tune_reflector.config.search_config import SearchConfig

_HEADS = ("rays per AP", "s each", "rms {unit}", "bias {unit}", "tau", "lost")


def measured(calibration: Calibration, config: SearchConfig) -> list[str]:
    """What each rung of the ladder says by itself, and how far the references can tell."""
    ceiling, unit = calibration.ceiling, config.objective.difference_unit
    kept = kept_shares(config, calibration.ladder[:2])[0]
    chosen = f"random placements, every other the best of {OF}," if calibration.chosen else "random placements"
    return [
        f"{len(calibration.placements)} {chosen} against 2 x {calibration.reference_rays_per_ap:,} rays per AP, which "
        f"agree with each other: tau {ceiling.tau:.2f}, rms {ceiling.rms:.2f} {unit}",
        "",
        *_table(ladder_report(calibration, kept), unit),
        "",
        _lost(config, kept),
    ]


def climbed(calibration: Calibration, config: SearchConfig) -> list[str]:
    """What a trial with the rungs of ``config`` says at each of its iterations, if they are of the ladder."""
    rungs = list(config.rungs)
    title = f"fidelity.rungs {rungs}, merged as a trial does:"
    above = [rays for rays in rungs if rays not in calibration.ladder]
    if above:
        return [f"{title} not measured, as {above[0]:,} rays take too long for this --minutes"]
    return [title, *_table(trial_report(calibration, config), config.objective.difference_unit)]


def none_trusted(calibration: Calibration) -> str:
    """Why nothing is suggested."""
    top, ceiling = calibration.ladder[-1], calibration.ceiling.tau
    if not ceiling >= LEAST_TAU:
        return (
            f"no rung can be trusted yet: two references of {calibration.reference_rays_per_ap:,} rays rank these "
            f"placements with tau {ceiling:.2f} only, below {LEAST_TAU:g}; raise --minutes"
        )
    return (
        f"no rung up to {top:,} rays per AP, the most that --minutes allows, ranks surely enough: with tau "
        f"{LEAST_TAU:g} here, for {TRUSTED_TAU:g} elsewhere; raise --minutes, or make the cells larger "
        "(receivers.cell_size_m)"
    )


def _lost(config: SearchConfig, kept: float) -> str:
    kind = config.scheduler.kind
    if kept == 1:
        return f"lost: of the best fifth, what scheduler.kind={kind} stops there: none, as it stops no trial by a rung"
    return f"lost: of the best fifth, what scheduler.kind={kind} stops there, as it lets {kept:.0%} of the trials go on"


def _table(reports: Sequence[RungReport], unit: str) -> list[str]:
    rows = [[head.format(unit=unit) for head in _HEADS]]
    for report in reports:
        found = report.agreement
        rows.append(
            [
                f"{report.rays_per_ap:,}",
                f"{report.seconds:.3f}",
                f"{found.rms:.2f}",
                f"{found.bias:+.2f}",
                f"{found.tau:.2f}",
                f"{report.lost:.0%}",
            ]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
