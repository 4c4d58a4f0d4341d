"""Files are replaced as a whole: by whoever comes last, and never by half of what two have written."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from search_records.atomic_files import atomic_write, write_text
from search_records.journal import Journal
from search_records.results_table import ResultsTable
from tests.records import COLUMNS, reported, trial_result

WRITER = """
import sys
from pathlib import Path
from search_records.atomic_files import write_text
for _ in range(40):
    write_text(Path("page.html"), sys.argv[1] * 300_000)
"""


def test_two_processes_that_write_one_file_leave_it_whole_at_every_moment() -> None:
    path, seen = Path("page.html"), set()
    write_text(path, "")
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, letter]) for letter in "ab"]
    while any(writer.poll() is None for writer in writers):
        text = path.read_text()
        assert len(set(text)) <= 1
        assert len(text) in (0, 300_000)
        seen.add(text[:1])
    assert [writer.returncode for writer in writers] == [0, 0]
    assert {"a", "b"} <= seen | {path.read_text()[:1]}
    assert list(Path().iterdir()) == [path]


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else() -> None:
    path = Path("page.html")
    write_text(path, "old")

    def fail() -> None:
        with atomic_write(path) as file:
            file.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(Path().iterdir()) == [path]


def _append_to_journal(path: Path) -> None:
    journal = Journal(path, COLUMNS)
    try:
        for number in range(100):
            journal.append(reported("00000", number, trial_result(-60.0)))
    finally:
        journal.close()


def _append_to_table(path: Path) -> None:
    table = ResultsTable(path, COLUMNS)
    for number in range(100):
        table.append(reported("00000", number, trial_result(-60.0)))


@pytest.mark.parametrize(
    "write",
    [lambda path: write_text(path, "a" * 10_000), _append_to_journal, _append_to_table],
    ids=["replaced", "journal", "table"],
)
def test_a_disk_that_takes_no_more_names_the_file(write: Callable[[Path], None]) -> None:
    """The system names the file that it cannot open, but not that which it cannot write."""
    path, before = Path("file").absolute(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as error:
            write(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert error.value.filename == str(path)
