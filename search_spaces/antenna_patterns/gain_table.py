"""The gain of an element in all directions, on a regular grid of angles, and the file that one may come from.

An element looks along its local +x, with +y to its left and +z up: azimuth counts from +x towards +y, elevation from
the x-y plane towards +z. Between the grid's directions the gain in dB is linear in either angle.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

MAX_BYTES = 16_000_000
"""Of a file: a grid of one degree takes 1 or 2 million."""

LIMITS_DBI = (-300.0, 80.0)
"""No antenna has more gain, and no null is deeper that anybody has measured."""

MOST_RADIATED = 2.0
"""Of what an antenna is fed: none radiates more than all of it, but cuts and rounding make up for 3 dB at most."""


@dataclass(frozen=True, eq=False)
class GainTable:
    """Gain over isotropic, of all polarisations together.

    Attributes:
        gain_dbi: ``[num_elevations, num_azimuths]``, dBi; elevations evenly from -90 to 90 degrees, both among them,
            azimuths evenly from 0 up to, but without, 360 degrees.
        axis: what the element's polarisation is upright about: local z as of every element that looks ahead, or -x for
            one that looks down.
    """

    gain_dbi: npt.NDArray[np.float64]
    axis: Literal["z", "-x"] = "z"

    def radiated(self) -> float:
        """The part of what it is fed that it radiates: its gain, averaged over the sphere."""
        elevation = np.linspace(-np.pi / 2, np.pi / 2, len(self.gain_dbi))
        weight = np.cos(elevation)
        return float(weight @ (10 ** (self.gain_dbi / 10)).mean(axis=1) / weight.sum())

    def check(self, source: str) -> "GainTable":
        """Return it; ``ValueError`` names ``source`` if no antenna can have such a gain."""
        low, high = LIMITS_DBI
        if not ((self.gain_dbi >= low) & (self.gain_dbi <= high)).all():
            raise ValueError(
                f"{source}: gains must be between {low:g} and {high:g} dBi, but reach from {self.gain_dbi.min():g} to "
                f"{self.gain_dbi.max():g}; correct them"
            )
        if (radiated := self.radiated()) > MOST_RADIATED:
            raise ValueError(
                f"{source}: an antenna must radiate no more than it is fed, but the gain is {radiated:.3g} on average "
                "over all directions; check its unit, which is dBi or dBd"
            )
        return self


def read_text(path: Path) -> str:
    """The text of an antenna file; one that is too large is not read to its end.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large, or no text.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"{path.name}: must be at most {MAX_BYTES:,} bytes, but is more; take a coarser grid")
    if b"\0" in content:
        raise ValueError(f"{path.name}: must be a text, but holds zero bytes; export it as text")
    return content.decode("utf-8-sig", errors="replace")
