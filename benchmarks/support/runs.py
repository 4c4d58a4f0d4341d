"""What a search has left behind, read back."""

from pathlib import Path

from search_records.events import Reported
from search_records.journal import read_journal
from tune_reflector.config.config_file import load_config
from tune_reflector.runs.layout import CONFIG_FILE, JOURNAL_FILE


def results(folder: Path) -> list[Reported]:
    """Results of all trials of a run, in their order."""
    columns = load_config(folder / CONFIG_FILE).columns()
    return [event for event in read_journal(folder / JOURNAL_FILE, columns) if isinstance(event, Reported)]


def trial_ends_s(folder: Path) -> list[float]:
    """When each trial came to its own end [s]."""
    return [event.elapsed_s for event in results(folder) if event.result.complete]
