"""Compare searches at an equal budget of rays: ``python -m tune_reflector.compare CONFIG.yaml``."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tune_reflector.errors import BAD_INPUT

if TYPE_CHECKING:
    from tune_reflector.comparison.config import ComparisonConfig, Run

OK, FAILED, INTERRUPTED = 0, 1, 130
"""Exit codes, beside ``BAD_INPUT``."""

COMPARISON_FILE = "comparison.yaml"

_log = logging.getLogger(__name__)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tune_reflector.compare",
        description="Run several searches with several seeds at an equal budget of rays, and say which is best.",
        epilog="The same command again goes on where an interrupted comparison stopped. See configs/compare_*.yaml.",
    )
    p.add_argument("config", metavar="CONFIG.yaml", type=Path, help="base, entries, seeds and budget")
    p.add_argument("--dry-run", action="store_true", help="check the settings, list the runs, start nothing")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (1 if a run failed, 2 for bad input, 130 after Ctrl-C)."""
    arguments = parser().parse_args(argv)

    from tune_reflector.comparison.config import load_comparison, plan_runs  # past --help
    from tune_reflector.comparison.runs import check_same_settings
    from tune_reflector.errors import ConfigError
    from tune_reflector.experiment.console import Console

    try:
        comparison = load_comparison(arguments.config)
        runs = plan_runs(comparison)
        check_same_settings(runs)
        if arguments.dry_run:
            print(_plan(comparison, runs))
            return OK
        with Console().listening():
            return _compare(comparison, runs)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print(f"\ninterrupted; go on with: python -m tune_reflector.compare {arguments.config}", flush=True)
        return INTERRUPTED


def _plan(comparison: "ComparisonConfig", runs: Sequence["Run"]) -> str:
    """The runs for people, one a line."""
    from search_records.display import display_path
    from tune_reflector.comparison.runs import is_done

    lines = [
        f"{display_path(comparison.folder)}: {len(runs)} runs of {comparison.rays_per_ap:g} rays per AP each, "
        f"{_parallel(comparison, runs)} at a time"
    ]
    lines += [f"{run.label}, seed {run.seed}{': done' if is_done(run) else ''}" for run in runs]
    return "\n".join(lines)


def _parallel(comparison: "ComparisonConfig", runs: Sequence["Run"]) -> int:
    """How many runs at a time: a local search uses the cores of one trial, one on Ray takes all there are."""
    if comparison.parallel is not None:
        return comparison.parallel
    if any(run.config.launch != "local" for run in runs):
        return 1
    cores = len(os.sched_getaffinity(0))
    return max(1, min(len(runs), cores // max(run.config.resources.cpus_per_trial for run in runs)))


def _compare(comparison: "ComparisonConfig", runs: Sequence["Run"]) -> int:
    """Run what is missing, write the report, say what failed."""
    from search_records.atomic_files import write_text
    from search_records.display import display_path
    from tune_reflector.comparison.config import dump_comparison
    from tune_reflector.comparison.runs import is_done, run_all
    from tune_reflector.errors import ConfigError
    from tune_reflector.runs.containment import check_contained

    folder = comparison.folder
    if not all(is_done(run) for run in runs):
        _check_machine(runs)
    try:
        if folder.exists():
            check_contained(folder)
        comparison.runs_folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / COMPARISON_FILE, dump_comparison(comparison))
    except OSError as error:
        raise ConfigError(
            f"results_dir: must be a folder that can be written, but {error.filename}: {error.strerror}; choose another"
        ) from None
    failures = run_all(folder, runs, _parallel(comparison, runs))
    done = [run for run in runs if is_done(run)]
    if done:
        from tune_reflector.comparison.report import write_report

        _log.info("\n%s", write_report(comparison, runs, done))
        _log.info("results in %s", display_path(folder))
    for failure in failures:
        print(failure, file=sys.stderr, flush=True)
    return FAILED if failures else OK


def _check_machine(runs: Sequence["Run"]) -> None:
    """What a run would refuse on this machine is told now, once for each entry, and not at its turn."""
    from tune_reflector.errors import ConfigError
    from tune_reflector.experiment import preflight
    from tune_reflector.experiment.resources import Machine

    problems = []
    for label, config in {run.label: run.config for run in runs}.items():
        try:
            preflight.check_packages(config)
            backend = preflight.check_backend(config)
            if config.ray.address is None:
                Machine.local(backend).workers(config, backend)
            preflight.check_feasible(config.site())
        except ConfigError as error:
            problems.append(f"entries.{label}: {error}")
    if problems:
        raise ConfigError("\n".join(problems))


if __name__ == "__main__":
    sys.exit(main())
