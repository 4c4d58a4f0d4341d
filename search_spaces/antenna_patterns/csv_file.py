"""The gain of an element in all directions, as a table of one's own: ``azimuth_deg,elevation_deg,gain_dbi``.

The first line names the columns, in any order and beside others; lines that begin with ``#`` are passed over. The
directions are a full grid: azimuths all around in equal steps from 0 (0 to 360 or -180 to 180, either end or both),
elevations from -90 to 90 in equal steps, none of more than 30 degrees. Azimuth 0 at elevation 0 is ahead, azimuth 90 to
the left, elevation 90 straight up. The gain is that of all polarisations together, over isotropic.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from search_spaces.antenna_patterns.gain_table import GainTable, read_text

COLUMNS = ("azimuth_deg", "elevation_deg", "gain_dbi")

MAX_STEP_DEG = 30.0

_ROUNDING_DEG = 1e-3
"""By which angles may be off, as they are written with few digits."""

_ROUNDING_DB = 0.01


def read_csv(path: Path) -> GainTable:
    """The element in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no full grid of finite gains; one line that says why.
    """
    name = path.name
    lines = [line for line in read_text(path).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    header = [word.strip().strip('"').lower() for word in lines[0].split(",")] if lines else []
    for column in COLUMNS:
        if header.count(column) != 1:
            raise ValueError(
                f"{name}: the first line must name the columns {', '.join(COLUMNS)}, but lacks {column}; add it"
            )
    try:
        if len(lines) < 2:
            raise ValueError("there are none")
        columns = [header.index(column) for column in COLUMNS]
        azimuth, elevation, gain = np.loadtxt(lines[1:], delimiter=",", usecols=columns, ndmin=2, quotechar='"').T
    except ValueError as error:
        reason = " ".join(str(error).split())[:120].rstrip(".")
        raise ValueError(f"{name}: every line must hold {len(header)} numbers: {reason}; correct it") from None
    if not np.isfinite([azimuth, elevation, gain]).all():
        raise ValueError(f"{name}: all numbers must be finite, but some are not; give a null a low gain, such as -60")
    if not (np.abs(azimuth) <= 360).all() or not (np.abs(elevation) <= 90).all():
        raise ValueError(
            f"{name}: azimuth_deg must be within -360 and 360 and elevation_deg within -90 and 90, but they reach from "
            f"{azimuth.min():g} to {azimuth.max():g} and {elevation.min():g} to {elevation.max():g}; correct them"
        )
    across = _steps(azimuth % 360, 360.0, False, f"{name}: azimuth_deg must go all around from 0")
    upward = _steps(elevation + 90, 180.0, True, f"{name}: elevation_deg must go from -90 to 90")
    shape = upward.max() + 1, across.max() + 1
    table = np.full(shape if np.prod(shape) <= len(gain) else (0, 0), np.nan)
    if table.size:
        table[upward, across] = gain
    if not table.size or np.isnan(table).any():
        raise ValueError(
            f"{name}: each of {shape[0]} elevations must have each of {shape[1]} azimuths, but some directions are "
            "missing; add them"
        )
    if (twice := np.abs(table[upward, across] - gain) > _ROUNDING_DB).any():
        where = np.argmax(twice)
        raise ValueError(
            f"{name}: a direction must have one gain, but azimuth {azimuth[where]:g} at elevation "
            f"{elevation[where]:g} has two; keep one"
        )
    return GainTable(table).check(name)


def _steps(angle: npt.NDArray[np.float64], span: float, closed: bool, rule: str) -> npt.NDArray[np.intp]:
    """Which of the equal steps from 0 to ``span`` degrees each angle is; ``ValueError`` begins with the rule."""
    known = np.unique(np.round(angle, 3))
    if not closed and known[-1] >= span - _ROUNDING_DEG:  # 359.9999 is 0
        known = known[:-1]
    count = len(known) - closed
    if count < span / MAX_STEP_DEG:
        raise ValueError(f"{rule} in steps of at most {MAX_STEP_DEG:g} degrees, but there are {len(known)}; add more")
    number = np.rint(angle * count / span).astype(np.intp)
    if (np.abs(number * span / count - angle) > _ROUNDING_DEG).any():
        raise ValueError(f"{rule} in equal steps, but some angles are between; interpolate it first")
    return number if closed else number % count
