"""Files are replaced as a whole: by whoever comes last, and never by half of what two have written."""

import subprocess
import sys
from pathlib import Path

import pytest

from search_records.atomic_files import atomic_write, write_text

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
