"""A table of scores goes on where it stopped, and nothing in it is written again."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_records.result import Score
from trainables.evaluator import TracedMap
from tune_reflector.config.config_file import load_config
from tune_reflector.errors import ConfigError
from tune_reflector.evaluation.table import read_rows, scores_beside, scores_path
from tune_reflector.runs.measurement import Measurement

CONFIG, OTHER = load_config(None), load_config(None, ["final.rays_per_ap=1000"])
SPACE = CONFIG.site().space
MANY = Path("many.csv")


def write_placements(count: int) -> None:
    rng = np.random.default_rng(0)
    with MANY.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["note", "name", *(gene.name for gene in SPACE.genes)])
        for number in range(count):
            table.writerow(["not a gene", f"p{number}" if number else "", *SPACE.sample(rng).values()])


def measured(number: int) -> Measurement:
    score = Score(-50.0 - number, coverage=0.5, outage=0.0, mean_rss_dbm=-40.0, min_rss_dbm=-60.0)
    rss_w = np.ones((2, 3))
    return Measurement(score, 0.25, TracedMap(rss_w, 100, 0.1), np.array([-50.0, -51.0]), rss_w, {})


def append_all() -> bytes:
    rows = read_rows(MANY, CONFIG)
    with scores_beside(MANY, rows, CONFIG) as scores:
        for number in range(scores.done, len(rows)):
            scores.append(rows[number], measured(number), CONFIG)
    return scores_path(MANY).read_bytes()


def test_each_row_has_its_genes_and_its_score() -> None:
    write_placements(3)
    append_all()
    given = list(csv.DictReader(MANY.open()))
    found = list(csv.DictReader(scores_path(MANY).open()))
    for number, (one, other) in enumerate(zip(given, found, strict=True)):
        assert all(one[gene.name] == other[gene.name] for gene in SPACE.genes)
        assert (other["name"], other["p5_rss_dbm"], other["violation"]) == (
            one["name"] or "line 2",
            str(-50.0 - number),
            "0.0",
        )


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 2000))
def test_wherever_it_was_cut_it_ends_the_same(cut: int) -> None:
    write_placements(3)
    scores_path(MANY).unlink(missing_ok=True)
    whole = append_all()
    scores_path(MANY).write_bytes(whole[:cut])
    assert append_all() == whole


def test_scores_of_something_else_are_left_alone() -> None:
    write_placements(2)
    whole = append_all()
    rows = read_rows(MANY, CONFIG)
    with pytest.raises(ConfigError, match="is of another configuration; rename that"), scores_beside(MANY, rows, OTHER):
        pass
    swapped = rows[::-1]
    with pytest.raises(ConfigError, match="has other columns or placements in line 2"):
        scores_beside(MANY, swapped, CONFIG).__enter__()
    with pytest.raises(ConfigError, match="has more rows"):
        scores_beside(MANY, rows[:1], CONFIG).__enter__()
    assert scores_path(MANY).read_bytes() == whole


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x1,y1\n1,2\n", "--csv: must be a CSV with a column for each gene, but of many.csv it has no column 'x2'"),
        ("", "it has no column 'x1'"),
        (
            ",".join(gene.name for gene in SPACE.genes) + "\n",
            "must have a row for each placement, but many.csv has none",
        ),
        (
            ",".join(gene.name for gene in SPACE.genes) + "\n1,b" + 10 * ",0" + "\n",
            "many.csv, line 2: y1: must be a finite number, but got 'b'; correct it",
        ),
    ],
    ids=["a-gene", "nothing", "no-rows", "no-number"],
)
def test_a_mistake_is_told_in_one_line(text: str, said: str) -> None:
    MANY.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_rows(MANY, CONFIG)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
