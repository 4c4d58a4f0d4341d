"""What a run has left behind so far, read back: for reports and exports. Free of Ray and Sionna.

A run that goes on may be read at any moment: every file is either whole or not there yet.
"""

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from callbacks.files import replacing, write_json
from callbacks.journal import Event, JournalError, read_journal
from callbacks.rows import Row, ranked, read_rows
from callbacks.tally import Standing
from trainables.objectives import METRIC
from tune_reflector.config import SearchConfig
from tune_reflector.config_file import ConfigError, load_config
from tune_reflector.preflight import BEST_FILE, CONFIG_FILE, JOURNAL_FILE, PROVENANCE_FILE, TABLE_FILE, is_run

MAPS_FILE = "maps.npz"

Image = npt.NDArray[np.float64]
"""RSS [dBm] of the cells of the box around the user zones, ``[num_y, num_x]``; NaN outside of the zones."""


@dataclass(frozen=True)
class RunData:
    """One run, as of now."""

    folder: Path
    config: SearchConfig
    provenance: dict[str, Any]
    best: dict[str, Any] | None
    """``best.json``; None until the winner is measured."""
    rows: list[Row]
    events: list[Event]
    maps: dict[str, Image]
    """By what they show: ``all``, ``without reflector``, ``AP 1``, ...; empty until the winner is measured."""

    @classmethod
    def read(cls, folder: Path) -> "RunData":
        """The run in a folder.

        Raises:
            ConfigError: it holds none, or one that is damaged.
        """
        if not is_run(folder):
            raise ConfigError(f"{folder}: must be the folder of a run, but has no {CONFIG_FILE}; check the path")
        config = load_config(folder / CONFIG_FILE)
        try:
            provenance = json.loads((folder / PROVENANCE_FILE).read_text(encoding="utf-8"))
            best_file = folder / BEST_FILE
            best = json.loads(best_file.read_text(encoding="utf-8")) if best_file.exists() else None
            events = read_journal(folder / JOURNAL_FILE)
        except JournalError as error:
            raise ConfigError(str(error)) from None
        except ValueError as error:
            raise ConfigError(f"{folder}: must be whole, but a file in it is damaged: {error}; restore it") from None
        rows = list(read_rows(folder / TABLE_FILE))
        here = {"name": folder.absolute().name, "results_dir": folder.absolute().parent}
        return cls(folder, config.model_copy(update=here), provenance, best, rows, events, read_maps(folder))

    @property
    def name(self) -> str:
        """Of the run."""
        return self.folder.absolute().name

    @cached_property
    def genes(self) -> list[str]:
        """Names of what a placement is made of."""
        return [gene.name for gene in self.config.site().space.genes]

    @cached_property
    def ranked(self) -> list[Row]:
        """Every feasible placement once, best first."""
        return ranked(self.rows, self.genes)

    @cached_property
    def standing(self) -> Standing:
        """Rays and best score so far."""
        return Standing(METRIC, self.config.top_rung, self.rows)

    @property
    def curve(self) -> list[tuple[float, float, float]]:
        """Rays per AP, seconds and best P5 [dBm] so far, at every improvement."""
        standing, found = Standing(METRIC, self.config.top_rung), []
        for row in self.rows:
            before = standing.best
            standing.count(row.key, row.values)
            if standing.best is not None and standing.best != before:
                found.append((standing.rays_per_ap, row.elapsed_s, standing.best))
        return found

    @property
    def ended(self) -> int:
        """Trials that have ended."""
        return sum(event["event"] in ("failed", "dropped") or event.get("done", False) for event in self.events)

    @property
    def failures(self) -> Counter[str]:
        """Trials that have failed, by cause."""
        return Counter(event["cause"] for event in self.events if event["event"] == "failed")

    @property
    def reached(self) -> Counter[int]:
        """Trials that have reached each iteration."""
        return Counter(row.iteration for row in self.rows)

    def export(self, kind: str) -> list[Path]:
        """Write the trials as ``csv``, ``parquet`` or ``json``, and the winner's genes as JSON, beside the others."""
        import pandas as pd

        records = [
            {"trial_id": row.trial_id, "iteration": row.iteration, "elapsed_s": row.elapsed_s, **row.values}
            for row in self.rows
        ]
        trials, best = self.folder / f"export.{kind}", self.folder / "export_best.json"
        frame = pd.DataFrame.from_records(records)
        with replacing(trials) as file:
            match kind:
                case "csv":
                    frame.to_csv(file, index=False)
                case "parquet":
                    frame.to_parquet(file, index=False)
                case _:
                    file.write(frame.to_json(orient="records", indent=1).encode())
        if self.best is not None:
            write_json(best, self.best)
        return [trials, *([best] if self.best is not None else [])]


def write_maps(folder: Path, maps: dict[str, Image]) -> None:
    """Keep maps for reports."""
    with replacing(folder / MAPS_FILE) as file:
        np.savez_compressed(file, **{name: image.astype(np.float32) for name, image in maps.items()})  # type: ignore[arg-type]


def read_maps(folder: Path) -> dict[str, Image]:
    """The maps that were kept; none before the winner is measured."""
    path = folder / MAPS_FILE
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as maps:
        return {name: np.asarray(maps[name], dtype=np.float64) for name in maps.files}
