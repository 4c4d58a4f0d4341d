"""States of a searcher, kept on disk from time to time, so that a resumed search need not teach it all again.

A state belongs to a moment: the number of events in the journal when it was saved. What came after is told to the
searcher again. Of the last two states the newest that is whole is taken; without any, everything is told again.

Some searchers' states are pickle, and to read pickle is to run it. So a state is signed with a key that this user alone
has, and one that somebody else has made is no state.
"""

import hmac
import logging
import os
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from search_records.atomic_files import atomic_write

if TYPE_CHECKING:
    from ray.tune.search import Searcher

KEPT = 2

SHARE = 0.02
"""Of the time at most, saving takes."""

MIN_INTERVAL_S = 10.0

_NAME = re.compile(r"(\d+)-(\d+)-([0-9a-f]{64})\.v3")
"""Stage, events, signature and form; states of another form are not read, and their search is told everything again."""

KEY_BYTES = 32


class SearcherStates:
    """The states of one stage's searcher.

    Args:
        folder: holds the states of all stages.
        stage: number of the stage.
    """

    def __init__(self, folder: Path, stage: int) -> None:
        self._folder = folder
        self._stage = stage
        self._key = b""
        self._saved_s = time.monotonic()
        self._cost_s = 0.0

    def restore(self, build: "Callable[[], Searcher]", events: int) -> "tuple[Searcher, int]":
        """A searcher, and the number of events that it knows of.

        Args:
            build: makes a fresh one.
            events: events in the journal; a state that knows of more is not used.
        """
        for known, signature, path in reversed(self._found()):
            if known > events:  # of a history that was cut off; it must not fit again once the journal has grown
                path.unlink()
                continue
            try:
                if hmac.compare_digest(self._signature(known, path.read_bytes()), signature):
                    searcher = build()
                    searcher.restore(str(path))
                    return searcher, known
            except Exception:  # it unpickles: anything can come out of a state that does not fit
                logging.getLogger(__name__).debug("cannot use %s", path, exc_info=True)
        return build(), 0

    def save(self, searcher: "Searcher", events: int) -> None:
        """Keep the state of a searcher that knows of this many events."""
        start = time.monotonic()
        self._folder.mkdir(exist_ok=True)
        scratch = self._folder / f".{self._stage}.part"
        searcher.save(str(scratch))
        state = scratch.read_bytes()
        scratch.unlink()
        with atomic_write(self._folder / f"{self._stage}-{events:08d}-{self._signature(events, state)}.v3") as file:
            file.write(state)
        for _, _, path in self._found()[:-KEPT]:
            path.unlink()
        self._saved_s = time.monotonic()
        self._cost_s = self._saved_s - start

    def is_due(self) -> bool:
        """Tell whether it is time to save again."""
        return time.monotonic() - self._saved_s > max(MIN_INTERVAL_S, self._cost_s / SHARE)

    def _signature(self, events: int, state: bytes) -> str:
        self._key = self._key or own_key()
        return hmac.new(self._key, f"{self._stage} {events} ".encode() + state, sha256).hexdigest()

    def _found(self) -> list[tuple[int, str, Path]]:
        """Events, signature and file of each state, oldest first."""
        found = []
        for path in self._folder.glob(f"{self._stage}-*"):
            if match := _NAME.fullmatch(path.name):
                found.append((int(match[2]), match[3], path))
        return sorted(found)


def state_folder() -> Path:
    """Where this user keeps what programs remember; ``RuntimeError`` without a home."""
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "tune-reflector"


def own_key() -> bytes:
    """The key of this user on this machine, made when it is asked for first; one for this process where none can be."""
    key = secrets.token_bytes(KEY_BYTES)
    try:
        path = state_folder() / "key"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with NamedTemporaryFile(dir=path.parent) as file, suppress(FileExistsError):  # for this user's eyes only
                file.write(key)
                file.flush()
                os.link(file.name, path)
        found = path.read_bytes()
        return found if len(found) == KEY_BYTES else key
    except (OSError, RuntimeError):  # no home
        return key
