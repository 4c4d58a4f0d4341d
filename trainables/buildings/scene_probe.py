"""A scene from elsewhere is loaded in a child process first: what its files do to the loader, they do to that one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from trainables.tracing.backend import Device

PATIENCE_S = 300
"""Longest time that a scene may take to load [s]; Sionna's San Francisco takes some 10."""

REFUSED = 3
"""Exit code of a process that has printed a complaint, its last line."""

_MAX_LENGTH = 500
"""Most characters of a complaint: it may quote a file, which may hold anything."""


def probe(path: Path, frequency_hz: float, device: Device) -> str | None:
    """Load an XML scene in a child process; what is wrong, in one line of the field ``path``, or None."""
    command = [sys.executable, "-P", "-m", f"{__package__}.scene_probe_child", str(path), repr(frequency_hz), device]
    modules = os.pathsep.join(sys.path)  # it imports what this process would, and nothing from the folder it stands in
    try:
        child = subprocess.run(
            command,
            env=os.environ | {"PYTHONPATH": modules},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"path: must be a scene that loads within {PATIENCE_S} s, but {str(path)!r} does not; simplify it"
    if child.returncode == 0:
        return None
    if child.returncode == REFUSED:
        return _last_line(child.stdout)
    how = signal.Signals(-child.returncode).name if child.returncode < 0 else f"exit code {child.returncode}"
    return (
        f"path: must be a scene that Sionna can load, but a process that loaded {str(path)!r} ended with {how} "
        f"({_last_line(child.stderr) or 'it said nothing'}); export it again"
    )


def _last_line(output: str) -> str:
    lines = ["".join(c if c.isprintable() else " " for c in line).strip() for line in output.splitlines()]
    last = next(filter(None, reversed(lines)), "")
    return last if len(last) <= _MAX_LENGTH else f"{last[:_MAX_LENGTH]}..."
