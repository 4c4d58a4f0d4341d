"""Placements that are given, measured: ``python -m tune_reflector.evaluate CONFIG.yaml placement.json [...]``."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tune_reflector.callable_module import make_callable
from tune_reflector.errors import BAD_INPUT
from tune_reflector.execution.signals import exit_code_of

if TYPE_CHECKING:
    from tune_reflector.config.search_config import SearchConfig
    from tune_reflector.evaluation.given import Given
    from tune_reflector.evaluation.scenes import Scenes
    from tune_reflector.evaluation.table import Row

OK = 0
"""Exit code, beside ``BAD_INPUT``; after a signal it is 128 + its number."""

make_callable(__name__, "tune_reflector.api.evaluations:evaluate")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tune_reflector.evaluate",
        description="Measure placements that are given, as a search measures its winner: score with an error bar, "
        "coverage, what the reflectors add, maps, page and figures. Several are compared with the first.",
        epilog="A placement is JSON: a run's best.json, or access_points and reflectors like there, or "
        '{"genes": {...}}. Example: configs/office.yaml before.json after.json final.rays_per_ap=3e6',
    )
    p.add_argument(
        "words",
        nargs="+",
        metavar="CONFIG | placement.json | key=value",
        help="an experiment (YAML, or the folder of a run), placements, and settings to change",
    )
    p.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help="many placements: a column for each gene, a row for each placement; FILE.scores.csv is written beside it, "
        "and goes on where an earlier one stopped",
    )
    shown = p.add_mutually_exclusive_group()
    shown.add_argument("--quiet", action="store_true", help="print nothing but warnings and errors, to standard error")
    shown.add_argument("--json", action="store_true", help="print all as one JSON object, for scripts")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (2: bad input, 130: Ctrl-C, 143: SIGTERM)."""
    return exit_code_of(lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_intermixed_args(argv)

    from tune_reflector.errors import ConfigError  # past --help
    from tune_reflector.evaluation.given import read_placements
    from tune_reflector.evaluation.scenes import Scenes
    from tune_reflector.evaluation.table import read_rows
    from tune_reflector.experiment.console import Console

    try:
        with Console("quiet" if arguments.quiet or arguments.json else "lines").listening():
            config, files = _read_words(arguments.words)
            if not files and arguments.csv is None:
                raise ConfigError("placement.json: must be given, or --csv, but neither is; add a run's best.json")
            given = read_placements(files, config)
            rows = read_rows(arguments.csv, config) if arguments.csv else []
            scenes = Scenes(config)
            if given:
                _measure(scenes, given, arguments.quiet, arguments.json)
            if rows:
                _measure_rows(scenes, arguments.csv, rows, quiet=arguments.quiet or arguments.json)
        return OK
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(
            f"results_dir: must have room, but {error.filename}: {error.strerror or error}; make some", file=sys.stderr
        )
        return BAD_INPUT


def _read_words(words: Sequence[str]) -> "tuple[SearchConfig, list[Path]]":
    """The configuration, and the files of placements."""
    from tune_reflector.config.config_file import load_config, split_words
    from tune_reflector.runs.run_config import read_config

    files = [Path(word) for word in words if word.endswith(".json") and "=" not in word]
    source, overrides = split_words([word for word in words if Path(word) not in files])
    if source is not None and source.is_dir():
        return read_config(source, overrides), files
    return load_config(source, overrides), files


def _measure(scenes: "Scenes", given: "Sequence[Given]", quiet: bool, as_json: bool) -> None:
    """Measure some placements, tell of them, and leave a folder behind."""
    from search_records.display import display_path
    from tune_reflector.evaluation import results

    with results.new_results_folder(scenes.config) as folder:
        found = []
        with _status(not (quiet or as_json)) as show:
            for one in given:
                show(f"measuring {one.name}")
                found.append(scenes.evaluate(one))
            show("drawing")
        results.write(folder, found, scenes.load(len(found[0].placement.access_points)))
    if as_json:
        print(results.as_text(found))
    elif not quiet:
        print(*results.told(found), f"\n{display_path(folder)}: {results.EVALUATION_FILE}, report.html", sep="\n")


def _measure_rows(scenes: "Scenes", path: Path, rows: "Sequence[Row]", quiet: bool) -> None:
    """Measure the placements of a table that have no score yet."""
    from tune_reflector.evaluation.table import scores_beside, scores_path

    with scores_beside(path, rows, scenes.config) as scores:
        with _status(not quiet) as show:
            for number, row in enumerate(rows[scores.done :], start=scores.done + 1):
                show(f"{number} of {len(rows)}: {row.name}")
                scores.append(row, scenes.measure(row.given), scenes.config)
        if not quiet:
            print(f"{scores.done} placements in {scores_path(path)}")


@contextmanager
def _status(shown: bool) -> Iterator[Callable[[str], None]]:
    """Shows what is being done, on a line that is written anew."""
    from callbacks.status_line import StatusLine

    line = StatusLine()

    def show(text: str) -> None:
        now = time.monotonic()
        if shown and line.is_due(now):
            line.show(text, now)

    try:
        yield show
    finally:
        if shown:
            line.end()


if __name__ == "__main__":
    sys.exit(main())
