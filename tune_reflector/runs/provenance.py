"""Provenance: versions, device, seed and command, which another person needs to know to repeat a run."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tune_reflector.errors import ConfigError
from tune_reflector.plugins import load_plugins
from tune_reflector.runs.layout import PROVENANCE_FILE
from tune_reflector.runs.validations import PACKAGES as VALIDATED
from tune_reflector.runs.validations import Validation, find_validation

PACKAGES = (
    "tune-reflector",
    "ray",
    "sionna-rt",
    "drjit",
    "mitsuba",
    "numpy",
    "cmaes",
    "deap",
    "optuna",
    "hyperopt",
)
"""Packages whose version decides what a result or a saved state means."""


def relevant_packages() -> tuple[str, ...]:
    """Packages whose versions decide what a result or a saved state means, plugins included."""
    return (*PACKAGES, *load_plugins())


CONFIG_SHA256 = "config_sha256"


@dataclass(frozen=True)
class Provenance:
    """What ``provenance.json`` tells of a run, as far as the program goes by it; ``content`` is all of the file."""

    packages: Mapping[str, str | None]
    """Versions that the run was started with."""
    device: str
    started: datetime
    """Start of the first session."""
    config_sha256: Sequence[str]
    """Digests of ``config.yaml`` as this program has written it."""
    scene_sha256: str
    content: dict[str, Any]
    validation: Validation | None = None
    """Of the machine that the run was started on, as it was then."""
    antenna_files: Mapping[str, str] = field(default_factory=dict)
    """Digests of the files that describe antennas, by path; ``antenna_files`` of the file, which may lack it."""


def read_provenance(folder: Path) -> Provenance:
    """Where the run in a folder comes from.

    Raises:
        ConfigError: the file cannot be read, or lacks something.
    """
    path = folder / PROVENANCE_FILE
    try:
        content = json.loads(path.read_bytes())
        started = datetime.fromisoformat(content["sessions"][0]["started"])
        packages, digests = dict(content["packages"]), list(content[CONFIG_SHA256])
        device, scene_sha256 = str(content["device"]), str(content["scene_sha256"])
        validation = content.get("validation")
        validation = None if validation is None else Validation.from_json(validation)
        antenna_files = dict(content.get("antenna_files", {}))
        return Provenance(packages, device, started, digests, scene_sha256, content, validation, antenna_files)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ConfigError(
            f"{path}: must be as this program has written it, but is damaged, or of an earlier version; restore it, or "
            "start a new run"
        ) from None


def provenance(packages: Iterable[str], device: str, seed: int, source: Path) -> dict[str, Any]:
    """Versions, device and how its validation went, seed, command line and commit.

    Args:
        packages: distributions whose versions matter.
        device: what the rays were traced with.
        seed: the search's seed.
        source: a folder of the program's checkout, whose commit is recorded if it is one.
    """
    now = session_record(packages)
    validation = find_validation(device, package_versions(VALIDATED))
    return now | {
        "seed": seed,
        "device": device,
        "validation": asdict(validation) if validation else None,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "commit": _commit(source),
        "sessions": [now],
    }


def session_record(packages: Iterable[str]) -> dict[str, Any]:
    """One start of the program: when, how, with what."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "packages": package_versions(packages),
    }


def package_versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Installed version of each distribution; None where it is missing."""
    return {name: _version(name) for name in packages}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit(source: Path) -> str | None:
    """The commit of the checkout that tracks ``source``; None for an installed package, whatever folder it is in."""
    if _git(source, "ls-files", ".") is None:
        return None
    return _git(source, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
