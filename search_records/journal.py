"""The journal: what happened in a search, one event a line, in the order in which it happened.

It is the one memory of a search: an interrupted one goes on from it, and the results table is made from it. So it is
appended to before anybody is told of an event, and never rewritten. Each line is a CRC-32 of what follows it, and the
event as JSON with its number. A crash can spoil the end of the file: that is cut off. Damage before good lines is an
error, for what follows rests on it.
"""

import fcntl
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from search_records.atomic_files import naming
from search_records.events import Event, decode, encode
from search_records.result import ResultColumns

Listener = Callable[[Event], None]

_ENCODER = json.JSONEncoder(separators=(",", ":"), default=lambda number: number.item())

PART = 5_000
"""Events that are followed at a time."""

SYNC_S = 1.0
"""What a machine that loses its power may take with it; a process that dies takes nothing."""


class JournalError(ValueError):
    """The file cannot be gone on from; one line says why."""


class Journal:
    """Opens a journal for reading and appending; one process at a time.

    Args:
        path: the file; created if there is none.
        columns: what results hold.

    Raises:
        JournalError: it is damaged, or another process has it open.
        OSError: it cannot be read or written.
    """

    def __init__(self, path: Path, columns: ResultColumns) -> None:
        self._path = path
        self._columns = columns
        self._file = path.open("ab", buffering=0)
        try:
            if not _lock(self._file):
                raise JournalError(f"{path}: is in use by another search; wait for its end, or stop it")
            events, size = _read(path, columns)
            if size < self._file.tell():
                self._file.truncate(size)
        except BaseException:
            self._file.close()
            raise
        self._size = size
        self.length = len(events)
        """Events so far, of all sessions."""
        self._listeners: list[Listener] = []
        self._synced_s = time.monotonic()
        self._dirty = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._syncing: Future[None] | None = None

    def read(self) -> list[Event]:
        """Read all events, in their order."""
        return read_journal(self._path, self._columns)

    @contextmanager
    def told_to(self, *listeners: Listener) -> Iterator[None]:
        """Within this context the listeners are told of every event once it is written."""
        before = self._listeners
        self._listeners = [*before, *listeners]
        try:
            yield
        finally:
            self._listeners = before

    def append(self, event: Event) -> None:
        """Write an event: it outlives this process from now on, and the machine after the next ``sync``.

        Raises:
            OSError: there is no room for it; the file is as before.
        """
        line = _line({"n": self.length, **encode(event, self._columns)})
        try:
            with naming(self._path):
                written = 0
                while written < len(line):
                    written += self._file.write(line[written:])
        except OSError:
            self._file.truncate(self._size)
            raise
        self._size += len(line)
        self.length += 1
        self._dirty = True
        for listener in self._listeners:
            listener(event)

    def sync(self, at_once: bool = False) -> None:
        """Hand what was appended to the disk; at most every second and without waiting for it, unless ``at_once``.

        Raises:
            OSError: the disk has refused it, or what it was handed before.
        """
        if self._syncing is not None and (at_once or self._syncing.done()):
            syncing, self._syncing = self._syncing, None
            try:
                syncing.result()
            except OSError:
                self._dirty = True
                raise
        now = time.monotonic()
        if not self._dirty or self._syncing is not None or not (at_once or now - self._synced_s >= SYNC_S):
            return
        self._dirty, self._synced_s = False, now
        syncing = self._thread.submit(os.fsync, self._file.fileno())
        if at_once:
            syncing.result()
        else:  # a disk can take a tenth of a second for it, in which the search goes on
            self._syncing = syncing

    def close(self) -> None:
        """Sync, close and unlock; a second time does nothing."""
        if self._file.closed:
            return
        try:
            self.sync(at_once=True)
        finally:
            self._thread.shutdown()
            self._file.close()


def read_journal(path: Path, columns: ResultColumns) -> list[Event]:
    """The events of a journal that another process may be writing; none if there is no file yet.

    Raises:
        JournalError: it is damaged.
    """
    return _read(path, columns)[0] if path.exists() else []


class JournalTail:
    """Follows a journal that another process may be writing."""

    def __init__(self, path: Path, columns: ResultColumns) -> None:
        self._path = path
        self._columns = columns
        self._size = 0
        self._length = 0

    def read(self) -> Iterator[list[Event]]:
        """The events since the last call, in parts that fit into memory; none if there is no file yet.

        Raises:
            JournalError: it is damaged.
        """
        while self._path.exists():
            events, self._size = _read(self._path, self._columns, self._size, self._length, limit=PART)
            self._length += len(events)
            if not events:
                return
            yield events


def has_result(path: Path) -> bool:
    """Tell whether a journal, whole or not, holds a result; False if there is no file."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return any(data.get("event") == "reported" for data in map(_parse, file) if data is not None)


def in_use(path: Path) -> bool:
    """Tell whether some process has this journal open."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return not _lock(file)


def _lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _line(data: Mapping[str, Any]) -> bytes:
    text = _ENCODER.encode(data).encode()
    return b"%08x %b\n" % (zlib.crc32(text), text)


def _read(
    path: Path, columns: ResultColumns, size: int = 0, length: int = 0, limit: int | None = None
) -> tuple[list[Event], int]:
    """The events after the first ``length``, of ``size`` bytes, and the size of the file up to the last of them.

    Args:
        path: the file.
        columns: what results hold.
        size: bytes that were read before.
        length: events that were read before.
        limit: most events.
    """
    events: list[Event] = []
    damaged = None
    with path.open("rb") as file:
        file.seek(size)
        for number, line in enumerate(file, start=length + 1):
            data = _parse(line)
            if data is None:
                damaged = damaged or number
            elif damaged or data.pop("n", None) != length + len(events):
                raise JournalError(
                    f"{path}: line {damaged or number} is damaged; restore the file, or delete that line and all that "
                    "follow to go on from there"
                )
            else:
                events.append(_decoded(data, columns, f"{path}: line {number}"))
                size += len(line)
                if len(events) == limit:
                    break
    return events, size


def _parse(line: bytes) -> dict[str, Any] | None:
    digest, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or digest != b"%08x" % zlib.crc32(text):
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):  # somebody else's line, with a checksum all the same
        return None
    return data if isinstance(data, dict) else None


def _decoded(data: Mapping[str, Any], columns: ResultColumns, where: str) -> Event:
    try:
        return decode(data, columns)
    except KeyError as error:
        reason = f"it lacks {error}"
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        reason = str(error)
    raise JournalError(
        f"{where} must be an event of this search, but {reason}; it is of another version or configuration: start a "
        "new run"
    )
