"""A near-omnidirectional antenna on a ceiling: strongest to all sides, 60 degrees off straight down, weak upwards.

It is the reference pattern of Recommendation ITU-R F.1336-5, recommends 2, for omnidirectional antennas (average side
lobes, k = 0) of 4 dBi, tilted down electrically by 30 degrees. With h the elevation above the horizon in degrees and b
the tilt,

    t  = 90 (h + b) / (90 + b) if h + b >= 0 else 90 (h + b) / (90 - b)
    t3 = 107.6 * 10^(-G0 / 10)
    G  = max(G0 - 12 (t / t3)^2,  G0 - 12 + 10 log10(max(|t| / t3, 1)^-1.5 + k))

That is 4 dBi at its best, 0.7 dBi to the horizon, and 17 dB below the best straight up, into the ceiling, and straight
down. It radiates 91 % of what it is fed. Access points for ceilings are sold with about that: 3 to 6 dBi, and a lobe of
that shape. The element looks down: its boresight, local +x, is the axis that nothing changes around.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from search_spaces.antenna_patterns.gain_table import GainTable

PEAK_DBI = 4.0
TILT_DEG = 30.0
SIDE_LOBES = 0.0
"""F.1336's k: 0 for antennas with improved side lobes, 0.7 for typical ones, which are 5 dB stronger upwards."""

_STEP_DEG = 1


def gain_dbi(elevation_deg: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gain at an elevation above the horizon [degrees] of the antenna as it hangs, dBi."""
    tilted = elevation_deg + TILT_DEG
    off_peak = 90 * tilted / np.where(tilted >= 0, 90 + TILT_DEG, 90 - TILT_DEG)
    widths = np.abs(off_peak) / (107.6 * 10 ** (-PEAK_DBI / 10))
    main_lobe = PEAK_DBI - 12 * widths**2
    side_lobes = PEAK_DBI - 12 + 10 * np.log10(np.maximum(widths, 1.0) ** -1.5 + SIDE_LOBES)
    return np.asarray(np.maximum(main_lobe, side_lobes))


@cache
def ceiling_omni() -> GainTable:
    """The antenna, as seen from its boresight, which is straight down."""
    elevation, azimuth = np.meshgrid(
        np.radians(np.arange(-90, 91, _STEP_DEG)), np.radians(np.arange(0, 360, _STEP_DEG)), indexing="ij"
    )
    downward = np.cos(elevation) * np.cos(azimuth)
    return GainTable(gain_dbi(-np.degrees(np.arcsin(np.clip(downward, -1.0, 1.0)))), axis="-x")
