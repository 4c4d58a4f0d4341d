"""What this machine computes beside what theory says: ``python -m tune_reflector.validate``."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tune_reflector.errors import BAD_INPUT

if TYPE_CHECKING:
    from trainables.validation.row import Row

OK, FAILED = 0, 1
"""Exit codes, beside ``BAD_INPUT``."""

ERROR_BAR = "error_bar"
"""The theme that is the application's own."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    from trainables.validation.themes import THEMES

    themes = {**THEMES, ERROR_BAR: "how many further measurements lie in the error bar"}
    p = argparse.ArgumentParser(
        prog="python -m tune_reflector.validate",
        description="Compare what this machine computes with formulas and with independent physics, a row each. The "
        "pages of the runs that it traces from then on say how it went. It takes about two minutes on two cores.",
        epilog="\n".join(["themes:", *(f"  {name:<11} {what}" for name, what in themes.items())])
        + "\n\nExit code 1: a row failed.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument(
        "--only", choices=list(themes), metavar="THEME", nargs="+", help="these themes; nothing is kept then"
    )
    p.add_argument("--json", type=Path, metavar="FILE", help="write the rows to this file as well")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (1: a row failed, 2: bad input or no way to trace rays)."""
    arguments = parser().parse_args(argv)

    from trainables.tracing.backend import BackendError, find_backend  # past --help
    from trainables.validation.themes import THEMES
    from tune_reflector.runs.provenance import package_versions
    from tune_reflector.runs.validations import PACKAGES

    if arguments.json is not None and not arguments.json.absolute().parent.is_dir():
        print(f"--json: must be in a folder that there is, but got {arguments.json}; make it", file=sys.stderr)
        return BAD_INPUT
    try:
        device = find_backend("auto").description
        versions = package_versions(PACKAGES)
        print(device, *(f"{name} {version}" for name, version in versions.items() if version), sep=", ", flush=True)
        done = []
        for row in _rows(arguments.only or [*THEMES, ERROR_BAR]):
            print(line(row), flush=True)
            done.append(row)
    except BackendError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted: nothing is kept", file=sys.stderr)
        return 130
    held, failed, known = (sum(row.verdict == verdict for row in done) for verdict in ("ok", "FAILED", "known"))
    print(
        f"{held} of {held + failed} rows hold"
        + f", {failed} FAILED" * (failed > 0)
        + f"; {known} more in which Sionna is known to be off" * (known > 0)
    )
    if arguments.json is not None:
        _write(arguments.json, device, versions, done)
    if arguments.only is None:
        _keep(device, versions, held, held + failed)
    return FAILED if failed else OK


def line(row: "Row") -> str:
    """A row for people; with its note, if it does not simply agree."""
    digits = 3 if row.unit == "of 1" else 2
    expected, got = (f"{value:.{digits}f}" for value in (row.expected, row.got))
    text = f"{row.verdict:<6} {row.name:<62} {expected:>8} {got:>8}  +- {row.allowed:<6g} {row.unit:<5} {row.source}"
    return text if row.holds or not row.note else f"{text}\n       {row.note}"


def _rows(themes: Sequence[str]) -> "Iterator[Row]":
    from trainables.validation.themes import rows
    from tune_reflector.runs import bar_coverage

    print(f"{'':6} {'':<62} {'expected':>8} {'got':>8}  allowed", flush=True)
    for theme in themes:
        yield from bar_coverage.rows() if theme == ERROR_BAR else rows(theme)


def _write(path: Path, device: str, versions: dict[str, str | None], rows: "Sequence[Row]") -> None:
    from search_records.atomic_files import write_json

    told = [{**asdict(row), "verdict": row.verdict} for row in rows]
    write_json(path, {"device": device, "packages": versions, "rows": told})


def _keep(device: str, versions: dict[str, str | None], held: int, rows: int) -> None:
    """Keep the outcome for the pages of runs; where there is no place for it, say so."""
    from tune_reflector.runs.validations import Validation, save_validation

    try:
        day = datetime.now(UTC).date().isoformat()
        print(f"kept in {save_validation(device, versions, Validation(day, held, rows))}, for the pages of runs")
    except (OSError, RuntimeError) as error:
        print(f"the outcome cannot be kept for the pages of runs: {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
