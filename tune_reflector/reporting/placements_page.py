"""Placements that were measured without a search, as one page: side by side, then one after another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tune_reflector.config.config_file import dump_config
from tune_reflector.reporting.html_page import ComparisonPart, RunPart, Table, in_base64, placed, render
from tune_reflector.reporting.mapped import Mapped
from tune_reflector.reporting.matplotlib_figures import typeset
from tune_reflector.reporting.plotly_figures import cdfs_figure, plan_figure


class Measured(Mapped, Protocol):
    """A placement with a score that may be told."""

    @property
    def headline(self) -> str:
        """The score with what it leaves out."""

    @property
    def facts(self) -> Sequence[str]:
        """What else there is to say."""


def placements_page(subjects: Sequence[Measured], table: Table, building: Path | None = None) -> str:
    """The whole page.

    Args:
        subjects: of one configuration.
        table: of what there is to compare, if they are several.
        building: picture of the first in three dimensions.
    """
    lines = [[typeset(text) for text in line] for line in table.lines]
    together = ComparisonPart(f"{len(subjects)} placements", Table(table.heads, lines), cdfs_figure(subjects))
    parts = [_part(subject, building if number == 0 else None) for number, subject in enumerate(subjects)]
    return render(parts, together if len(subjects) > 1 else None)


def _part(subject: Measured, building: Path | None) -> RunPart:
    assert subject.placement is not None
    return RunPart(
        name=subject.title,
        state="measured without a search",
        headline=typeset(subject.headline),
        facts=[typeset(fact) for fact in subject.facts],
        plan=plan_figure(subject),
        building_png=in_base64(building) if building else None,
        placed=placed(subject, subject.placement),
        convergence=None,
        funnel=None,
        rungs=None,
        tried=None,
        failures=None,
        config=dump_config(subject.config, comments=False),
    )
