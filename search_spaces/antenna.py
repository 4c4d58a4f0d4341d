"""The antenna of an access point: its element, how that is polarised, and the array that it is repeated in.

The element is one of Sionna's equations, the bundled ceiling antenna, or a file of its maker's. The settings of
``radio`` describe the antenna of all access points; any of them may have its own.
"""

import hashlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from search_spaces.antenna_patterns.ceiling_omni import ceiling_omni
from search_spaces.antenna_patterns.csv_file import read_csv
from search_spaces.antenna_patterns.gain_table import GainTable
from search_spaces.antenna_patterns.msi_file import read_msi
from search_spaces.model import Model

EQUATIONS = ("iso", "dipole", "hw_dipole", "tr38901")
"""Elements that Sionna brings."""

CEILING_OMNI = "ceiling_omni"

_READERS = {".msi": read_msi, ".pln": read_msi, ".csv": read_csv}


def _known(pattern: str) -> str:
    """The name of an element, or the path of a file that can be read, made absolute: workers run in other folders."""
    if pattern in (*EQUATIONS, CEILING_OMNI):
        return pattern
    path = Path(pattern)
    if path.suffix.lower() not in _READERS:
        raise ValueError(
            f"must be one of {', '.join(map(repr, (*EQUATIONS, CEILING_OMNI)))} or the path of a file "
            f"{', '.join(_READERS)}, but got {pattern[:200]!r}; correct it"
        )
    _read(path.absolute())
    return str(path.absolute())


Pattern = Annotated[str, AfterValidator(_known)]
"""The name of an element, or the path of a file."""

Polarization = Literal["V", "H", "VH", "cross"]


class AntennaConfig(Model):
    """An element, how it is polarised, and the array of it; all elements are fed alike."""

    pattern: Pattern = Field(
        "tr38901",
        description="element: iso, dipole, hw_dipole, tr38901 (8 dBi, 65 degrees wide), ceiling_omni (4 dBi all "
        "around, made to look straight down), or the path of a file: .msi or .pln (Planet), .csv (azimuth_deg, "
        "elevation_deg, gain_dbi)",
    )
    polarization: Polarization = Field("V", description="polarisation of the element")
    rows: int = Field(1, ge=1, le=64, description="rows of the array")
    columns: int = Field(1, ge=1, le=64, description="columns of the array")
    spacing: float = Field(0.5, gt=0, description="element spacing [wavelengths]")

    @property
    def file(self) -> Path | None:
        """The file that describes the element; None if none does."""
        return None if self.pattern in (*EQUATIONS, CEILING_OMNI) else Path(self.pattern)

    @property
    def num_elements(self) -> int:
        """Of the array."""
        return self.rows * self.columns

    def table(self) -> GainTable | None:
        """The element's gain; None where it is one of ``EQUATIONS``.

        Raises:
            ValueError: the file has become unreadable since the configuration was loaded.
        """
        if self.pattern == CEILING_OMNI:
            return ceiling_omni()
        return _read(self.file) if self.file else None

    def sha256(self) -> str:
        """Digest of the file, or of the name of an element that needs none."""
        content = self.file.read_bytes() if self.file else self.pattern.encode()
        return hashlib.sha256(content).hexdigest()


def _read(path: Path) -> GainTable:
    """What a file holds; ``ValueError`` with one line if it is none."""
    found = False
    with suppress(OSError, ValueError):  # a name can be too long to ask for, or hold what no name can
        found = path.is_file()
    if not found:
        raise ValueError(f"must be an antenna file, but {str(path)[:200]!r} is none; check the path")
    try:
        state = path.stat()
        return _parsed(path, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise ValueError(f"must be a readable antenna file, but {path} is not: {error.strerror}; check it") from None


@lru_cache(maxsize=100)
def _parsed(path: Path, _mtime_ns: int, _size: int) -> GainTable:
    """A file is read anew only when it has changed."""
    return _READERS[path.suffix.lower()](path)
