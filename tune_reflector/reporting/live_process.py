"""The process that keeps a search's report current, as the search sees it: started, looked after, ended."""

import logging
import math
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from search_records.display import display_path

PATIENCE_S = 60.0
"""How long a finished search waits for its last report."""

INTERRUPTED_PATIENCE_S = 5.0
"""How long an interrupted one does."""

_log = logging.getLogger(__name__)

LOG_FILE = "report.log"

_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
"""What it has freed goes back to the system: glibc would keep the tens of MB that it takes to draw a page."""


class LiveReportProcess:
    """Runs ``tune_reflector.reporting.live`` beside the search, until its standard input ends.

    Args:
        folder: of the run.
        every_s: least time between two updates.
    """

    def __init__(self, folder: Path, every_s: float) -> None:
        self._folder = folder
        self._look_again = -math.inf
        self._process: subprocess.Popen[bytes] | None = None
        command = [sys.executable, "-P", "-m", "tune_reflector.reporting.live", str(folder), f"{every_s:g}"]
        modules = os.pathsep.join(sys.path)  # what this process would import, and nothing from the folder it stands in
        try:
            with (folder / LOG_FILE).open("wb") as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    env=_MALLOC | os.environ | {"PYTHONPATH": modules},
                    process_group=0,  # Ctrl-C in the terminal is the search's
                )
        except OSError as error:
            _log.warning(f"no report is drawn: {error}")

    def look_after(self) -> None:
        """Tell once if it has died; the search goes on without it. To be called often: it looks once a second."""
        now = time.monotonic()
        if now < self._look_again:
            return
        self._look_again = now + 1.0
        if self._process is not None and self._process.poll() not in (None, 0):
            self._process = None
            _log.warning(f"the report is not kept current any more, the search goes on: {self._last_words()}")

    def end(self, patience_s: float = PATIENCE_S) -> None:
        """Let it write its last report, as long as ``patience_s``; a second time does nothing."""
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            code = process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            anew = f"python -m tune_reflector.report {shlex.quote(str(display_path(self._folder)))}"
            _log.warning(f"the report is out of date, as there was no time for the last; make it anew with: {anew}")
        else:
            if code == 0:
                (self._folder / LOG_FILE).unlink(missing_ok=True)
            else:
                _log.warning(f"the report may be out of date: {self._last_words()}")
        self._process = None

    def _last_words(self) -> str:
        log = self._folder / LOG_FILE
        try:
            lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
        except OSError as error:
            return str(error)
        return next((line for line in reversed(lines) if line), "it said nothing") + f" (see {display_path(log)})"
