"""Antenna files of planning tools, in the format of MSI Planet (``.msi``, ``.pln``): a gain and two cuts.

A keyword and its value a line. ``GAIN`` is in dBd, unless dBi follows it (0 dBd are 2.15 dBi). ``HORIZONTAL 360`` and
``VERTICAL 360`` are each followed by a line for every degree from 0 to 359: the angle and the attenuation below the
greatest gain [dB]. Horizontally 0 is ahead and 90 to the right, vertically 0 is ahead and 90 straight down. All other
keywords are passed over; an electrical tilt is in the vertical cut already.

Two cuts do not say what is between them. Here attenuations add up, as those of 3GPP TR 38.901, table 7.3-1, do, and
like there are never more than the greatest of either cut. That is what the file says on the horizon and in the front
half of the vertical cut. Elsewhere it is a guess: good for an antenna that is alike all around and for a sector's main
lobe, some dB off beside and behind the latter, and the back half of the vertical cut is not used (F. Gil et al., A 3D
interpolation method for base-station-antenna radiation patterns, IEEE Antennas and Propagation Magazine 43, 2001,
compares). Where it matters, ask the maker for the whole sphere and give it as CSV.
"""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from search_spaces.antenna_patterns.gain_table import GainTable, read_text

DIPOLE_DBI = 2.15
"""Gain of a half-wave dipole, which dBd count from."""

MAX_ATTENUATION_DB = 200.0

_GAIN = re.compile(r"([-+]?\d*\.?\d+(?:e[-+]?\d{1,2})?)\s*(dbi|dbd)?", re.IGNORECASE | re.ASCII)


def read_msi(path: Path) -> GainTable:
    """The element in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not of the format; one line that says why.
    """
    name = path.name
    lines = [line.split(None, 1) for line in read_text(path).splitlines() if line.strip()]
    keys = [words[0].upper() for words in lines]
    for key in ("GAIN", "HORIZONTAL", "VERTICAL"):
        if keys.count(key) != 1:
            raise ValueError(f"{name}: must hold one line {key}, but holds {keys.count(key)}; is it a Planet file?")
    gain = _rest(lines, keys, "GAIN")
    found = _GAIN.fullmatch(gain)
    if not found:
        raise ValueError(f"{name}: GAIN must be a number, and dBi or dBd, but is {gain!r}; correct it")
    peak_dbi = float(found[1]) + (0.0 if (found[2] or "").lower() == "dbi" else DIPOLE_DBI)
    horizontal_db, vertical_db = (_cut(lines, keys, key, name) for key in ("HORIZONTAL", "VERTICAL"))
    elevation, azimuth = np.arange(-90, 91), np.arange(360)
    attenuation_db = vertical_db[-elevation % 360][:, None] + horizontal_db[-azimuth % 360]
    attenuation_db = np.minimum(attenuation_db, max(horizontal_db.max(), vertical_db.max()))
    return GainTable(peak_dbi - attenuation_db).check(name)


def _rest(lines: list[list[str]], keys: list[str], key: str) -> str:
    """What follows a keyword in its line."""
    return " ".join(lines[keys.index(key)][1:]).strip()[:40]


def _cut(lines: list[list[str]], keys: list[str], key: str, name: str) -> npt.NDArray[np.float64]:
    """Attenuations below a keyword, of 0 to 359 degrees, dB."""
    if (count := _rest(lines, keys, key)) != "360":
        raise ValueError(f"{name}: {key} must be followed by 360, but is by {count!r}; export a cut of 1 degree steps")
    start = keys.index(key) + 1
    try:
        cut = np.array([[float(word) for word in " ".join(line).split()] for line in lines[start : start + 360]])
    except ValueError:
        cut = np.zeros((0, 0))
    if cut.shape != (360, 2):
        raise ValueError(
            f"{name}: {key} 360 must be followed by 360 lines of an angle and an attenuation, but is not; export the "
            "file anew"
        )
    if not np.array_equal(cut[:, 0], np.arange(360)):
        raise ValueError(f"{name}: the angles of {key} must be 0, 1, ... 359 degrees, but are not; sort them")
    attenuation_db = cut[:, 1]
    if not ((attenuation_db >= 0) & (attenuation_db <= MAX_ATTENUATION_DB)).all():
        raise ValueError(
            f"{name}: the attenuations of {key} must be between 0 and {MAX_ATTENUATION_DB:g} dB, but reach from "
            f"{attenuation_db.min():g} to {attenuation_db.max():g}; write them without a sign"
        )
    return np.asarray(attenuation_db)
