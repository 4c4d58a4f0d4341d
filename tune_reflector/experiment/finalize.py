"""The end of a search: its winner is measured, told, written down and drawn."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from search_records.atomic_files import write_json
from search_records.display import display_path
from search_spaces.design import Placement, angles_deg
from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import MapError, ObjectiveSettings
from trainables.physical_optics.rooms import NoBoxesError
from trainables.variants.base import all_variants
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.counterfactuals.alternatives import LABELS
from tune_reflector.experiment.counterfactual import Alternative, find_alternatives
from tune_reflector.experiment.prospects import remedies
from tune_reflector.experiment.session import Session
from tune_reflector.runs.comparisons import Comparison
from tune_reflector.runs.history import History
from tune_reflector.runs.layout import (
    BEST_FILE,
    CONFIG_FILE,
    ERRORS_FILE,
    FIGURES_FOLDER,
    MAPS_FILE,
    PAGE_FILE,
    PROVENANCE_FILE,
    TABLE_FILE,
)
from tune_reflector.runs.measurement import shown_error
from tune_reflector.runs.robustness import InVariants, Subject, robustness
from tune_reflector.runs.second_opinion import SecondOpinion, second_opinion
from tune_reflector.runs.winner import Winner, best_map, find_winner

RIVALS = 2
"""Runners-up that are looked at in variants of the world."""

_log = logging.getLogger(__name__)


def finish(session: Session) -> str | None:
    """Measure the winner and write what the run leaves behind; returns why there is none, None if there is."""
    from tune_reflector.runs.best_file import best_json

    config, evaluator, folder = session.config, session.evaluator, session.folder
    evaluator.set_threads(None)
    history = History.read(config, folder)
    _tell_of_failures(history.failures)
    if history.infeasible is not None:
        _log.info("%s", history.infeasible)
    if not history.progress.results:
        return "no trial gave a result"
    try:
        winner = find_winner(config, history.ranked, evaluator)
    except MapError as error:
        return f"the winner cannot be measured: {error}"
    if winner is None:
        return f"no feasible placement in {config.num_trials} trials; widen access_points.areas or raise budget.trials"
    if winner.measured.score.outage == 1:
        return _without_power(config, winner)
    if config.counterfactuals:
        _log.info(headline(winner, config.objective))
    alternatives = find_alternatives(session, winner, history)
    comparisons = [alternative.comparison for alternative in alternatives]
    best_map(winner, alternatives[0].measured if alternatives else None).write(folder / MAPS_FILE)
    in_variants = _in_variants(config, winner, alternatives, evaluator)
    by_physical_optics = _second_opinion(config, winner, evaluator)
    best = best_json(config, winner, evaluator, comparisons, in_variants, by_physical_optics)
    write_json(folder / BEST_FILE, best)
    session.console.event("winner", **best)
    if config.report.figures:
        _draw(session, winner.placement, history)
    cost = config.told_plate_cost(winner.placement)
    told = summary(winner, comparisons, config.objective, in_variants, by_physical_optics, best["details"], cost)
    _log.info("\n%s", told)
    return None


def _in_variants(
    config: SearchConfig, winner: Winner, alternatives: Sequence[Alternative], evaluator: PlacementEvaluator
) -> InVariants | None:
    """What the placements are worth in the variants of the world; None where there are none."""
    variants, rays = all_variants(config.final.variants, config), config.final.variant_rays_per_ap
    if not variants:
        return None
    rivals = {rival.found.trial_id: rival for rival in winner.runners_up[:RIVALS]}
    subjects = {"winner": Subject(evaluator, winner.placement, winner.measured.score.value)}
    for alternative in alternatives:
        other = alternative.comparison
        subjects[other.kind] = Subject(alternative.evaluator, other.placement, other.value)
    for trial_id, rival in rivals.items():
        subjects[trial_id] = Subject(evaluator, rival.placement, rival.value)
    _log.info("tracing %d placements in %d variants of the world", len(subjects), len(variants))
    try:
        found = robustness(subjects, variants, rays)
    except MapError as error:
        _log.warning("they cannot be told of in variants of the world: %s", error)
        return None
    kinds: list[str] = [alternative.comparison.kind for alternative in alternatives]
    others, runners_up = ({name: found[name] for name in names} for names in (kinds, rivals))
    return InVariants(found["winner"], others, runners_up, rays)


def _second_opinion(config: SearchConfig, winner: Winner, evaluator: PlacementEvaluator) -> SecondOpinion | None:
    """The winner with its plate by physical optics; None where there is no plate, or images are not exact."""
    if not config.final.second_opinion or not winner.placement.hung_reflectors:
        return None
    try:
        return second_opinion(evaluator, winner.placement, config.final)
    except (NoBoxesError, MapError) as reason:
        _log.info("no second opinion by physical optics of the plate: %s", reason)
        return None


def _without_power(config: SearchConfig, winner: Winner) -> str:
    """What to change where not even the best placement gives any cell power."""
    cells = f"any of the {winner.measured.shown_w.shape[1]} receiver cells"
    if winner.measured.traced.rss_w.any():
        return (
            f"no placement gives {cells} more than objective.floor_dbm={config.objective.floor_dbm:g}: lower it, or "
            "raise access_points.power_dbm"
        )
    return f"no ray arrived at {cells} from any placement: {remedies(config)}"


def headline(winner: Winner, objective: ObjectiveSettings) -> str:
    """What was found, in one line."""
    score = winner.measured.score
    return objective.headline(score.value, score.coverage, score.outage, shown_error(winner.measured.error))


def summary(
    winner: Winner,
    comparisons: Sequence[Comparison],
    objective: ObjectiveSettings,
    in_variants: InVariants | None = None,
    by_physical_optics: SecondOpinion | None = None,
    details: Mapping[str, float | str] | None = None,
    plate_cost: str | None = None,
) -> str:
    """The result in a few lines for people."""
    lines = [headline(winner, objective)]
    if details:
        lines.append(objective.told_details(details))
    if plate_cost is not None:
        lines.append(f"ranked with {plate_cost} taken off")
    lines += (comparison.told(objective) for comparison in comparisons)
    if by_physical_optics is not None:
        lines.append(by_physical_optics.told(objective))
    if in_variants is not None:
        lines += in_variants.told(objective, LABELS)
    for number, ap in enumerate(winner.placement.access_points, start=1):
        x, y, z = ap.position_m
        azimuth, tilt = angles_deg(ap.direction)
        lines.append(
            f"AP {number}{ap.remark} at ({x:.2f}, {y:.2f}, {z:.2f}) m, azimuth {azimuth:.0f}, tilt {tilt:.0f} degrees"
        )
    for plate in winner.placement.fixed_reflectors:
        x, y, z = plate.center_m
        lines.append(f"fixed plate at ({x:.2f}, {y:.2f}, {z:.2f}) m")
    plates = winner.placement.hung_reflectors
    for number, plate in enumerate(plates, start=1):
        which = f"plate {number}" if len(plates) > 1 else "plate"
        x, y, z = plate.center_m
        azimuth, tilt = angles_deg(plate.normal)
        fx, fy, fz = plate.focal_point_m
        lines.append(
            f"{which} at ({x:.2f}, {y:.2f}, {z:.2f}) m, azimuth {azimuth:.0f}, tilt {tilt:.0f} degrees, "
            f"aimed at ({fx:.2f}, {fy:.2f}, {fz:.2f}) m"
        )
    return "\n".join(lines)


def _draw(session: Session, placement: Placement, history: History) -> None:
    """Draw the figures; what goes wrong with a picture costs nobody the result."""
    from tune_reflector.reporting.matplotlib_figures import save_figures
    from tune_reflector.reporting.scene_figure import save_scene
    from tune_reflector.runs.run_data import RunData

    _log.info("drawing the figures")
    folder = session.folder
    try:
        save_figures(RunData.of(folder, session.config, history))
        save_scene(folder / FIGURES_FOLDER, session.evaluator, placement, folder.name)
    except Exception as error:
        _log.warning("the figures could not be drawn: %s: %s", type(error).__name__, error)


def point_to_results(session: Session) -> None:
    """Say where everything is."""
    folder, report = session.folder, session.config.report
    files = [BEST_FILE, TABLE_FILE, CONFIG_FILE, PROVENANCE_FILE]
    files += [f"{FIGURES_FOLDER}/"] if report.figures else []
    shown = display_path(folder)
    _log.info("\n%s: %s", shown, ", ".join(files))
    if report.every_s is not None:
        _log.info("report: %s; curves: tensorboard --logdir %s", display_path(folder / PAGE_FILE), shown)


def _tell_of_failures(causes: Counter[str]) -> None:
    if causes:
        _log.warning("%d trial%s failed, see %s:", causes.total(), "s" * (causes.total() > 1), ERRORS_FILE)
    for cause, count in causes.most_common():
        _log.warning("  %d x %s", count, cause)
