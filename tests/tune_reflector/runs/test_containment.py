"""A run's folder holds its own files only: links that leave it and pipes are named and refused."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tune_reflector.errors import ConfigError
from tune_reflector.runs.containment import check_contained

RUN = Path("results/a")


@pytest.fixture(autouse=True)
def run() -> None:
    (RUN / "tensorboard").mkdir(parents=True)
    (RUN / "journal.log").write_text("")
    Path("victim/best").mkdir(parents=True)
    Path("victim/file").write_text("mine")


def _socket(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(str(path))


INTRUDERS: dict[str, Callable[[], object]] = {
    "a folder elsewhere": lambda: (RUN / "tensorboard" / "best").symlink_to(Path("victim/best").absolute()),
    "a file elsewhere": lambda: (RUN / "trials.csv").symlink_to("../../victim/file"),
    "the folder that holds it": lambda: (RUN / "searcher").symlink_to(".."),
    "nothing, yet": lambda: (RUN / "best.json").symlink_to("/nowhere/file"),
    "a chain": lambda: ((RUN / "x").symlink_to("y"), (RUN / "y").symlink_to("../../victim")),
    "a neighbour with a longer name": lambda: (Path("results/ab").mkdir(), (RUN / "x").symlink_to("../ab")),
    "a folder for a file": lambda: (RUN / "best.json").mkdir(),
    "a file for a folder": lambda: (RUN / "figures").touch(),
    "a pipe": lambda: os.mkfifo(RUN / "best.json"),
    "a socket": lambda: _socket(RUN / "maps.npz"),
    "a second name of somebody's file": lambda: (RUN / "errors.txt").hardlink_to("victim/file"),
}


@pytest.mark.parametrize("intruder", INTRUDERS)
def test_what_does_not_belong_there_is_refused_in_one_line(intruder: str) -> None:
    INTRUDERS[intruder]()
    with pytest.raises(ConfigError) as error:
        check_contained(RUN)
    line = str(error.value)
    assert line.startswith("results/a: must hold files and folders of its own only, but ")
    assert len(line.splitlines()) == 1


def test_links_within_it_and_to_it_are_its_own() -> None:
    (RUN / "latest").symlink_to("tensorboard")
    (RUN / "again").symlink_to((RUN / "journal.log").absolute())
    (RUN / "maps.npz").hardlink_to("victim/file")  # it is replaced, never written to where it is
    Path("elsewhere").symlink_to(RUN)
    check_contained(RUN)
    check_contained(Path("elsewhere"))
