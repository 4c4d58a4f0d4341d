"""The data of a run, read back as it has left them behind so far: for reports and exports. Free of Ray and Sionna.

A run that goes on may be read at any moment: every file is either whole or not there yet.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from search_records.atomic_files import atomic_write, write_json
from search_records.best_map import BestMap
from search_records.events import Reported
from search_records.generations_table import FILE as GENERATIONS_FILE
from search_records.generations_table import read_generations
from search_records.journal import JournalError, in_use, read_journal
from search_records.result import Score
from search_records.results_table import table_text
from search_spaces.design import Placement
from search_spaces.placement import PlacementSpace
from trainables.objectives.base import ObjectiveSettings, Powers, dbm_to_w
from trainables.problem import Site
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.runs.best_file import Best
from tune_reflector.runs.comparisons import Comparison
from tune_reflector.runs.history import History
from tune_reflector.runs.layout import BEST_FILE, JOURNAL_FILE, MAPS_FILE
from tune_reflector.runs.measurement import shown_error
from tune_reflector.runs.provenance import Provenance, read_provenance
from tune_reflector.runs.run_config import read_config

if TYPE_CHECKING:
    import pandas as pd

_ROUNDING = 1e-6

Image = npt.NDArray[np.float64]
"""RSS [dBm] of the cells of the box around the user zones, ``[num_y, num_x]``; NaN outside of the zones."""


@dataclass(frozen=True)
class RunData:
    """One run, as of now."""

    folder: Path
    config: SearchConfig
    provenance: Provenance
    best: Best | None
    """``best.json``; None until the winner is measured."""
    history: History
    best_map: BestMap | None
    """Of the winner, or of the best placement so far; None while no placement has a score."""
    generations: list[dict[str, float]]
    """Of each generation, if it is a genetic algorithm."""

    @classmethod
    def read(cls, folder: Path) -> "RunData":
        """The run in a folder.

        Raises:
            ConfigError: it holds none, or one that is damaged.
        """
        config = read_config(folder)
        try:
            history = History.read(config, folder)
        except JournalError as error:
            raise ConfigError(str(error)) from None
        return cls.of(folder, config, history)

    @classmethod
    def of(cls, folder: Path, config: SearchConfig, history: History) -> "RunData":
        """The run in a folder, for a caller who knows its configuration and what has happened.

        Raises:
            ConfigError: it is damaged.
        """
        best = Best.read(folder / BEST_FILE, config.objective)
        site = config.site()
        best_map = BestMap.read(folder / MAPS_FILE, (config.access_points.total, site.grid.num_cells))
        if best_map is not None and not _is_of(best_map, site.space):
            best_map = None
        if best_map is not None and not best_map.ranked.measured:
            best = None  # of an earlier session: the search goes on with a larger budget
        generations = read_generations(folder / GENERATIONS_FILE)
        return cls(folder, config, read_provenance(folder), best, history, best_map, generations)

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.folder.absolute().name

    @property
    def going_on(self) -> bool:
        """True if a search is at work on it now."""
        return in_use(self.folder / JOURNAL_FILE)

    @cached_property
    def site(self) -> Site:
        """The building and what is placed in it."""
        return self.config.site()

    @cached_property
    def genes(self) -> list[str]:
        """Names of what a placement is made of."""
        return [gene.name for gene in self.site.space.genes]

    @property
    def placement(self) -> Placement | None:
        """The placement that ``maps`` are maps of."""
        return self.site.space.decode(self.best_map.genes) if self.best_map else None

    @property
    def title(self) -> str:
        """What figures call the placement."""
        return "best placement"

    @property
    def told(self) -> str:
        """The placement's score, for people."""
        objective = self.config.objective
        if self.best is not None:
            return objective.told(self.best.value, shown_error(self.best.error))
        return f"{objective.told(self.best_map.ranked.value)} so far" if self.best_map else "no score yet"

    @property
    def compared(self) -> Comparison | None:
        """What the winner is compared with first; None if there is none, or nothing to compare it with."""
        return self.best.comparisons[0] if self.best and self.best.comparisons else None

    @cached_property
    def maps(self) -> dict[str, Image]:
        """By what they show: ``all``, the label of what the winner is compared with, ``AP 1``, ..."""
        if self.best_map is None:
            return {}
        kept, label = self.best_map, self.compared.label if self.compared else None
        return images(self.config.objective, self.site, kept.rss_w, label, kept.alternative_w)

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Of the maps of all access points, by what they show."""
        if self.best_map is None:
            return {}
        objective, kept = self.config.objective, self.best_map
        maps_w = {"all": kept.rss_w}
        if kept.alternative_w is not None and self.compared is not None:
            maps_w[self.compared.label] = kept.alternative_w
        return {name: objective.score(rss_w, self.site.cells) for name, rss_w in maps_w.items()}

    @cached_property
    def details(self) -> Mapping[str, float]:
        """What else the objective tells of the map of all access points."""
        kept = self.best_map
        return {} if kept is None else self.config.objective.details(kept.rss_w, self.site.cells)

    @property
    def started(self) -> datetime:
        """Start of the first session."""
        return self.provenance.started

    @property
    def total(self) -> int:
        """Number of trials of all its stages."""
        config = self.config
        return config.num_trials + sum(
            config.refined(starts).num_trials for starts in self.history.refinements if starts
        )

    def trials(self) -> "pd.DataFrame":
        """The trials, as ``trials.csv`` tells of them: a row for each result."""
        import pandas as pd

        columns = self.config.columns()
        events = (event for event in read_journal(self.folder / JOURNAL_FILE, columns) if isinstance(event, Reported))
        table = io.StringIO(table_text(columns, self.config.refine is not None, events))
        return pd.read_csv(table, dtype={"trial_id": str})

    def export(self, kind: str) -> list[Path]:
        """Write the trials as ``parquet`` or ``json``, and the winner's genes as JSON, beside the others."""
        frame = self.trials()
        trials, best = self.folder / f"export.{kind}", self.folder / "export_best.json"
        with atomic_write(trials) as file:
            if kind == "parquet":
                frame.to_parquet(file, index=False)
            else:
                file.write(frame.to_json(orient="records", indent=1).encode())
        if self.best is None:
            return [trials]
        write_json(best, self.best.content)
        return [trials, best]


def images(
    objective: ObjectiveSettings,
    site: Site,
    rss_w: Powers,
    label: str | None = None,
    alternative_w: Powers | None = None,
) -> dict[str, Image]:
    """Pictures of a map ``[num_ap, num_cells]``, W: of ``all``, of an alternative by its label, of ``AP 1``, ..."""
    maps_w = {"all": objective.combined(rss_w)}
    if alternative_w is not None and label is not None:
        maps_w[label] = objective.combined(alternative_w)
    if len(rss_w) > 1:
        maps_w |= {f"AP {number}": one_w for number, one_w in enumerate(rss_w, start=1)}
    floor_w = dbm_to_w(objective.floor_dbm)
    to_image = site.grid.to_image
    return {name: to_image(10 * np.log10(np.maximum(cells_w, floor_w)) + 30) for name, cells_w in maps_w.items()}


def _is_of(best_map: BestMap, space: PlacementSpace) -> bool:
    """Tell whether a map is of a placement of this search."""
    genes = best_map.genes
    if genes.keys() != {gene.name for gene in space.genes}:
        return False
    inside = all(gene.low - _ROUNDING <= genes[gene.name] <= gene.high + _ROUNDING for gene in space.genes)
    return inside and space.violation(genes) == 0
