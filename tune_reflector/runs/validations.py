"""What ``python -m tune_reflector.validate`` has found on this machine, kept for the runs that come after.

Of each device with each set of versions the newest is kept, in this user's folder for what programs remember.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from search_records.atomic_files import write_json
from tune_reflector.searchers.searcher_state import state_folder

PACKAGES = ("tune-reflector", "sionna-rt", "drjit", "mitsuba")
"""Packages whose version decides what is computed."""


@dataclass(frozen=True)
class Validation:
    """How a validation went: of ``rows`` rows ``held`` held, without those where Sionna is known to be off.

    ``day`` is like 2026-11-21.
    """

    day: str
    held: int
    rows: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Validation":
        """From what ``asdict`` gives; ``KeyError``, ``TypeError`` or ``ValueError`` if it is not that."""
        return cls(date.fromisoformat(data["day"]).isoformat(), int(data["held"]), int(data["rows"]))


Versions = Mapping[str, str | None]
"""Of each of ``PACKAGES`` the one that is installed."""


def save_validation(device: str, versions: Versions, validation: Validation) -> Path:
    """Keep a validation of this machine; returns the file.

    Raises:
        OSError: there is no place for it.
        RuntimeError: this user has no home.
    """
    path = _file(device, versions)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"device": device, "packages": versions, **asdict(validation)})
    return path


def find_validation(device: str, versions: Versions) -> Validation | None:
    """The newest of this device with these versions; None if there is none that can be read."""
    try:
        return Validation.from_json(json.loads(_file(device, versions).read_bytes()))
    except (OSError, RuntimeError, ValueError, LookupError, TypeError):
        return None


def _file(device: str, versions: Versions) -> Path:
    what = json.dumps([device, dict(versions)], sort_keys=True)
    return state_folder() / "validations" / f"{sha256(what.encode()).hexdigest()[:16]}.json"
