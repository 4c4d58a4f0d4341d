"""The table of a genetic algorithm's generations: a row each, appended once a generation is complete."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from search_records.atomic_files import atomic_write

FILE = "generations.csv"
HALL_OF_FAME_FILE = "hall_of_fame.json"
"""Of the best individuals. Both are in a run's folder."""

Generation = Mapping[str, float]
"""Numbers by name; ``generation`` counts."""


def read_generations(path: Path) -> list[dict[str, float]]:
    """The whole rows; none if there is no file yet, or a damaged one: it is only for show."""
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            records = csv.DictReader(line for line in file if line.endswith("\n"))
            return [_generation(record) for record in records]
    except (ValueError, TypeError, KeyError, csv.Error):
        return []


def _generation(record: Mapping[str, str]) -> dict[str, float]:
    numbers = {name: float(text) for name, text in record.items()}
    if not numbers["generation"].is_integer():
        raise ValueError("generations are counted")
    return numbers


def drop_torn_row(path: Path) -> int:
    """Cut off what a crash has left unfinished; returns the number of whole rows."""
    if not path.exists():
        return 0
    whole_lines = [line for line in path.read_bytes().splitlines(keepends=True) if b"\n" in line]
    with atomic_write(path) as file:
        file.writelines(whole_lines)
    return max(0, len(whole_lines) - 1)


def append_generations(path: Path, generations: Sequence[Generation]) -> None:
    """Write rows after those that are there."""
    if generations:
        with path.open("a", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, list(generations[0]))
            if file.tell() == 0:
                table.writeheader()
            table.writerows(generations)
