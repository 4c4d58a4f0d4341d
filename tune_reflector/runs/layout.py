"""The layout of a run's folder: names of its files and folders."""

from pathlib import Path

from search_records.generations_table import FILE as GENERATIONS_FILE
from search_records.generations_table import HALL_OF_FAME_FILE

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
CHECKPOINTS_FOLDER = "checkpoints"
TENSORBOARD_FOLDER = "tensorboard"
COUNTERFACTUAL_FOLDER = "counterfactual"
"""A run each, of what could be built in place of the winner."""

FILES = (
    CONFIG_FILE,
    PROVENANCE_FILE,
    JOURNAL_FILE,
    TABLE_FILE,
    ERRORS_FILE,
    MAPS_FILE,
    BEST_FILE,
    PAGE_FILE,
    GENERATIONS_FILE,
    HALL_OF_FAME_FILE,
)
FOLDERS = (
    SEARCHER_FOLDER,
    FIGURES_FOLDER,
    TENSORBOARD_FOLDER,
    CHECKPOINTS_FOLDER,
    COUNTERFACTUAL_FOLDER,
    Path(STARTS_FILE).parent.name,
)


def is_run(folder: Path) -> bool:
    """Tell whether a folder holds a run."""
    return (folder / CONFIG_FILE).is_file() and (folder / PROVENANCE_FILE).is_file()
