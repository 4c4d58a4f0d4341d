"""Search for a placement: ``python -m tune_reflector.search [CONFIG.yaml] [key=value ...]``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tune_reflector.callable_module import make_callable
from tune_reflector.errors import BAD_INPUT
from tune_reflector.execution.signals import exit_code_of

if TYPE_CHECKING:
    from tune_reflector.experiment.console import Console

OK, FAILED = 0, 1
"""Exit codes, beside ``BAD_INPUT``; after a signal it is 128 + its number."""

make_callable(__name__, "tune_reflector.api.searches:search")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tune_reflector.search",
        description="Find where access points and a metal reflector go, scored by ray tracing.",
        epilog="Without a CONFIG.yaml the bundled quick start runs: two access points and a reflector in an "
        "L-shaped corridor. Examples: budget.trials=100   radio.frequency_hz=28e9   'searcher={kind: random}'",
    )
    p.add_argument(
        "words",
        nargs="*",
        metavar="CONFIG.yaml | key=value",
        help="an experiment (see configs/), and settings to change: dotted keys, values in YAML",
    )
    p.add_argument(
        "--resume",
        metavar="DIR",
        type=Path,
        help="continue an interrupted run; with budget.trials=N also a finished one",
    )
    p.add_argument("--other-versions", action="store_true", help="with --resume: go on although packages have changed")
    p.add_argument("--print-config", action="store_true", help="print every setting with its meaning, and stop")
    p.add_argument("--dry-run", action="store_true", help="check everything, start nothing")
    shown = p.add_mutually_exclusive_group()
    shown.add_argument("--quiet", action="store_true", help="print nothing but warnings and errors, to standard error")
    shown.add_argument("--json", action="store_true", help="print one JSON object a line for every event, for scripts")
    p.add_argument("--overwrite", action="store_true", help="replace a run of the same name")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (1: no winner, 2: bad input, 130: Ctrl-C, 143: SIGTERM)."""
    return exit_code_of(lambda: _run(argv))


def _console(arguments: argparse.Namespace) -> "Console":
    from tune_reflector.experiment.console import Console

    return Console("json" if arguments.json else "quiet" if arguments.quiet else "lines")


def _run(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_intermixed_args(argv)

    from tune_reflector.config.config_file import dump_config, load_config, split_words  # past --help
    from tune_reflector.errors import ConfigError, SearchError

    try:
        file, overrides = split_words(arguments.words)
        if arguments.resume is not None:
            if file or arguments.overwrite or arguments.dry_run or arguments.print_config:
                raise ConfigError(
                    "--resume: continues a run as it was started; leave out the other arguments, but for "
                    "key=value of the budget"
                )
            from tune_reflector.experiment import run

            run.resume(arguments.resume, overrides, arguments.other_versions, _console(arguments))
            return OK
        if arguments.other_versions:
            raise ConfigError("--other-versions: goes with --resume DIR; add it")
        config = load_config(file, overrides)
        if arguments.print_config:
            print(dump_config(config), end="")
            return OK
        from tune_reflector.experiment import run

        run.start(config, arguments.overwrite, arguments.dry_run, _console(arguments))
        return OK
    except SearchError:  # told already
        return FAILED
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
