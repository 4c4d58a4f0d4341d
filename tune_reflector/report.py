"""A report of finished or running searches: ``python -m tune_reflector.report RUN [RUN ...]``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tune_reflector.errors import BAD_INPUT

if TYPE_CHECKING:
    from tune_reflector.runs.run_data import RunData

FORMATS = ("parquet", "json")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tune_reflector.report",
        description="Make the report of a run anew: its page, figures and TensorBoard files; or one page of several "
        "runs. A page opens in any browser, without a network.",
    )
    p.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run")
    p.add_argument("--out", type=Path, help="write nothing but this page; default for several runs: report.html here")
    p.add_argument(
        "--export", choices=FORMATS, help="write the trials instead, and the best placement as JSON, into the folder"
    )
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (2 for bad input)."""
    arguments = parser().parse_args(argv)

    from search_records.display import display_path  # past --help
    from tune_reflector.errors import ConfigError
    from tune_reflector.runs.layout import PAGE_FILE
    from tune_reflector.runs.run_data import RunData

    try:
        runs = [RunData.read(folder) for folder in arguments.runs]
        _check_comparable(runs)
        if arguments.export:
            written = [path for run in runs for path in _export(run, arguments.export)]
        elif arguments.out is None and len(runs) == 1:
            written = _rebuild(runs[0])
        else:
            written = [_write_page(runs, arguments.out or Path(PAGE_FILE))]
        print(*(display_path(path.absolute()) for path in written), sep="\n")
        return 0
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"RUN, --out: must be writable, but {error.filename}: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT


def _check_comparable(runs: "Sequence[RunData]") -> None:
    """Runs on one page have scores that compare."""
    from tune_reflector.errors import ConfigError

    first, *others = runs
    for run in others:
        if run.config.objective.metric != first.config.objective.metric:
            raise ConfigError(
                f"RUN: runs on one page must have one objective, but {first.name} has "
                f"{first.config.objective.metric} and {run.name} {run.config.objective.metric}; make a page of each"
            )


def _export(run: "RunData", kind: str) -> list[Path]:
    from tune_reflector.runs.claims import claimed

    with claimed(run.folder.resolve(), "report"):
        return run.export(kind)


def _rebuild(run: "RunData") -> list[Path]:
    """All that is drawn of one run; of one that goes on, what its own process does not draw already."""
    from tune_reflector.reporting.live import write_tensorboard
    from tune_reflector.reporting.matplotlib_figures import save_figures
    from tune_reflector.runs.claims import claim, claimed
    from tune_reflector.runs.layout import PAGE_FILE, TENSORBOARD_FOLDER

    folder = run.folder.resolve()
    with claimed(folder, "report"), claim(folder) as ours:
        going_on = run.going_on or not ours
        written, page_file = [*save_figures(run), *_draw_scene(run)], run.folder / PAGE_FILE
        if going_on and run.config.report.every_s is not None:
            return [*written, page_file]  # which the search keeps current
        if not going_on:
            write_tensorboard(run)
            written.append(run.folder / TENSORBOARD_FOLDER)
        return [*written, _write_page([run], page_file)]


def _draw_scene(run: "RunData") -> list[Path]:
    """The winner in its building; nothing before there is one, or where its scene cannot be loaded."""
    from tune_reflector.errors import ConfigError
    from tune_reflector.experiment.preflight import load_scene
    from tune_reflector.reporting.scene_figure import save_scene
    from tune_reflector.runs.layout import FIGURES_FOLDER

    if run.best is None or run.placement is None:
        return []
    try:
        evaluator = load_scene(run.config)
    except ConfigError as error:
        print(f"the building is not drawn: {error}", file=sys.stderr)
        return []
    return save_scene(run.folder / FIGURES_FOLDER, evaluator, run.placement, run.name)


def _write_page(runs: "Sequence[RunData]", path: Path) -> Path:
    from search_records.atomic_files import write_text
    from tune_reflector.reporting.html_page import page

    write_text(path, page(runs, going_on=any(run.going_on for run in runs)))
    return path


if __name__ == "__main__":
    sys.exit(main())
