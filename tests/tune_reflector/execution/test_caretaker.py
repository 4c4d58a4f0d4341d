"""What is left of a search that is killed: nothing, but a line that tells how to resume."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from tests.searches import PATIENCE_S, Search, command_line, descendants, make_launch
from tune_reflector.config.config_file import validate
from tune_reflector.execution.ray_cluster import cluster

SEARCH = """
import subprocess, sys
from pathlib import Path
from tune_reflector.execution.caretaker import Caretaker

caretaker = Caretaker("resume it", Path(sys.argv[1]))
log = open(sys.argv[1] + "/log", "w")
writer = subprocess.Popen(["sleep", "1000"], stdout=log, stderr=log, start_new_session=True)
nowhere = subprocess.DEVNULL
reader = subprocess.Popen(["tail", "-f", log.name], stdout=nowhere, stderr=nowhere, start_new_session=True)
print(writer.pid, reader.pid, flush=True)
if input() == "end":
    caretaker.farewell()
    caretaker.end()
    print(Path(sys.argv[1]).exists(), writer.wait(), reader.poll(), flush=True)
"""
"""Stands for one that has a process writing into its folder; it reads on its standard input what shall become of it."""


def wait_until(happens: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def reader() -> Iterator[list[int]]:
    """Processes that a test expects to be left."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("end", ["killed", "end"])
def test_writers_end_and_their_folder_goes_however_a_search_ends(end: str, reader: list[int]) -> None:
    """Somebody who only reads a log is left alone, and so is the search itself."""
    folder = Path("folder").absolute()
    folder.mkdir()
    search = subprocess.Popen(
        [sys.executable, "-c", SEARCH, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert search.stdout is not None
    writer_pid, reader_pid = map(int, search.stdout.readline().split())
    reader.append(reader_pid)
    if end == "killed":
        search.kill()
    output, errors = search.communicate("end\n" if end == "end" else None, timeout=PATIENCE_S)
    if end == "killed":
        assert errors.strip() == "the search has died; resume it"
        wait_until(lambda: not folder.exists())
        wait_until(lambda: not command_line(writer_pid))
    else:
        assert not errors
        assert output.split() == ["False", str(-signal.SIGKILL), "None"]
    assert command_line(reader_pid)


def listening(pids: list[int]) -> list[str]:
    """Addresses at which processes wait for others."""
    found = []
    for pid in pids:
        with suppress(psutil.Error):
            connections = psutil.Process(pid).net_connections("inet")
            found += [each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN]
    return found


def is_loopback(address: str) -> bool:
    ip = ip_address(address)
    return ((isinstance(ip, IPv6Address) and ip.ipv4_mapped) or ip).is_loopback


@pytest.mark.slow
def test_a_search_on_ray_is_for_this_machine_alone_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own process is killed, and no other: Ray's agents would live on for a minute."""
    with TemporaryDirectory(prefix="ray") as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        search = Search.start("budget.trials=30", "searcher.kind=random")
        search.wait_for_results(4)
        processes = descendants(search.process.pid)
        addresses = listening([search.process.pid, *processes])
        assert len(addresses) >= 4
        assert not [address for address in addresses if not is_loopback(address)]
        assert len(list(Path(folder).iterdir())) == 1
        search.process.kill()
        output, _ = search.process.communicate(timeout=PATIENCE_S)
        assert "the search has died; resume with: python -m tune_reflector.search --resume results/a\n" in output
        wait_until(lambda: not any(command_line(pid) for pid in processes), patience_s=30)
        assert not list(Path(folder).iterdir())


@pytest.mark.slow
def test_a_search_that_ends_by_itself_leaves_no_folder_and_no_message(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with TemporaryDirectory(prefix="ray") as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        with cluster(make_launch(validate({"name": "a"}))):
            assert len(list(Path(folder).iterdir())) == 1
        assert not list(Path(folder).iterdir())
    assert "died" not in capfd.readouterr().err
