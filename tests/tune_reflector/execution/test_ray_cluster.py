"""Clusters of Ray: who is let in, what is said when one is lost, and which files a search's own has."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.searches import PATIENCE_S, Search, descendants
from tune_reflector.execution.ray_cluster import temporary_folder

TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def free_port() -> int:
    with socket.create_server(("", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def head() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A cluster of one machine that demands a token: its address, and the process that keeps the others."""
    with TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        ports = [f"--port={(port := free_port())}", f"--ray-client-server-port={free_port()}"]
        random_ports = ["--min-worker-port=0", "--max-worker-port=0"]
        quiet = ["--include-dashboard=false", "--disable-usage-stats", "--num-cpus=1", f"--temp-dir={folder}"]
        process = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", *ports, *random_ports, *quiet],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **TOKEN},
        )
        assert process.stdout is not None
        try:
            said = ""
            while "Ray runtime started" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            yield f"127.0.0.1:{port}", process
        finally:
            kill(process)


def kill(process: "subprocess.Popen[str]") -> None:
    for pid in (process.pid, *descendants(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(PATIENCE_S)


@pytest.mark.slow
def test_a_cluster_demands_its_token_and_its_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the token, and with another one: one line. A lost head: a line soon, and one when Ray ends the search."""
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "6")
    with head() as (address, process):
        for mode in ({}, {**TOKEN, "RAY_AUTH_TOKEN": "another"}):
            environment = {name: value for name, value in os.environ.items() if name not in TOKEN} | mode
            command = [sys.executable, "-m", "tune_reflector.search", "name=a", f"ray.address={address}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
            assert done.returncode == 2
            (line,) = done.stderr.splitlines()
            assert line.startswith("ray.address: ")
            assert "demands its token" in line
            assert "RAY_AUTH_MODE=token" in line
        for name, value in TOKEN.items():
            monkeypatch.setenv(name, value)
        search = Search.start(f"ray.address={address}", "budget.trials=100000", "searcher.kind=random")
        search.wait_for_results(2)
        kill(process)
        output, _ = search.process.communicate(timeout=PATIENCE_S)
    assert search.process.returncode == 1
    remedy = "resume with: python -m tune_reflector.search --resume results/a"
    lost, died = (line for line in output.splitlines() if remedy in line)
    assert "does not answer" in lost
    assert died == f"the search has died; {remedy}"


@pytest.mark.parametrize("wanted", ["made", "too-long-a-name-for-sockets", "file/folder"])
def test_rays_files_are_for_this_user_alone_where_they_have_room(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with TemporaryDirectory(prefix="", dir="/tmp") as parent:
        Path(parent, "file").touch()
        monkeypatch.setenv("RAY_TMPDIR", f"{parent}/{wanted}")
        folder = temporary_folder()
        assert folder.parent == (Path(parent, "made") if wanted == "made" else Path("/tmp"))
        assert folder.stat().st_mode & 0o777 == 0o700
        folder.rmdir()


@pytest.mark.parametrize("before", ["none", "one that all can read", "no home"])
def test_the_token_is_for_this_user_alone(before: str, tmp_path: Path) -> None:
    """In a process of its own, as Ray looks for a token once only. Without a home there is one for the process."""
    token = tmp_path / ".ray" / "auth_token"
    if before == "one that all can read":
        token.parent.mkdir()
        token.write_text("mine")
        token.chmod(0o644)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    code = (
        "from tune_reflector.execution.ray_cluster import keep_token_private\n"
        "from ray._raylet import AuthenticationTokenLoader\n"
        "keep_token_private()\n"
        "assert AuthenticationTokenLoader.instance().has_token()\n"
    )
    home = "/dev/null" if before == "no home" else str(tmp_path)
    subprocess.run([sys.executable, "-c", code], check=True, env={**environment, "HOME": home})
    if before != "no home":
        assert token.stat().st_mode & 0o777 == 0o600
        assert (token.read_text() == "mine") == (before == "one that all can read")
