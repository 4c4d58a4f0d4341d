"""Claims: one process at a time, whoever asks first, until it lets go or dies."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import sleep

import pytest

from tune_reflector.errors import ConfigError
from tune_reflector.runs.claims import Purpose, claim, claimed

FOLDER = Path("results/a")

HOLD = """
import sys, time
from pathlib import Path
from tune_reflector.runs.claims import claim
with claim(Path("results/a")) as ours:
    print(ours, flush=True)
    time.sleep(600)
"""


def test_a_claim_is_had_once_for_each_purpose_and_leaves_nothing_behind() -> None:
    with claim(FOLDER) as ours:
        assert ours
        with claim(FOLDER) as again, claim(FOLDER, "report") as drawn, claim(FOLDER.with_name("b")) as other:
            assert (again, drawn, other) == (False, True, True)
        with pytest.raises(ConfigError, match="results/a: must be at work for one process"), claimed(FOLDER):
            pass
    assert not FOLDER.parent.exists()
    with claimed(FOLDER):
        pass


def test_a_claim_ends_with_its_process_however_that_ends() -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    with claim(FOLDER) as ours:
        assert not ours
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with claim(FOLDER) as ours:
        assert ours


def _claim_again_and_again(number: int) -> int:
    """Count the times that a file was found although only whoever has the claim makes and removes it."""
    found = 0
    for _ in range(200):
        with claim(FOLDER) as ours:
            if ours:
                mine = Path("mine")
                found += mine.exists()
                mine.touch()
                sleep(0.0005)
                mine.unlink()
    return found


def test_of_many_processes_never_two_have_it_though_its_file_comes_and_goes() -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        assert sum(pool.map(_claim_again_and_again, range(4))) == 0


@pytest.mark.parametrize("purpose", ["search", "report"])
def test_a_link_in_the_place_of_its_file_is_not_followed(purpose: Purpose) -> None:
    FOLDER.parent.mkdir()
    Path(f"results/.a.{purpose}.lock").symlink_to(Path("victim").absolute())
    with pytest.raises(OSError, match="symbolic link"), claim(FOLDER, purpose):
        pass
    assert not Path("victim").exists()


def test_a_folder_that_nobody_can_replace_needs_no_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that may be read only, as the tests may run as root, whom rights do not stop."""

    def refuse(path: Path, *_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OSError, match="Read-only"), claim(FOLDER):
        pass
    FOLDER.mkdir(parents=True)
    with claim(FOLDER) as ours:
        assert ours
