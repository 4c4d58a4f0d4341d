"""Durations, shares and paths as people read them."""

from pathlib import Path


def format_duration(seconds: float) -> str:
    """``42s``, ``3m05s`` or ``2h07m``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def format_share(share: float) -> str:
    """``61 %``; a share that is neither none nor all is not rounded to that: ``<1 %``, ``>99 %``."""
    percent = round(100 * share)
    if percent == 0 < share:
        return "<1 %"
    if percent == 100 and share < 1:
        return ">99 %"
    return f"{percent} %"


def display_path(path: Path) -> Path:
    """A path as a person in the current folder would type it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
