"""What a comparison found: every winner's re-scored P5, paired tests against the first entry, curves over rays.

A search's own scores are those of the luckiest of many noisy ones. The table is therefore made of what each run's
``best.json`` says: its winner, measured again with rays that no search has used and that are the same in every run.
"""

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from search_records.atomic_files import write_text
from search_records.rows import Row, read_rows
from search_records.running_best import RunningBest
from trainables.objectives import METRIC
from tune_reflector.comparison.config import ComparisonConfig, Run
from tune_reflector.comparison.figure import save_comparison
from tune_reflector.runs.layout import BEST_FILE, TABLE_FILE

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
    folder, labels = comparison.folder, list(dict.fromkeys(run.label for run in runs))
    outcomes = [read_outcome(run) for run in done]
    rays = rays_grid(comparison.rays_per_ap)
    curves = {(outcome.label, outcome.seed): read_off(outcome.curve, rays) for outcome in outcomes}
    missing = [run.name for run in runs if run not in done]
    paragraphs = [table(summarise(outcomes, labels)), *_notes(comparison, runs[0], labels, missing)]
    text = "\n".join(paragraphs)
    write_text(folder / TABLE_FILE, text)
    write_text(folder / RUNS_FILE, runs_csv(outcomes))
    write_text(folder / CURVES_FILE, curves_csv(curves, rays))
    of_entry = {label: np.array([c for (of, _), c in curves.items() if of == label]) for label in labels}
    save_comparison(folder / FIGURE_FILE, of_entry, rays)
    return text


def _notes(comparison: ComparisonConfig, run: Run, labels: Sequence[str], missing: Sequence[str]) -> Iterator[str]:
    """What the table's columns mean, a paragraph each."""
    final = run.config.final
    yield (
        f"P5 RSS [dBm] of each run's winner, measured again on the same {final.lattices} lattices of "
        f"{final.rays_per_ap:,} or more rays per AP; std and differences in dB. The budget of a run was "
        f"{comparison.rays_per_ap:g} rays per AP.\n"
    )
    if len(labels) > 1:
        yield (
            f"vs {labels[0]}: mean difference over the same seeds, positive is better. p: two-sided paired test "
            f"(Wilcoxon's signed-rank test from {LEAST_FOR_WILCOXON} pairs on, Student's t-test below), not corrected "
            "for the number of entries.\n"
        )
    if missing:
        yield f"Missing: {', '.join(missing)}.\n"


@dataclass(frozen=True)
class Outcome:
    """What one run found, and what it took."""

    label: str
    seed: int
    p5_rss_dbm: float
    """Of the winner, measured again."""
    p5_error_db: float
    rays_per_ap: float
    trials: int
    seconds: float
    curve: Sequence[tuple[float, float]]
    """Rays per AP so far and best P5 [dBm] so far, at every improvement: the search's own scores."""


def read_outcome(run: Run) -> Outcome:
    """From the folder of a run that is done."""
    best = json.loads((run.folder / BEST_FILE).read_text(encoding="utf-8"))
    rows = list(read_rows(run.folder / TABLE_FILE))
    standing = RunningBest(METRIC, run.config.top_rung, rows)
    return Outcome(
        label=run.label,
        seed=run.seed,
        p5_rss_dbm=best["p5_rss_dbm"],
        p5_error_db=best["p5_error_db"],
        rays_per_ap=standing.rays_per_ap,
        trials=len({row.trial_id for row in rows}),
        seconds=max(row.elapsed_s for row in rows),
        curve=best_curve(rows, run.config.top_rung),
    )


def best_curve(rows: Iterable[Row], top_rung: int) -> list[tuple[float, float]]:
    """Rays so far and best so far at every improvement, over one search's rows in the order of writing."""
    standing = RunningBest(METRIC, top_rung)
    curve: list[tuple[float, float]] = []
    for row in rows:
        before = standing.best
        standing.count(row.key, row.values)
        if standing.best is not None and standing.best != before:
            curve.append((standing.rays_per_ap, standing.best))
    return curve


def rays_grid(rays_per_ap: float) -> np.ndarray:
    """Where curves are read off, the budget included; ``[GRID_POINTS]``, rays per AP."""
    return np.linspace(rays_per_ap / GRID_POINTS, rays_per_ap, GRID_POINTS)


