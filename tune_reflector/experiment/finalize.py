"""The end of a search: its winner is measured, and everything about it written down and drawn."""

from collections import Counter

from search_records.atomic_files import write_json
from search_records.display import display_path
from search_spaces.design import Placement
from trainables.objectives import MapError
from tune_reflector.experiment.console import Console
from tune_reflector.experiment.session import FAILED, OK, Session
from tune_reflector.runs.history import History
from tune_reflector.runs.layout import BEST_FILE, CONFIG_FILE, MAPS_FILE, PAGE_FILE, PROVENANCE_FILE, TABLE_FILE


def finish(session: Session) -> int:
    """Measure the winner and write what the run leaves behind."""
    from tune_reflector.runs.run_data import read_history
    from tune_reflector.runs.winner import best_json, best_map, find_winner, summary

    config, evaluator, console, folder = session.config, session.evaluator, session.console, session.config.run_dir
    evaluator.set_threads(None)
    history = read_history(config, folder)
    _tell_of_failures(history.failures, console)
    if not history.results:
        console.warn("no trial gave a result")
        return FAILED
    try:
        winner = find_winner(config, history.ranked, evaluator, console.say)
    except MapError as error:
        console.warn(f"the winner cannot be measured: {error}")
        return FAILED
    if winner is None:
        console.warn(
            f"no feasible placement in {config.num_trials} trials; widen access_points.areas or raise budget.trials"
        )
        return FAILED
    best_map(winner).write(folder / MAPS_FILE)
    best = best_json(config, winner, evaluator)
    write_json(folder / BEST_FILE, best)
    console.event("winner", **best)
    if config.report.figures:
        _draw(session, winner.placement, history)
    console.say("\n" + summary(winner, config.objective.coverage_threshold_dbm))
    return OK


def _draw(session: Session, placement: Placement, history: History) -> None:
    """Draw the figures; what goes wrong with a picture costs nobody the result."""
    from tune_reflector.reporting.matplotlib_figures import FOLDER, save_figures
    from tune_reflector.reporting.scene_figure import save_scene
    from tune_reflector.runs.run_data import RunData

    session.console.say("drawing the figures")
    folder = session.config.run_dir
    try:
        save_figures(RunData.read(folder, history))
        save_scene(folder / FOLDER, session.evaluator, placement, folder.name)
    except Exception as error:
        session.console.warn(f"the figures could not be drawn: {type(error).__name__}: {error}")


def point_to_results(session: Session) -> None:
    """Say where everything is."""
    folder, report = session.config.run_dir, session.config.report
    files = [BEST_FILE, TABLE_FILE, CONFIG_FILE, PROVENANCE_FILE]
    files += ["figures/"] if report.figures else []
    session.console.say(f"\n{display_path(folder)}: {', '.join(files)}")
    if report.every_s is not None:
        session.console.say(
            f"report: {display_path(folder / PAGE_FILE)}; curves: tensorboard --logdir {display_path(folder)}"
        )


def _tell_of_failures(causes: Counter[str], console: Console) -> None:
    from tune_reflector.runs.layout import ERRORS_FILE

    if causes:
        console.warn(f"{causes.total()} trial{'s' * (causes.total() > 1)} failed, see {ERRORS_FILE}:")
    for cause, count in causes.most_common():
        console.warn(f"  {count} x {cause}")
