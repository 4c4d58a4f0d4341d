"""Resuming: what must hold for an interrupted search to go on, the same search by the same programs.

Results of two programs, buildings or searchers in one table would be worth nothing, so every difference is refused,
but for what says how long and where the search runs. All of it raises ``ConfigError`` with one line.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from search_records.atomic_files import write_json, write_text
from search_records.events import Event, Finished
from tune_reflector.config.config_file import dump_config, flat
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.runs.containment import check_contained
from tune_reflector.runs.layout import CONFIG_FILE, PROVENANCE_FILE
from tune_reflector.runs.provenance import CONFIG_SHA256, read_provenance, relevant_packages, session_record
from tune_reflector.runs.run_config import read_config

MAY_GROW = ("budget.trials", "budget.time_s", "budget.rays_per_ap")
MAY_CHANGE = (
    "budget.max_concurrent",
    "resources.cpus_per_trial",
    "resources.gpus_per_trial",
    "faults.",
    "final.",
    "counterfactual.",
    "launch",
    "ray.",
    "report.",
)


def load_run(
    folder: Path, versions: Mapping[str, str | None], overrides: Sequence[str] = (), other_versions: bool = False
) -> tuple[SearchConfig, dict[str, Any]]:
    """The configuration of an interrupted run, and what of it ``overrides`` change.

    Args:
        folder: the run's folder.
        versions: the packages installed now; they must be those that the run was started with.
        overrides: ``key=value``; of ``MAY_GROW`` and ``MAY_CHANGE``.
        other_versions: whether the user wants to go on with other packages all the same.
    """
    check_contained(folder)
    about = read_provenance(folder)
    config_file = folder / CONFIG_FILE
    if hashlib.sha256(config_file.read_bytes()).hexdigest() not in about.config_sha256:
        raise ConfigError(
            f"--resume: must be the same search, but {config_file} has changed since the run was started; undo that, "
            f"or start a new run from it; a larger budget goes on the command line: --resume {folder} budget.trials=N"
        )
    if not other_versions:
        _check_versions(about.packages, versions)
    before = read_config(folder)
    if about.scene_sha256 != before.scene.sha256():
        building = before.scene.file or before.scene.source
        raise ConfigError(
            f"--resume: must be the same building, but {building} has changed since the run was started; restore the "
            "file or start a new run"
        )
    now = before.antenna_files()
    for path, sha256 in about.antenna_files.items():
        if now.get(path) != sha256:
            raise ConfigError(
                f"--resume: must be the same antennas, but {path} has changed since the run was started; restore the "
                "file or start a new run"
            )
    after = read_config(folder, overrides)
    return after, dict(_changes(before, after))


def check_device(folder: Path, description: str) -> None:
    """Rays of a processor and of a graphics card agree but to rounding: they do not share a table unasked."""
    before = read_provenance(folder).device
    if before.split()[:1] != description.split()[:1]:
        raise ConfigError(
            f"--resume: must trace with what it was started with, {before}, but here is {description}; set "
            "resources.device for a new run, or add --other-versions"
        )


def record_new_run(folder: Path, config: SearchConfig, about: dict[str, Any]) -> None:
    """Write configuration and provenance of a new run."""
    text = dump_config(config)
    about |= {"scene_sha256": config.scene.sha256(), CONFIG_SHA256: [_digest(text)]}
    if antenna_files := config.antenna_files():
        about["antenna_files"] = antenna_files
    write_text(folder / CONFIG_FILE, text)
    write_json(folder / PROVENANCE_FILE, about)


def record_session(folder: Path, config: SearchConfig, changes: Mapping[str, Any]) -> None:
    """Add a later session to the provenance and, if anything has changed, write the configuration anew."""
    about, text = read_provenance(folder).content, dump_config(config)
    about["sessions"].append(session_record(relevant_packages()) | {"changes": dict(changes)})
    if changes:  # either file may be the last that is written: both digests are good
        about[CONFIG_SHA256].append(_digest(text))
    write_json(folder / PROVENANCE_FILE, about)
    if changes:
        write_text(folder / CONFIG_FILE, text)


def budget_of(config: SearchConfig) -> dict[str, Any]:
    """The part of the budget that ends a search: what was reached with another one is not the end."""
    return config.budget.model_dump(mode="json", include={"trials", "time_s", "rays_per_ap"})


def is_finished(events: Iterable[Event], config: SearchConfig) -> bool:
    """Tell whether the search came to its end with the budget that it has now."""
    last = [event for event in events if isinstance(event, Finished)]
    return bool(last) and last[-1].budget == budget_of(config)


def _check_versions(before: Mapping[str, str | None], now: Mapping[str, str | None]) -> None:
    for package in before:
        if before[package] != now.get(package):
            raise ConfigError(
                f"--resume: must run with the versions it was started with, but {package} is {now.get(package)} and "
                f"was {before.get(package)}; install that one, start a new run, or add --other-versions"
            )


def _changes(before: SearchConfig, after: SearchConfig) -> Iterator[tuple[str, Any]]:
    """What differs, by dotted key."""
    old, new = flat(before), flat(after)
    for key in dict.fromkeys((*old, *new)):
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        if key in MAY_GROW:
            if was is None or (now is not None and now < was):
                raise ConfigError(
                    f"--resume: {key} may only be raised, but is {was} and would be {now}; choose more than {was}"
                    if was is not None
                    else f"--resume: {key} may only be raised, but it had no limit; leave it out"
                )
        elif not key.startswith(MAY_CHANGE):
            raise ConfigError(
                f"--resume: {key} must be what the run was started with, {was}, but would be {now}; leave it out or "
                "start a new run"
            )
        yield key, now


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