def read_off(curve: Sequence[tuple[float, float]], rays: np.ndarray) -> np.ndarray:
    """The best P5 [dBm] once each of ``rays`` had been traced; NaN before the first complete trial."""
    at, best = np.array([(0.0, math.nan), *curve]).T
    return np.asarray(best[np.searchsorted(at, rays, side="right") - 1])


@dataclass(frozen=True)
class PairedTest:
    """Whether differences within pairs could be chance; two-sided."""

    name: str
    pairs: int
    p: float


def paired_test(differences_db: Sequence[float]) -> PairedTest | None:
    """Wilcoxon's signed-rank test, or Student's t-test where the pairs are too few for it; None below two pairs."""
    pairs = len(differences_db)
    if pairs < 2:
        return None
    name, test = ("Wilcoxon", stats.wilcoxon) if pairs >= LEAST_FOR_WILCOXON else ("t-test", _one_sample_t)
    p = 1.0 if not any(differences_db) else float(test(np.asarray(differences_db)).pvalue)
    return PairedTest(name, pairs, p)


def _one_sample_t(differences_db: np.ndarray) -> Any:
    return stats.ttest_1samp(differences_db, 0.0)


@dataclass(frozen=True)
class Summary:
    """One entry over its seeds; ``difference_db`` is its mean advantage over the first entry, seed by seed."""

    label: str
    scores_dbm: Sequence[float]
    difference_db: float
    test: PairedTest | None


def summarise(outcomes: Iterable[Outcome], labels: Sequence[str]) -> list[Summary]:
    """The entries in the order of ``labels``; pairs are runs of the same seed."""
    score_of: dict[str, dict[int, float]] = {label: {} for label in labels}
    for outcome in outcomes:
        score_of[outcome.label][outcome.seed] = outcome.p5_rss_dbm
    first = score_of[labels[0]]
    summaries = []
    for label in labels:
        mine = score_of[label]
        differences_db = [mine[seed] - first[seed] for seed in mine if seed in first] if label != labels[0] else []
        mean_db = float(np.mean(differences_db)) if differences_db else math.nan
        summaries.append(Summary(label, list(mine.values()), mean_db, paired_test(differences_db)))
    return summaries


def table(summaries: Sequence[Summary]) -> str:
    """The entries as a table in Markdown, with what its columns mean."""
    head = ["entry", "runs", "mean", "std", "median", "best", "worst", f"vs {summaries[0].label}", "p", "paired test"]
    lines = [head, *([s.label, str(len(s.scores_dbm)), *_statistics(s), *_comparison(s)] for s in summaries)]
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


def _statistics(summary: Summary) -> list[str]:
    scores = np.asarray(summary.scores_dbm)
    if not len(scores):
        return ["-"] * 5
    std = f"{scores.std(ddof=1):.2f}" if len(scores) > 1 else "-"
    return [f"{scores.mean():.2f}", std, *(f"{value:.2f}" for value in (np.median(scores), scores.max(), scores.min()))]


def _comparison(summary: Summary) -> list[str]:
    difference = "-" if math.isnan(summary.difference_db) else f"{summary.difference_db:+.2f}"
    test = summary.test
    if test is None:
        return [difference, "-", "-"]
    return [difference, "<0.001" if test.p < 0.001 else f"{test.p:.3f}", f"{test.name}, n = {test.pairs}"]


def runs_csv(outcomes: Iterable[Outcome]) -> str:
    """One row per run."""
    head = ["label", "seed", "p5_rss_dbm", "p5_error_db", "rays_per_ap", "trials", "seconds"]
    return _csv([head, *([getattr(outcome, name) for name in head] for outcome in outcomes)])


def curves_csv(curves: Mapping[tuple[str, int], np.ndarray], rays: np.ndarray) -> str:
    """One row per run and point of the grid, from its first complete trial on."""
    rows = (
        [label, seed, repr(float(at)), repr(float(best))]
        for (label, seed), curve in curves.items()
        for at, best in zip(rays, curve, strict=True)
        if not math.isnan(best)
    )
    return _csv([["label", "seed", "rays_per_ap", "best_p5_rss_dbm"], *rows])


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
