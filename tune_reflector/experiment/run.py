"""One search from preflight to result: this module is the order in which things happen."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from search_records.display import display_path
from search_records.journal import JournalError
from trainables.evaluator import PlacementEvaluator
from trainables.tracing.backend import Backend, BackendError
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError
from tune_reflector.execution.signals import exit_code
from tune_reflector.experiment import preflight
from tune_reflector.experiment.console import Console, EventStream
from tune_reflector.experiment.finalize import finish, point_to_results
from tune_reflector.experiment.preflight import Machine
from tune_reflector.experiment.resume import (
    budget_of,
    check_device,
    is_finished,
    load_run,
    record_new_run,
    record_session,
)
from tune_reflector.experiment.session import FAILED, OK, Session
from tune_reflector.experiment.stages import launch_stage, stages
from tune_reflector.runs.layout import BEST_FILE, SAME_VERSIONS
from tune_reflector.runs.provenance import package_versions, provenance

if TYPE_CHECKING:
    from tune_reflector.reporting.live_process import LiveReportProcess

LINES = Console()


def start(config: SearchConfig, overwrite: bool = False, dry_run: bool = False, console: Console = LINES) -> int:
    """Run a new search, or only check that it could run; returns the exit code.

    Raises:
        ConfigError: something is wrong that can be known before the search starts.
    """
    preflight.check_packages(config)
    with _naming_results_dir():
        config = config.named()
        preflight.check_new_run(config, overwrite)
    backend, evaluator = _prepare(config)
    with _machine(config, backend) as machine:
        workers = machine.workers(config, backend)
        s_per_ray = preflight.seconds_per_ray(config, evaluator)
        time_s = preflight.estimated_s(config, s_per_ray, workers)
        console.say(preflight.describe(config, evaluator.site, backend, workers, time_s))
        for warning in preflight.warnings(config, evaluator.site, workers, s_per_ray):
            console.warn(warning)
        if dry_run:
            return OK
        with _naming_results_dir():
            _make_folder(config, backend, overwrite)
        session = Session(config, evaluator, backend, workers, preflight.open_journal(config.run_dir), console)
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
    versions = package_versions(SAME_VERSIONS)
    config, changes = load_run(folder.absolute(), versions, overrides, other_versions)
    journal = preflight.open_journal(config.run_dir)
    try:
        finished = is_finished(journal.read(), config) and (config.run_dir / BEST_FILE).exists()
        if finished and not changes:
            console.say(
                f"{display_path(config.run_dir)} is finished: see {BEST_FILE} in it; a larger budget would go on with it"
            )
            return OK
        preflight.check_packages(config)
        backend, evaluator = _prepare(config)
        if not other_versions:
            check_device(config.run_dir, backend.description)
        with _machine(config, backend) as machine:
            workers = machine.workers(config, backend)
            with _naming_results_dir():
                record_session(config.run_dir, config, changes)
            return _search(Session(config, evaluator, backend, workers, journal, console))
    finally:
        journal.close()


def _prepare(config: SearchConfig) -> tuple[Backend, PlacementEvaluator]:
    """The backend, and the scene loaded in this process: it checks the scene now and measures the winner later."""
    backend = preflight.check_backend(config)
    preflight.check_feasible(config.site())
    try:
        evaluator = PlacementEvaluator(config.problem())
    except BackendError as error:
        raise ConfigError(str(error)) from None
    except (ValueError, RuntimeError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"scene: must be one that Sionna can load at radio.frequency_hz={config.radio.frequency_hz:g}, but it "
            f"says: {reason}; correct the scene or the frequency"
        ) from None
    preflight.check_scene(config, evaluator)
    return backend, evaluator


@contextmanager
def _machine(config: SearchConfig, backend: Backend) -> Iterator[Machine]:
    """What the trials can use: this machine, or the cluster that ``ray.address`` names."""
    if config.launch == "local" or config.ray.address is None:
        yield Machine.local(backend)
    else:
        from tune_reflector.execution.ray_tune import existing_cluster

        with existing_cluster(config.ray.address) as resources:
            yield Machine(resources.get("CPU", 0), resources.get("GPU", 0))


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
    record_new_run(folder, config, provenance(SAME_VERSIONS, backend.description, config.seed, Path(__file__).parent))


def _search(session: Session) -> int:
    """Search, measure the winner, write the results."""
    config, journal, console = session.config, session.journal, session.console
    for part in config.run_dir.glob(".*.part"):
        part.unlink(missing_ok=True)  # of a session that was killed while it wrote
    remedy = f"resume with: python -m tune_reflector.search --resume {display_path(config.run_dir)}"
    if console.mode == "json":
        journal.listener = EventStream(console, config.top_rung, journal.read())
    try:
        with _reporting(session) as companion:
            for stage in stages(session):
                launch_stage(session, stage, companion)
            code = finish(session)
            ending = {"event": "finished", "budget": budget_of(config)} if code == OK else {"event": "without winner"}
            journal.append(ending)
        if code == OK:
            point_to_results(session)
        return code
    except KeyboardInterrupt as interruption:
        console.warn(f"\ninterrupted; {remedy}")
        return exit_code(interruption)
    except OSError as error:
        console.warn(
            f"\nstopped: {error.filename or display_path(config.run_dir)}: {error.strerror or error}; make room, then {remedy}"
        )
        return FAILED
    except JournalError as error:
        raise ConfigError(str(error)) from None
    finally:
        with suppress(OSError):
            journal.close()


@contextmanager
def _reporting(session: Session) -> Iterator["LiveReportProcess | None"]:
    """A report that is current while the search runs, and complete at its end."""
    from tune_reflector.reporting.live_process import INTERRUPTED_PATIENCE_S, LiveReportProcess

    every_s, folder = session.config.report.every_s, session.config.run_dir
    if every_s is None:
        yield None
        return
    companion = LiveReportProcess(folder, every_s, session.console.warn)
    try:
        yield companion
    except BaseException:
        companion.end(INTERRUPTED_PATIENCE_S)
        raise
    try:
        companion.end()
    except KeyboardInterrupt:  # the search is over all the same
        companion.end(0.0)
