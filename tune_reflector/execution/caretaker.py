"""A process that outlives a search which is killed: it tells how to resume, and clears up what the search has left.

Whoever is killed, or ended by Ray from within, can do neither. So this process is started first and waits until the
search lets go of its standard input, however that comes about. It is run by its path and has the standard library
alone, so that it is there at once.
"""

import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_PATIENCE_S = 10.0
_CONNECT_S = 5.0
_LOOK_EVERY_S = 2.0


class Caretaker:
    """A caretaker, as the search sees it.

    Args:
        remedy: how to go on with the search, in words that follow a semicolon.
        folder: it is removed in the end, and processes that still write into it are killed; None: there is none.
        head: host:port of what must be there as long as the search runs, the head of its cluster; None: nothing.
    """

    def __init__(self, remedy: str, folder: Path | None = None, head: str | None = None) -> None:
        read_end, self._pipe = os.pipe()  # no file: it must not be closed with the last reference to it
        command = [sys.executable, "-I", "-S", __file__, remedy, str(folder or ""), head or ""]
        try:
            self._process = subprocess.Popen(command, stdin=read_end, stdout=subprocess.DEVNULL, start_new_session=True)
        finally:
            os.close(read_end)

    def farewell(self) -> None:
        """Tell it that the search's own process will tell how it has ended."""
        with suppress(BrokenPipeError):
            os.write(self._pipe, b"farewell")

    def end(self) -> None:
        """Let it clear up now."""
        os.close(self._pipe)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE_S)


def main(remedy: str, folder: str, head: str) -> None:
    """Wait for the end of the search, and do what it cannot do."""
    search = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with the search
    orderly = _wait(remedy, head)
    if not orderly:
        _tell(f"the search has died; {remedy}")
    if folder:
        _clear_up(Path(folder).resolve(), search)


def _wait(remedy: str, head: str) -> bool:
    """Wait for the end of the search's process; whether it has said farewell."""
    orderly, answered = False, True
    while True:
        if select.select([0], [], [], _LOOK_EVERY_S if head else None)[0]:
            if not os.read(0, 64):
                return orderly
            orderly = True
        else:
            before, answered = answered, _answers(head)
            if before and not answered:
                _tell(
                    f"the cluster's head ({head}) does not answer; unless it comes back, Ray ends this search; {remedy}"
                )


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
    except OSError:
        return False
    return True


def _clear_up(folder: Path, search: int) -> None:
    """Remove the folder, once nobody but the search, which may go on with something else, writes into it."""
    deadline = time.monotonic() + _PATIENCE_S / 2
    while (writers := _writers(folder) - {search}) and time.monotonic() < deadline:
        for pid in writers:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def _writers(folder: Path) -> set[int]:
    """Processes that have a file in the folder open for writing; Ray's hide their command lines, but all have logs."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            if any(_is_written(link, folder) for link in (process / "fd").iterdir()):
                found.add(int(process.name))
    return found


def _is_written(link: Path, folder: Path) -> bool:
    try:
        return folder in link.readlink().parents and bool(link.lstat().st_mode & stat.S_IWUSR)
    except OSError:
        return False


def _tell(text: str) -> None:
    with suppress(OSError):
        print(f"\n{text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
