"""Files that describe antennas, as makers write them, and the standard's element to fill them with."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def sector_dbi(elevation_deg: Array, azimuth_deg: Array) -> Array:
    """3GPP TR 38.901, table 7.3-1: 8 dBi, 65 degrees wide."""
    aside_deg = (azimuth_deg + 180) % 360 - 180
    down_db, aside_db = (np.minimum(12 * (angle / 65) ** 2, 30) for angle in (elevation_deg, aside_deg))
    return np.asarray(8 - np.minimum(down_db + aside_db, 30))


def csv_text(gain_dbi: Callable[[Array, Array], Array], step_deg: float = 2.0) -> str:
    """A grid of azimuths and elevations, -180 and 180 degrees both among them."""
    azimuth, elevation = np.meshgrid(np.arange(-180, 180.1, step_deg), np.arange(-90, 90.1, step_deg))
    rows = np.column_stack([azimuth.ravel(), elevation.ravel(), gain_dbi(elevation, azimuth).ravel()])
    return "azimuth_deg,elevation_deg,gain_dbi\n" + "".join(f"{a:g},{e:g},{g:.4f}\n" for a, e, g in rows)


def msi_text(horizontal_db: Array, vertical_db: Array, gain: str = "8 dBi") -> str:
    """A file of MSI Planet, with keywords that do not matter here."""
    lines = ["NAME sector", "MAKE nobody", "FREQUENCY 5180", f"GAIN {gain}", "TILT ELECTRICAL"]
    for key, cut in (("HORIZONTAL", horizontal_db), ("VERTICAL", vertical_db)):
        lines += [f"{key} 360", *(f"{angle}\t{value:.4f}" for angle, value in enumerate(cut))]
    return "\r\n".join(lines) + "\r\n"


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path
