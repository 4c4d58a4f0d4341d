"""The page of a preview: what was found, and the pictures, in one file that loads nothing."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from tune_reflector.reporting.page_templates import TEMPLATES

FORMATS = ("png", "pdf")
"""Of each picture."""

PAGE = "preview.html"

PLAN, VIEW = "plan", "scene"
"""The pictures, without their suffix."""

GENERATOR = "tune-reflector preview"
"""By which a page is known as one of these."""


def preview_page(
    title: str,
    facts: Sequence[str],
    problems: Sequence[str],
    warnings: Sequence[str],
    pictures: Mapping[str, Path],
) -> str:
    """The whole page; ``pictures`` are PNG files by what they show."""
    return TEMPLATES.get_template("preview.html.j2").render(
        generator=GENERATOR,
        title=title,
        facts=facts,
        problems=problems,
        warnings=warnings,
        pictures={name: b64encode(path.read_bytes()).decode() for name, path in pictures.items()},
    )


def names() -> list[str]:
    """All files that a preview may write."""
    return [PAGE, *(f"{name}.{suffix}" for name in (PLAN, VIEW) for suffix in FORMATS)]


def is_preview(path: Path) -> bool:
    """Whether a file is such a page."""
    try:
        return f'content="{GENERATOR}"' in path.read_text(encoding="utf-8", errors="replace")[:2_000]
    except OSError:
        return False
