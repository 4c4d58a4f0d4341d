"""What figures draw: a placement that there may be a map of, with what it is compared with. A run for instance."""

from collections.abc import Mapping
from typing import Protocol

from search_records.result import Score
from search_spaces.design import Placement
from trainables.problem import Site
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.runs.comparisons import Comparison
from tune_reflector.runs.run_data import Image


class Mapped(Protocol):
    """A placement, and what there is to show of it."""

    @property
    def title(self) -> str:
        """What figures call it."""

    @property
    def told(self) -> str:
        """Its score, for people."""

    @property
    def config(self) -> SearchConfig:
        """What it was traced in."""

    @property
    def site(self) -> Site:
        """Where."""

    @property
    def placement(self) -> Placement | None:
        """What stands where; None while there is none."""

    @property
    def compared(self) -> Comparison | None:
        """What it is compared with first."""

    @property
    def maps(self) -> Mapping[str, Image]:
        """RSS [dBm] by what it is of: ``all``, the label of what it is compared with, ``AP 1``, ..."""

    @property
    def scores(self) -> Mapping[str, Score]:
        """Of the maps of all access points."""
