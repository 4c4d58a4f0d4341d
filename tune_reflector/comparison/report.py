"""The findings of a comparison: every winner's score, measured again, paired tests against the first entry, and curves.

A search's own scores are those of the luckiest of many noisy ones. The table is therefore made of what each run's
``best.json`` says: its winner, measured again with rays that no search has used and that are the same in every run.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from search_records.atomic_files import write_text
from trainables.objectives.base import ObjectiveSettings
from tune_reflector.comparison.config import ComparisonConfig, Run
from tune_reflector.comparison.figure import save_comparison
from tune_reflector.runs.best_file import Best
from tune_reflector.runs.comparisons import Comparison
from tune_reflector.runs.history import History
from tune_reflector.runs.layout import BEST_FILE

TABLE_FILE, FIGURE_FILE, RUNS_FILE, CURVES_FILE = "table.md", "comparison.png", "comparison.csv", "curves.csv"

GRID_POINTS = 200
"""Points of a curve."""

LEAST_FOR_WILCOXON = 6
"""With five pairs Wilcoxon's signed-rank test cannot get below p = 0.06, whatever the differences."""


def write_report(comparison: ComparisonConfig, runs: Sequence[Run], done: Sequence[Run]) -> str:
    """Write table, figure and CSV files into the comparison's folder; returns the table with its notes.

    Args:
        comparison: what was compared.
        runs: all of its runs.
        done: those that have a winner, one at least.
    """
    folder, objective = comparison.folder, runs[0].config.objective
    labels = list(dict.fromkeys(run.label for run in runs))
    outcomes = [read_outcome(run) for run in done]
    rays = rays_grid(comparison.rays_per_ap)
    curves = {(outcome.label, outcome.seed): read_off(outcome.curve, rays) for outcome in outcomes}
    missing = [run.name for run in runs if run not in done]
    penalised = any(objective.penalty(outcome.value) for outcome in outcomes)
    paragraphs = [
        table(summarise(outcomes, labels, objective), objective),
        *_worths(outcomes, objective),
        *_notes(comparison, runs[0], labels, missing, penalised),
    ]
    text = "\n".join(paragraphs)
    write_text(folder / TABLE_FILE, text)
    write_text(folder / RUNS_FILE, runs_csv(outcomes, objective))
    write_text(folder / CURVES_FILE, curves_csv(curves, rays, objective))
    of_entry = {label: np.array([c for (of, _), c in curves.items() if of == label]) for label in labels}
    save_comparison(folder / FIGURE_FILE, of_entry, rays, objective)
    return text


def _notes(
    comparison: ComparisonConfig, run: Run, labels: Sequence[str], missing: Sequence[str], penalised: bool
) -> Iterator[str]:
    """What the table's columns mean, a paragraph each."""
    final, objective = run.config.final, run.config.objective
    yield (
        f"{objective.quantity} [{objective.unit}] of each run's winner, measured again on the same {final.lattices} "
        f"samples of {final.rays_per_ap:,} rays per AP; std and differences in "
        f"{objective.difference_unit}. The budget of a run was "
        f"{comparison.rays_per_ap:g} rays per AP.\n"
    )
    if len(labels) > 1:
        yield (
            f"vs {labels[0]}: mean difference over the same seeds, positive is better. p: two-sided paired test "
            f"(Wilcoxon's signed-rank test from {LEAST_FOR_WILCOXON} pairs on, Student's t-test below), not corrected "
            "for the number of entries.\n"
        )
    if penalised:
        yield (
            f"Where cells without signal decide, a score is a penalty and no {objective.quantity}: it is ranked and "
            "tested like the others, but has no part in a mean or a difference.\n"
        )
    if missing:
        yield f"Missing: {', '.join(missing)}.\n"


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run: what it found, and what it took."""

    label: str
    seed: int
    value: float
    """Score of the winner, measured again."""
    error: float
    rays_per_ap: float
    trials: int
    seconds: float
    curve: Sequence[tuple[float, float]]
    """Rays per AP so far and best score so far, at every improvement: the search's own scores."""
    compared: Comparison | None = None
    """What the winner is worth, of a run that has looked for that."""


def read_outcome(run: Run) -> Outcome:
    """From the folder of a run that is done."""
    best, history = Best.read(run.folder / BEST_FILE, run.config.objective), History.read(run.config, run.folder)
    assert best is not None
    return Outcome(
        label=run.label,
        seed=run.seed,
        value=best.value,
        error=best.error,
        rays_per_ap=history.progress.rays_per_ap,
        trials=history.trials,
        seconds=history.progress.elapsed_s,
        curve=[(rays, value) for rays, _, value in history.curve],
        compared=best.comparisons[0] if best.comparisons else None,
    )


def _worths(outcomes: Sequence[Outcome], objective: ObjectiveSettings) -> Iterator[str]:
    """What each winner is worth, a line each, in a paragraph; nothing where no run has looked for it."""
    lines = [
        f"- {outcome.label}, seed {outcome.seed}: {outcome.compared.told(objective)}"
        for outcome in outcomes
        if outcome.compared is not None
    ]
    if lines:
        yield "\n".join(["What the reflector is worth to each:", "", *lines]) + "\n"


def rays_grid(rays_per_ap: float) -> np.ndarray:
    """Points at which curves are read off, the budget included; ``[GRID_POINTS]``, rays per AP."""
    return np.linspace(rays_per_ap / GRID_POINTS, rays_per_ap, GRID_POINTS)


