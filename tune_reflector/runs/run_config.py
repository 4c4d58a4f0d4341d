"""The configuration of a run, as its folder holds it: wherever that folder is now, and whatever it is called."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tune_reflector.config.config_file import override, read_mapping, validate
from tune_reflector.config.search_config import SearchConfig, folder_name
from tune_reflector.errors import ConfigError
from tune_reflector.runs.containment import check_contained
from tune_reflector.runs.layout import CONFIG_FILE, PROVENANCE_FILE, is_run


def read_config(folder: Path, overrides: Sequence[str] = ()) -> SearchConfig:
    """The configuration of the run in a folder. Its ``name`` and ``results_dir`` say where the run was started.

    Args:
        folder: of the run.
        overrides: ``key=value`` of what shall be different.

    Raises:
        ConfigError: there is no run, or its folder holds what does not belong there.
    """
    check_is_run(folder)
    check_contained(folder)
    data = read_mapping(folder / CONFIG_FILE)
    if not _is_folder_name(data.get("name")):  # version 0.1 wrote what the folder was called when it was resumed
        data["name"] = None
    if isinstance(plate := data.get("reflector"), dict):
        plate.setdefault("model", "mirror")  # there was no other before there was a choice
    for section in ("trainable", "refine"):
        if isinstance(ascent := data.get(section), dict) and not isinstance(ascent.get("spsa_step"), dict):
            ascent.pop("spsa_step", None)  # of the perturbation by which the plate's slope was felt
    override(data, overrides)
    return validate(data)


def check_is_run(folder: Path, field: str = "RUN") -> None:
    """Raise ``ConfigError``, which names ``field``, unless a folder is that of a run."""
    if not is_run(folder):
        raise ConfigError(
            f"{field}: must be the folder of a run, with {CONFIG_FILE} and {PROVENANCE_FILE}, but {folder} is not; "
            "check the path"
        )


def _is_folder_name(name: object) -> bool:
    with suppress(ValueError):
        return isinstance(name, str) and bool(folder_name(name))
    return False
