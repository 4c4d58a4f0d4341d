"""The run of one search, from preflight to result: this module is the order in which things happen."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_records.display import display_path
from search_records.events import EndedWithoutWinner, Finished
from search_records.journal import JournalError
from trainables.tracing.backend import Backend
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError, SearchError
from tune_reflector.experiment import estimate, preflight
from tune_reflector.experiment.console import Console
from tune_reflector.experiment.finalize import finish, point_to_results
from tune_reflector.experiment.resources import machine
from tune_reflector.experiment.resume import (
    budget_of,
    check_device,
    is_finished,
    load_run,
    record_session,
)
from tune_reflector.experiment.run_folder import make_folder, naming_results_dir, new_folder
from tune_reflector.experiment.session import Session
from tune_reflector.experiment.stages import run_stages
from tune_reflector.runs.best_file import Best
from tune_reflector.runs.claims import claimed
from tune_reflector.runs.layout import BEST_FILE
from tune_reflector.runs.provenance import package_versions, provenance, relevant_packages
from tune_reflector.runs.replaced_run import ReplacedRun
from tune_reflector.runs.run_config import check_is_run

if TYPE_CHECKING:
    from tune_reflector.reporting.live_process import LiveReportProcess

LINES = Console()

_log = logging.getLogger(__name__)


def start(config: SearchConfig, overwrite: bool = False, dry_run: bool = False, console: Console = LINES) -> Path:
    """Run a new search, or only check that it could run; returns its folder.

    Raises:
        ConfigError: something is wrong that can be known before the search starts.
        SearchError: it has ended without a winner, and has told why.
        KeyboardInterrupt: Ctrl-C, or ``Interrupted`` a signal, has ended it; it can be resumed, and has told how.
    """
    preflight.check_packages(config)
    with new_folder(config, overwrite, dry_run) as folder:
        config = config.model_copy(update={"name": folder.name})
        backend, evaluator = preflight.prepare(config)
        foreseen = preflight.foresee(evaluator)
        with console.listening(), machine(config, backend) as available:
            workers = available.workers(config, backend)
            s_per_ray = estimate.seconds_per_ray(config, evaluator)
            time_s = estimate.run_s(config, evaluator, s_per_ray, workers)
            _log.info(estimate.describe(folder, config, evaluator.site, backend, workers, time_s))
            for warning in (*foreseen, *preflight.warnings(config, evaluator.site, workers, s_per_ray)):
                _log.warning(warning)
            if dry_run:
                return folder
            with _in_place_of_another(folder) as replaced:
                make_folder(folder, config, _about(config, backend))
                journal = preflight.open_journal(folder, config)
                _search(Session(folder, config, evaluator, backend, workers, journal, console), replaced)
        return folder


def resume(folder: Path, overrides: Sequence[str] = (), other_versions: bool = False, console: Console = LINES) -> Path:
    """Continue an interrupted search, or a finished one with a larger budget; returns its folder.

    Args:
        folder: of the run.
        overrides: ``key=value`` of what may change.
        other_versions: go on although packages have changed.
        console: what is told goes there.

    Raises:
        ConfigError: the folder is no run, or one that cannot be gone on with here.
        SearchError, KeyboardInterrupt: as ``start``.
    """
    folder = folder.resolve()
    replaced = ReplacedRun(folder)
    if not replaced.kept:
        check_is_run(folder, "--resume")
    with claimed(folder):
        replaced.recover()
        versions = package_versions(relevant_packages())
        config, changes = load_run(folder, versions, overrides, other_versions)
        journal = preflight.open_journal(folder, config)
        with console.listening():
            if replaced.kept:
                _log.info("the run that %s replaces is kept until its first result", display_path(folder))
            try:
                best = Best.read(folder / BEST_FILE, config.objective)
                if not changes and best is not None and is_finished(journal.read(), config):
                    done = "%s is finished: see %s in it; a larger budget would go on with it"
                    _log.info(done, display_path(folder), BEST_FILE)
                    return folder
                preflight.check_packages(config)
                backend, evaluator = preflight.prepare(config)
                if not other_versions:
                    check_device(folder, backend.description)
                with machine(config, backend) as available:
                    workers = available.workers(config, backend)
                    with naming_results_dir():
                        record_session(folder, config, changes)
                    session = Session(folder, config, evaluator, backend, workers, journal, console)
                    with _in_place_of_another(folder):
                        _search(session, replaced)
                return folder
            finally:
                journal.close()


def _about(config: SearchConfig, backend: Backend) -> dict[str, Any]:
    return provenance(relevant_packages(), backend.description, config.seed, source=Path(__file__).parent)


def _search(session: Session, replaced: ReplacedRun) -> None:
    """Search, measure the winner, write the results."""
    with session.journal.told_to(replaced):
        try:
            _stages_and_end(session)
        except KeyboardInterrupt:
            _log.warning("\ninterrupted; %s", "before its first result" if replaced.kept else session.remedy)
            raise
        except OSError as error:
            where = error.filename or display_path(session.folder)
            remedy = "make room" if replaced.kept else f"make room, then {session.remedy}"
            stopped = f"stopped: {where}: {error.strerror or error}; {remedy}"
            _log.warning("\n%s", stopped)
            raise SearchError(stopped) from error
        except JournalError as error:
            raise ConfigError(str(error)) from None
        finally:
            with suppress(OSError):
                session.journal.close()


@contextmanager
def _in_place_of_another(folder: Path) -> Iterator[ReplacedRun]:
    """A run that this one replaces is forgotten with the first result, and comes back if there is none."""
    replaced = ReplacedRun(folder)
    try:
        yield replaced
    finally:
        if replaced.kept:
            replaced.put_back()
            _log.warning("%s is again the run that was to be replaced", display_path(folder))


def _stages_and_end(session: Session) -> None:
    for part in session.folder.rglob(".*.part"):
        part.unlink(missing_ok=True)  # of a session that was killed while it wrote
    with session.telling_scripts(), _live_report(session) as report:
        run_stages(session, report)
        if (without_winner := finish(session)) is not None:
            _log.warning(without_winner)
        session.journal.append(Finished(budget_of(session.config)) if without_winner is None else EndedWithoutWinner())
    if without_winner is not None:
        raise SearchError(without_winner)
    point_to_results(session)


@contextmanager
def _live_report(session: Session) -> Iterator["LiveReportProcess | None"]:
    """A report that is current while the search runs, and complete at its end."""
    from tune_reflector.reporting.live_process import INTERRUPTED_PATIENCE_S, LiveReportProcess

    every_s, folder = session.config.report.every_s, session.folder
    if every_s is None:
        yield None
        return
    report = LiveReportProcess(folder, every_s)
    try:
        yield report
    except BaseException:
        report.end(INTERRUPTED_PATIENCE_S)
        raise
    try:
        report.end()
    except KeyboardInterrupt:  # the search is over all the same
        report.end(0.0)
