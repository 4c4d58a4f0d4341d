"""Which rungs earn trust in a scene: ``python -m tune_reflector.calibrate [CONFIG.yaml] [key=value ...]``."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_reflector.errors import BAD_INPUT
from tune_reflector.execution.signals import exit_code_of

if TYPE_CHECKING:
    from tune_reflector.config.search_config import SearchConfig

OK, NONE_TRUSTED = 0, 1
"""Exit codes, beside ``BAD_INPUT``."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tune_reflector.calibrate",
        description="Measure how well few rays rank placements of a scene, against many more, and suggest "
        "fidelity.rungs: in a copy of the configuration. Without a CONFIG.yaml: of the quick start.",
        epilog="Exit code 1: none of the rungs that the time allows is to be trusted.",
    )
    p.add_argument("words", nargs="*", metavar="CONFIG.yaml | key=value", help="as of tune_reflector.search")
    p.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="FILE",
        help="the copy, which must not be there yet; default: CONFIG.calibrated.yaml",
    )
    p.add_argument(
        "--minutes", type=float, default=3.0, help="about how long it may take: more time, more rays (default 3)"
    )
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (1: no rung is to be trusted, 2: bad input, 130: Ctrl-C)."""
    return exit_code_of(lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_intermixed_args(argv)

    from tune_reflector.config.config_file import override, read_mapping, split_words, validate  # past --help
    from tune_reflector.errors import ConfigError

    try:
        file, overrides = split_words(arguments.words)
        if not 0 < arguments.minutes <= 24 * 60:
            raise ConfigError(f"--minutes: must be above 0 and at most 1440, but got {arguments.minutes:g}; change it")
        data = read_mapping(file) if file else {}
        override(data, overrides)
        config = validate(data)
        out = arguments.out or (file or Path("quick_start.yaml")).with_suffix(".calibrated.yaml")
        _check_new(out)
        return _calibrate(config, data, out, 60 * arguments.minutes)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT


def _check_new(out: Path) -> None:
    from tune_reflector.errors import ConfigError

    if out.exists() or out.is_symlink():
        raise ConfigError(f"-o: must be a file that is not there yet, but {out} is; give another, or remove it")
    if not out.parent.is_dir():
        raise ConfigError(f"-o: must be in a folder that there is, but {out.parent} is none; make it")


def _calibrate(config: "SearchConfig", data: dict[str, Any], out: Path, time_s: float) -> int:
    from search_records.display import format_duration
    from trainables.objectives.base import MapError
    from tune_reflector.calibration.measurement import TooSlowError, measure
    from tune_reflector.calibration.report import climbed, measured, none_trusted
    from tune_reflector.calibration.suggestion import calibrated, suggest
    from tune_reflector.config.config_file import validate
    from tune_reflector.errors import ConfigError, one_line
    from tune_reflector.experiment.preflight import prepare

    backend, evaluator = prepare(config)
    start = time.monotonic()
    try:
        with _status(start) as show:
            calibration = measure(evaluator, config.rungs, time_s, config.seed, show)
    except TooSlowError as error:
        raise ConfigError(f"--minutes: must be enough for two rungs, but {error}; raise it") from None
    except MapError as error:
        print(f"the scene cannot be calibrated: {error}", file=sys.stderr)
        return NONE_TRUSTED
    took = f"{one_line(config.scene.source)}, {backend.description}, {format_duration(time.monotonic() - start)}"
    lines = [took, *measured(calibration, config), "", *climbed(calibration, config)]
    print(*lines, "", sep="\n")
    rungs = suggest(calibration, config)
    if rungs is None:
        print(none_trusted(calibration))
        return NONE_TRUSTED
    changed = calibrated(data, rungs)
    suggested = climbed(calibration, validate(changed))
    print(*suggested, "", sep="\n")
    _write(out, changed, [*lines, "", *suggested])
    print(f"suggested rungs in {out}")
    return OK


@contextmanager
def _status(start: float) -> Iterator[Callable[[str], None]]:
    """Shows what is being done, on a line that is written anew."""
    from callbacks.status_line import StatusLine
    from search_records.display import format_duration

    line = StatusLine()

    def show(text: str) -> None:
        now = time.monotonic()
        if line.is_due(now):
            line.show(f"{format_duration(now - start)}: {text}", now)

    try:
        yield show
    finally:
        line.end()


def _write(out: Path, data: dict[str, Any], found: Sequence[str]) -> None:
    """The configuration with what was found as a comment; never over another file."""
    import yaml

    from tune_reflector.errors import ConfigError

    head = ["fidelity.rungs by python -m tune_reflector.calibrate", "", *found]
    comment = "".join(f"# {line}".rstrip() + "\n" for line in head)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(comment + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120))
    except OSError as error:
        raise ConfigError(
            f"-o: must be a new file that can be written, but {out}: {error.strerror}; give another"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