def read_off(curve: Sequence[tuple[float, float]], rays: np.ndarray) -> np.ndarray:
    """The best score once each of ``rays`` had been traced; NaN before the first complete trial."""
    at, best = np.array([(0.0, math.nan), *curve]).T
    return np.asarray(best[np.searchsorted(at, rays, side="right") - 1])


@dataclass(frozen=True)
class PairedTest:
    """A two-sided test whether differences within pairs could be chance."""

    name: str
    pairs: int
    p: float


def paired_test(differences: Sequence[float]) -> PairedTest | None:
    """Wilcoxon's signed-rank test, or Student's t-test where the pairs are too few for it; None below two pairs."""
    pairs = len(differences)
    if pairs < 2:
        return None
    name, test = ("Wilcoxon", stats.wilcoxon) if pairs >= LEAST_FOR_WILCOXON else ("t-test", _one_sample_t)
    p = 1.0 if not any(differences) else float(test(np.asarray(differences)).pvalue)
    return PairedTest(name, pairs, p)


def _one_sample_t(differences: np.ndarray) -> Any:
    return stats.ttest_1samp(differences, 0.0)


@dataclass(frozen=True)
class Summary:
    """One entry over its seeds; ``difference`` is its mean advantage over the first entry, seed by seed, or NaN."""

    label: str
    scores: Sequence[float]
    difference: float
    test: PairedTest | None


def summarise(outcomes: Iterable[Outcome], labels: Sequence[str], objective: ObjectiveSettings) -> list[Summary]:
    """The entries in the order of ``labels``; pairs are runs of the same seed.

    Penalties are tested like other values; a mean difference from one there is not.
    """
    score_of: dict[str, dict[int, float]] = {label: {} for label in labels}
    for outcome in outcomes:
        score_of[outcome.label][outcome.seed] = outcome.value
    first = score_of[labels[0]]
    summaries = []
    for label in labels:
        mine = score_of[label]
        pairs = [(mine[seed], first[seed]) for seed in mine if seed in first] if label != labels[0] else []
        differences = [value - other for value, other in pairs]
        told = [difference for pair in pairs if (difference := objective.difference(*pair)) is not None]
        mean = float(np.mean(differences)) if pairs and len(told) == len(pairs) else math.nan
        summaries.append(Summary(label, list(mine.values()), mean, paired_test(differences)))
    return summaries


def table(summaries: Sequence[Summary], objective: ObjectiveSettings) -> str:
    """The entries as a table in Markdown."""
    head = ["entry", "runs", "mean", "std", "median", "best", "worst", f"vs {summaries[0].label}", "p", "paired test"]
    lines = [head, *([s.label, str(len(s.scores)), *_statistics(s, objective), *_comparison(s)] for s in summaries)]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]
    rule = [
        "-" * (width - 1) + ":" if 0 < column < len(head) - 1 else "-" * width for column, width in enumerate(widths)
    ]
    rows = ("| " + " | ".join(_cells(line, widths)) + " |" for line in [head, rule, *lines[1:]])
    return "\n".join(rows) + "\n"


def _cells(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    last = len(line) - 1
    pairs = enumerate(zip(line, widths, strict=True))
    return [text.rjust(width) if 0 < column < last else text.ljust(width) for column, (text, width) in pairs]


def _statistics(summary: Summary, objective: ObjectiveSettings) -> list[str]:
    scores = np.sort(summary.scores)
    if not len(scores):
        return ["-"] * 5
    alike = not any(objective.penalty(value) for value in scores)
    mean = f"{scores.mean():.2f}" if alike else "-"
    std = f"{scores.std(ddof=1):.2f}" if alike and len(scores) > 1 else "-"
    below, above = scores[(len(scores) - 1) // 2], scores[len(scores) // 2]
    parted = objective.penalty(below) and not objective.penalty(above)
    median = "-" if parted else objective.number((below + above) / 2, digits=2)
    return [mean, std, median, *(objective.number(value, digits=2) for value in (scores[-1], scores[0]))]


def _comparison(summary: Summary) -> list[str]:
    difference = "-" if math.isnan(summary.difference) else f"{summary.difference:+.2f}"
    test = summary.test
    if test is None:
        return [difference, "-", "-"]
    return [difference, "<0.001" if test.p < 0.001 else f"{test.p:.3f}", f"{test.name}, n = {test.pairs}"]


def runs_csv(outcomes: Iterable[Outcome], objective: ObjectiveSettings) -> str:
    """One row per run."""
    names = {
        "label": "label",
        "seed": "seed",
        "value": objective.metric,
        "error": objective.error_metric,
        "rays_per_ap": "rays_per_ap",
        "trials": "trials",
        "seconds": "seconds",
    }
    gain = [objective.gain_metric, objective.gain_error_metric]
    rows = ([getattr(outcome, name) for name in names] + _gain(outcome, objective) for outcome in outcomes)
    return _csv([[*names.values(), *gain], *rows])


def _gain(outcome: Outcome, objective: ObjectiveSettings) -> list[Any]:
    """Of the winner over what could be built instead, and its error; empty where there is none."""
    compared = outcome.compared
    if compared is None or objective.difference(compared.winner, compared.value) is None:
        return ["", ""]
    return [compared.gain, compared.gain_error]


def curves_csv(curves: Mapping[tuple[str, int], np.ndarray], rays: np.ndarray, objective: ObjectiveSettings) -> str:
    """One row per run and point of the grid, from its first complete trial on."""
    rows = (
        [label, seed, repr(float(at)), repr(float(best))]
        for (label, seed), curve in curves.items()
        for at, best in zip(rays, curve, strict=True)
        if not math.isnan(best)
    )
    return _csv([["label", "seed", "rays_per_ap", f"best_{objective.metric}"], *rows])


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
