"""A report of finished or running searches: ``python -m tune_reflector.report RUN [RUN ...]``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tune_reflector.search import BAD_INPUT

PAGE_FILE = "report.html"
FORMATS = ("csv", "parquet", "json")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tune_reflector.report",
        description="Write a report of a run, or of several on one page; it opens in any browser, without a network.",
    )
    p.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run")
    p.add_argument("--out", type=Path, help=f"the page; default: {PAGE_FILE} in the run's folder, or here for several")
    p.add_argument(
        "--export", choices=FORMATS, help="write the trials instead, and the best placement as JSON, into the folder"
    )
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (2 for bad input)."""
    arguments = parser().parse_args(argv)

    from callbacks.files import shown, write_text
    from tune_reflector.config_file import ConfigError
    from tune_reflector.report_page import page
    from tune_reflector.run_data import RunData

    try:
        runs = [RunData.read(folder) for folder in arguments.runs]
        if arguments.export:
            for run in runs:
                print(*(shown(path.absolute()) for path in run.export(arguments.export)), sep="\n")
            return 0
        out: Path = arguments.out or (runs[0].folder / PAGE_FILE if len(runs) == 1 else Path(PAGE_FILE))
        write_text(out, page(runs))
        print(shown(out.absolute()))
        return 0
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"--out: must be a file that can be written, but {error.filename}: {error.strerror}", file=sys.stderr)
        return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
