"""What an evaluation leaves behind: JSON, maps, page and figures, in a folder of its own.

``evaluation.json`` has one entry a placement, each of which is one again for ``evaluate``, in ``placements/``.
"""

import itertools
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from search_records.atomic_files import atomic_write, write_json, write_text
from search_records.display import format_share
from trainables.evaluator import PlacementEvaluator
from tune_reflector.config.config_file import dump_config
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.evaluation.evaluation import Evaluation, gains_json
from tune_reflector.experiment.run_folder import naming_results_dir
from tune_reflector.reporting.html_page import Table
from tune_reflector.runs.layout import CONFIG_FILE, FIGURES_FOLDER, MAPS_FILE, PAGE_FILE
from tune_reflector.runs.measurement import shown_error
from tune_reflector.runs.provenance import relevant_packages, session_record

EVALUATION_FILE = "evaluation.json"

PLACEMENTS_FOLDER = "placements"


@contextmanager
def new_results_folder(config: SearchConfig) -> Iterator[Path]:
    """A new folder ``evaluate-...`` among the runs; it is gone again if it is empty, or what is to fill it fails.

    Raises:
        ConfigError: ``results_dir`` cannot be written.
    """
    name = config.name or re.sub(r"[^A-Za-z0-9._-]+", "-", Path(config.scene.source).stem)[:60] or "scene"
    with naming_results_dir():
        for number in itertools.count(1):
            folder = (config.results_dir / f"evaluate-{name}{'' if number == 1 else f'-{number}'}").absolute()
            try:
                folder.mkdir(parents=True)
                break
            except FileExistsError:
                if not folder.parent.is_dir():
                    raise
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder)
        raise
    if not any(folder.iterdir()):
        folder.rmdir()


def save(evaluations: Sequence[Evaluation], folder: Path) -> Path:
    """Write all that there is to tell into a new folder.

    Raises:
        ConfigError: it is there already, or cannot be made.
    """
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(f"folder: must be a new one that can be made, but {folder}: {error.strerror}") from None
    write(folder, evaluations)
    return folder


def to_json(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """All in one object: an entry a placement, the gains over the first, and where it comes from."""
    return {
        "evaluations": [one.to_json() for one in evaluations],
        "gains": gains_json(evaluations),
        "provenance": session_record(relevant_packages()),
    }


def write(folder: Path, evaluations: Sequence[Evaluation], evaluator: PlacementEvaluator | None = None) -> None:
    """Write all that there is to tell into a folder.

    Args:
        folder: an empty one.
        evaluations: of one configuration; the others are compared with the first.
        evaluator: of the first one's scene, to draw that in three dimensions; None: leave it out.
    """
    from tune_reflector.reporting import matplotlib_figures as figures
    from tune_reflector.reporting.placements_page import placements_page
    from tune_reflector.reporting.scene_figure import save_scene

    first, files = evaluations[0], _file_names(evaluations)
    write_text(folder / CONFIG_FILE, dump_config(first.config))
    write_json(folder / EVALUATION_FILE, to_json(evaluations))
    (folder / PLACEMENTS_FOLDER).mkdir()
    for one, file in zip(evaluations, files, strict=True):
        write_json(folder / PLACEMENTS_FOLDER / f"{file}.json", one.to_json())
    maps = {file: one.measured.traced.rss_w.astype(np.float32) for one, file in zip(evaluations, files, strict=True)}
    with atomic_write(folder / MAPS_FILE) as written:
        np.savez_compressed(written, allow_pickle=False, centers_m=first.site.grid.centers_m, **maps)
    building: Path | None = None
    if first.config.report.figures:
        drawn, shown = folder / FIGURES_FOLDER, figures.side_by_side(evaluations)
        drawn.mkdir()
        if len(evaluations) > 1:
            together = {
                "map": figures.maps_figure(shown, first.site),
                "cdf": figures.distributions_figure(shown, first.config.objective),
            }
            figures.save_all(together, drawn)
            for one, file in zip(evaluations, files, strict=True):
                figures.save_all(one.figures(), drawn / file)
        else:
            figures.save_all(first.figures(), drawn)
        if evaluator is not None:
            building = save_scene(drawn, evaluator, first.placement, first.name)[0]
    write_text(folder / PAGE_FILE, placements_page(evaluations, _table(evaluations), building))


def _table(evaluations: Sequence[Evaluation]) -> Table:
    """What there is to compare."""
    first, objective = evaluations[0], evaluations[0].config.objective
    lines = [
        [
            one.name,
            objective.number(one.score, shown_error(one.error), digits=2),
            "" if one is first else one.told_gain(first),
            format_share(one.coverage),
            format_share(one.outage),
        ]
        for one in evaluations
    ]
    above = f"cells above {objective.coverage_threshold_dbm:g} dBm"
    heads = ["placement", f"{objective.label} [{objective.unit}]", "gain", above, "without signal"]
    return Table(heads, lines)


def told(evaluations: Sequence[Evaluation]) -> list[str]:
    """What people are told, a line each."""
    lines = []
    for number, one in enumerate(evaluations):
        lines.append(f"{one.name}: {one.headline}")
        if number > 0:
            lines.append(f"  {one.told_gain(evaluations[0])}")
        lines += (f"  {fact}" for fact in one.facts)
    return lines


def as_text(evaluations: Sequence[Evaluation]) -> str:
    """All in one line of JSON."""
    return json.dumps(to_json(evaluations))


def _file_names(evaluations: Sequence[Evaluation]) -> list[str]:
    """A name for the files of each, of letters that any file may have."""
    found: list[str] = []
    for one in evaluations:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", one.name).strip("-.")[:60] or "placement"
        found.append(next(new for n in itertools.count(1) if (new := name if n == 1 else f"{name}-{n}") not in found))
    return found
