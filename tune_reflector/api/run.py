"""A run in Python: what a search has left behind in its folder, to be looked at and worked on."""

import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from search_spaces.design import Placement
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.runs.comparisons import Comparison
from tune_reflector.runs.measurement import shown_error
from tune_reflector.runs.run_data import Image, RunData

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def load_run(folder: str | Path) -> "Run":
    """The run in a folder, which may go on.

    Raises:
        ConfigError: it holds none, or one that is damaged.
    """
    return Run.load(folder)


class Run:
    """One search, as far as it had come when it was loaded.

    Args:
        data: what its folder holds.
    """

    def __init__(self, data: RunData) -> None:
        self.data = data
        """All that reports are made of."""

    @classmethod
    def load(cls, folder: str | Path) -> "Run":
        """As ``load_run``."""
        return cls(RunData.read(Path(folder)))

    def save(self, folder: str | Path) -> Path:
        """Copy the run to a folder, which must not be there yet; ``load_run`` and ``resume`` take it from there.

        Raises:
            ConfigError: the folder is there, or cannot be written.
        """
        target = Path(folder)
        try:
            shutil.copytree(self.folder, target, symlinks=True)
        except OSError as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"folder: must be a new one that can be written, but {target}: {reason}") from None
        return target

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.data.folder

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.data.name

    @property
    def config(self) -> SearchConfig:
        """Of the search."""
        return self.data.config

    @property
    def finished(self) -> bool:
        """Whether its winner has been measured."""
        return self.data.best is not None

    @property
    def score(self) -> float | None:
        """The winner's, measured with fresh rays; None before that."""
        return self.data.best.value if self.data.best else None

    @property
    def error(self) -> float | None:
        """Half-width of the score's 95 % interval, in the unit of a difference of scores."""
        return self.data.best.error if self.data.best else None

    @property
    def coverage(self) -> float | None:
        """Share of the cells above ``objective.coverage_threshold_dbm``."""
        return self.data.best.coverage if self.data.best else None

    @property
    def outage(self) -> float | None:
        """Share of the cells without signal."""
        return self.data.best.outage if self.data.best else None

    @property
    def placement(self) -> Placement | None:
        """The winner or, until it is measured, the best so far; None while no placement has a score."""
        return self.data.placement

    @property
    def genes(self) -> dict[str, float] | None:
        """What the placement is made of."""
        return dict(self.data.best_map.genes) if self.data.best_map else None

    @property
    def comparisons(self) -> Sequence[Comparison]:
        """The winner against what could be built in its place: ``gain`` +- ``gain_error``."""
        return self.data.best.comparisons if self.data.best else ()

    @property
    def maps(self) -> dict[str, Image]:
        """RSS [dBm], each ``[num_y, num_x]``, NaN outside the zones: ``all``, what is compared with, ``AP 1``, ..."""
        return self.data.maps

    @cached_property
    def trials(self) -> "pd.DataFrame":
        """A row for each result of each trial, as in ``trials.csv``."""
        return self.data.trials()

    def figures(self) -> "dict[str, Figure]":
        """Of Matplotlib, by name: ``map``, ``cdf``, ``convergence``; those that there is something to draw in."""
        from tune_reflector.reporting.matplotlib_figures import run_figures

        return run_figures(self.data)

    def __repr__(self) -> str:
        best, objective = self.data.best, self.config.objective
        if best is None:
            progress = self.data.history.progress
            return f"<Run {self.name}: not measured yet, {progress.ended} of {self.data.total} trials>"
        told = objective.headline(best.value, best.coverage, best.outage, shown_error(best.error))
        return f"<Run {self.name}: {told}>"
