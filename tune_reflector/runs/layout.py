"""The layout of a run's folder: names of its files and folders."""

from pathlib import Path

CONFIG_FILE = "config.yaml"
PROVENANCE_FILE = "provenance.json"
JOURNAL_FILE = "journal.log"
TABLE_FILE = "trials.csv"
ERRORS_FILE = "errors.txt"
MAPS_FILE = "maps.npz"
BEST_FILE = "best.json"
PAGE_FILE = "report.html"
STARTS_FILE = "refinement/starts.json"

SEARCHER_FOLDER = "searcher"
FIGURES_FOLDER = "figures"
TENSORBOARD_FOLDER = "tensorboard"


def is_run(folder: Path) -> bool:
    """Tell whether a folder holds a run."""
    return (folder / CONFIG_FILE).is_file() and (folder / PROVENANCE_FILE).is_file()
