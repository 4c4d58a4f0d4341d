"""The run of one search, from preflight to result: this module is the order in which things happen."""

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import tune_reflector
from search_records.display import display_path
from search_records.events import EndedWithoutWinner, Finished
from search_records.journal import JournalError
from search_records.progress import ProgressCounter
from trainables.tracing.backend import Backend
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.execution.signals import exit_code
from tune_reflector.experiment import estimate, preflight
from tune_reflector.experiment.console import Console, EventStream
from tune_reflector.experiment.finalize import finish, point_to_results
from tune_reflector.experiment.resources import machine
from tune_reflector.experiment.resume import (
    budget_of,
    check_device,
    is_finished,
    load_run,
    record_new_run,
    record_session,
)
from tune_reflector.experiment.session import FAILED, OK, Session
from tune_reflector.experiment.stages import StageRun, stages
from tune_reflector.runs.layout import BEST_FILE
from tune_reflector.runs.provenance import package_versions, provenance, relevant_packages

if TYPE_CHECKING:
    from tune_reflector.reporting.live_process import LiveReportProcess

LINES = Console()

_log = logging.getLogger(__name__)


def start(config: SearchConfig, overwrite: bool = False, dry_run: bool = False, console: Console = LINES) -> int:
    """Run a new search, or only check that it could run; returns the exit code.

    Raises:
        ConfigError: something is wrong that can be known before the search starts.
    """
    preflight.check_packages(config)
    with _naming_results_dir():
        config = config.named()
        preflight.check_new_run(config, overwrite)
    backend, evaluator = preflight.prepare(config)
    with console.listening(), machine(config, backend) as available:
        workers = available.workers(config, backend)
        s_per_ray = estimate.seconds_per_ray(config, evaluator)
        time_s = estimate.search_s(config, s_per_ray, workers)
        _log.info(estimate.describe(config, evaluator.site, backend, workers, time_s))
        for warning in preflight.warnings(config, evaluator.site, workers, s_per_ray):
            _log.warning(warning)
        if dry_run:
            return OK
        with _naming_results_dir():
            _make_folder(config, backend, overwrite)
        session = Session(config, evaluator, backend, workers, preflight.open_journal(config), console)
        return _search(session)


def resume(folder: Path, overrides: Sequence[str] = (), other_versions: bool = False, console: Console = LINES) -> int:
    """Continue an interrupted search, or a finished one with a larger budget; returns the exit code.

    Args:
        folder: of the run.
        overrides: ``key=value`` of what may change.
        other_versions: go on although packages have changed.
        console: what is told goes there.

    Raises:
        ConfigError: the folder is no run, or one that cannot be gone on with here.
    """
    versions = package_versions(relevant_packages())
    config, changes = load_run(folder.absolute(), versions, overrides, other_versions)
    journal = preflight.open_journal(config)
    with console.listening():
        try:
            finished = is_finished(journal.read(), config) and (config.run_dir / BEST_FILE).exists()
            if finished and not changes:
                done = "%s is finished: see %s in it; a larger budget would go on with it"
                _log.info(done, display_path(config.run_dir), BEST_FILE)
                return OK
            preflight.check_packages(config)
            backend, evaluator = preflight.prepare(config)
            if not other_versions:
                check_device(config.run_dir, backend.description)
            with machine(config, backend) as available:
                workers = available.workers(config, backend)
                with _naming_results_dir():
                    record_session(config.run_dir, config, changes)
                session = Session(config, evaluator, backend, workers, journal, console)
                return _search(session)
        finally:
            journal.close()


@contextmanager
def _naming_results_dir() -> Iterator[None]:
    """Turn what the operating system says of the folder into one line."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"results_dir: must be a folder that can be written, but {error.filename}: {error.strerror}; choose another"
        ) from None


def _make_folder(config: SearchConfig, backend: Backend, overwrite: bool) -> None:
    folder = config.run_dir
    if overwrite and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    source = Path(tune_reflector.__file__).parent
    about = provenance(relevant_packages(), backend.description, config.seed, source)
    record_new_run(folder, config, about)


def _search(session: Session) -> int:
    """Search, measure the winner, write the results."""
    config, journal, folder = session.config, session.journal, session.config.run_dir
    for part in (*folder.glob(".*.part"), *folder.glob("*/.*.part")):
        part.unlink(missing_ok=True)  # of a session that was killed while it wrote
    remedy = f"resume with: python -m tune_reflector.search --resume {display_path(folder)}"
    try:
        with _telling_scripts(session), _live_report(session) as report:
            for stage in stages(session):
                StageRun(session, stage, report).run()
            code = finish(session)
            journal.append(Finished(budget_of(config)) if code == OK else EndedWithoutWinner())
        if code == OK:
            point_to_results(session)
        return code
    except KeyboardInterrupt as interruption:
        _log.warning("\ninterrupted; %s", remedy)
        return exit_code(interruption)
    except OSError as error:
        where = error.filename or display_path(folder)
        _log.warning("\nstopped: %s: %s; make room, then %s", where, error.strerror or error, remedy)
        return FAILED
    except JournalError as error:
        raise ConfigError(str(error)) from None
    finally:
        with suppress(OSError):
            journal.close()


def _telling_scripts(session: Session) -> AbstractContextManager[None]:
    """Within this context every event is told to scripts, if that is what the console is for."""
    if session.console.mode != "json":
        return nullcontext()
    counter = ProgressCounter(session.config.top_rung, session.journal.read())
    return session.journal.told_to(EventStream(session.console, session.config.columns(), counter))


@contextmanager
def _live_report(session: Session) -> Iterator["LiveReportProcess | None"]:
    """A report that is current while the search runs, and complete at its end."""
    from tune_reflector.reporting.live_process import INTERRUPTED_PATIENCE_S, LiveReportProcess

    every_s, folder = session.config.report.every_s, session.config.run_dir
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
