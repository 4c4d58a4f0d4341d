"""What the winner is worth: what could be built in its place is searched for, and measured as the winner is.

Each such search is a run of its own, in a folder inside the winner's: it has a journal and a table, goes on where it
was interrupted, and can be looked at like any other.
"""

import logging
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from search_records.atomic_files import write_json
from search_records.events import Finished
from trainables.evaluator import PlacementEvaluator
from trainables.objectives.base import MapError
from tune_reflector.config.config_file import dump_config
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.counterfactuals.alternatives import LABELS, starts
from tune_reflector.counterfactuals.settings import CounterfactualKind
from tune_reflector.experiment import preflight
from tune_reflector.experiment.resume import budget_of, record_new_run
from tune_reflector.experiment.session import Session
from tune_reflector.experiment.stages import run_stages
from tune_reflector.runs.best_file import best_json
from tune_reflector.runs.comparisons import Comparison
from tune_reflector.runs.history import History
from tune_reflector.runs.layout import BEST_FILE, CONFIG_FILE, COUNTERFACTUAL_FOLDER, MAPS_FILE
from tune_reflector.runs.measurement import Measurement, measure
from tune_reflector.runs.provenance import read_provenance
from tune_reflector.runs.run_config import read_config
from tune_reflector.runs.winner import Winner, best_map, find_winner

MOST_STARTS = 12
"""Placements of the search that a counterfactual one tries first, at most a quarter of its trials."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alternative:
    """What could be built in place of the winner, measured."""

    comparison: Comparison
    measured: Measurement
    evaluator: PlacementEvaluator
    """Of its scene, which may have other access points."""


def find_alternatives(session: Session, winner: Winner, history: History) -> list[Alternative]:
    """Search for every alternative that the configuration asks for, as far as that has not been done, and measure it.

    One that cannot be found or measured is told of and left out.
    """
    found = (_find(session, kind, winner, history) for kind in session.config.counterfactuals)
    return [alternative for alternative in found if alternative is not None]


def _find(session: Session, kind: CounterfactualKind, winner: Winner, history: History) -> Alternative | None:
    if session.config.searched_instead(kind) is None:
        alone = winner.placement.without_reflectors()
        genes = {name: value for name, value in winner.genes.items() if name in _genes_of_access_points(session.config)}
        measured = measure(session.evaluator, alone, session.config.final)
        other, trials, evaluator = Winner(winner.found, genes, alone, measured), None, session.evaluator
    else:
        inner = _inner(session, kind, winner, history)
        with closing(inner.journal):
            trials, result = _search(inner, kind)
        if result is None:
            return None
        other, evaluator = result, inner.evaluator
    _, gain_error = winner.measured.gain(other.measured)
    comparison = Comparison(
        kind,
        other.measured.score.value,
        other.measured.error,
        winner.measured.score.value,
        gain_error,
        trials,
        other.placement,
        other.genes,
        len(winner.placement.hung_reflectors),
    )
    return Alternative(comparison, other.measured, evaluator)


def _genes_of_access_points(config: SearchConfig) -> set[str]:
    return {gene.name for gene in config.plan.placement_space.access_points.genes}


def _inner(session: Session, kind: CounterfactualKind, winner: Winner, history: History) -> Session:
    """The session of the search for an alternative; where it begins is decided once."""
    folder = session.folder / COUNTERFACTUAL_FOLDER / kind
    config = _config(session.config, kind, folder, winner, history)
    text = dump_config(config)
    if not (folder / CONFIG_FILE).is_file() or (folder / CONFIG_FILE).read_text(encoding="utf-8") != text:
        folder.mkdir(parents=True, exist_ok=True)
        record_new_run(folder, config, dict(read_provenance(session.folder).content))
    evaluator = PlacementEvaluator(config.problem())
    journal = preflight.open_journal(folder, config)
    return replace(session, folder=folder, config=config, evaluator=evaluator, journal=journal, part_of=session.folder)


def _config(
    config: SearchConfig, kind: CounterfactualKind, folder: Path, winner: Winner, history: History
) -> SearchConfig:
    if (folder / CONFIG_FILE).is_file():
        begins: Sequence[dict[str, float]] = read_config(folder).start or ()
    else:
        bare = config.searched_instead(kind)
        assert bare is not None
        most = max(1, min(MOST_STARTS, bare.num_trials // 4))
        found = [winner.genes, *(dict(event.result.genes) for event in history.ranked)]
        begins = starts(found, bare.plan.placement_space, most, config.seed)
    searched = config.searched_instead(kind, begins)
    assert searched is not None
    return searched


def _search(inner: Session, kind: CounterfactualKind) -> tuple[int, Winner | None]:
    """Run what is left of the search for an alternative; its trials, and what it has found."""
    config, folder, evaluator = inner.config, inner.folder, inner.evaluator
    _log.info("looking for the %s", LABELS[kind])
    with inner.telling_scripts(counterfactual=kind):
        run_stages(inner)
    evaluator.set_threads(None)  # a search in this process has left it the threads of one trial
    history = History.read(config, folder)
    try:
        winner = find_winner(config, history.ranked, evaluator)
    except MapError as error:
        _log.warning("the %s cannot be measured: %s", LABELS[kind], error)
        return history.trials, None
    if winner is None:
        _log.warning("no placement was found for the %s, in %d trials", LABELS[kind], config.num_trials)
        return history.trials, None
    best_map(winner, None).write(folder / MAPS_FILE)
    write_json(folder / BEST_FILE, best_json(config, winner, evaluator, ()))
    inner.journal.append(Finished(budget_of(config)))
    return history.trials, winner
