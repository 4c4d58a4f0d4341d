"""What a run's folder holds: the names of its files and folders, and the packages whose versions they depend on."""

from pathlib import Path

CONFIG_FILE, PROVENANCE_FILE, TABLE_FILE, BEST_FILE = (
    "config.yaml",
    "provenance.json",
    "trials.csv",
    "best.json",
)
JOURNAL_FILE, MAPS_FILE, PAGE_FILE = "journal.log", "maps.npz", "report.html"
SAME_VERSIONS = (
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

ERRORS_FILE = "errors.txt"
TENSORBOARD_FOLDER = "tensorboard"


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run."""
    return (folder / CONFIG_FILE).is_file() and (folder / PROVENANCE_FILE).is_file()
