"""A search that found nothing does not end with a number."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from search_records.events import EndedWithoutWinner
from tests.searches import run_events
from tune_reflector import search
from tune_reflector.config.start import read_start
from tune_reflector.reporting import html_page, matplotlib_figures
from tune_reflector.runs.run_data import RunData

QUICK = [
    "name=a",
    "launch=local",
    "fidelity.rungs=[2000]",
    "final={candidates: 1, rays_per_ap: 4000, lattices: 2, variants: [], second_opinion: false}",
    "report={every_s: null, figures: false}",
    "searcher.kind=random",
    "budget.trials=2",
    "reflector=null",
]

AROUND_THE_CORNER = [
    "access_points.areas=[[[0.5, 0.5], [3, 0.5], [3, 3], [0.5, 3]]]",
    "receivers.zones=[[[16, 10], [20, 10], [20, 20], [16, 20]]]",
]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            [*AROUND_THE_CORNER, "radio.max_depth=0"],
            "no ray arrived at any of the 160 receiver cells from any placement: set radio.refraction=true if walls "
            "are between, raise radio.max_depth (now 0) or move access_points.areas and receivers.zones nearer",
        ),
        (
            [*AROUND_THE_CORNER, "radio.specular_reflection=false"],
            "no ray arrived at any of the 160 receiver cells from any placement: set radio.specular_reflection=true, "
            "set radio.refraction=true if walls are between or move access_points.areas",
        ),
        (
            ["radio.line_of_sight=false", "radio.specular_reflection=false"],
            "no ray arrived at any of the 256 receiver cells from any placement: set radio.line_of_sight=true, set "
            "radio.specular_reflection=true, ",
        ),
        (
            ["access_points.power_dbm=-90"],
            "no placement gives any of the 256 receiver cells more than objective.floor_dbm=-120: lower it, or raise "
            "access_points.power_dbm",
        ),
    ],
    ids=["no-reflections", "no-mirrors", "no-interactions", "weak"],
)
def test_a_search_in_which_no_cell_has_power_ends_without_a_winner(
    changes: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search.main([*QUICK, *changes]) == 1
    told = capsys.readouterr()
    assert said in told.out + told.err
    assert "+-" not in told.out
    assert not Path("results/a/best.json").exists()
    assert isinstance(run_events(Path("results/a"))[-1], EndedWithoutWinner)


def test_where_cells_without_signal_decide_nobody_is_told_of_a_power(capsys: pytest.CaptureFixture[str]) -> None:
    """The score is a penalty: it stays beside the quantity of that name, and everything else tells the outage."""
    assert search.main([*QUICK, "radio.max_depth=0", "report.figures=true"]) == 0
    out, best = capsys.readouterr().out, json.loads(Path("results/a/best.json").read_text())
    run = RunData.read(Path("results/a"))
    assert run.best is not None
    assert (best["p5_rss_dbm"], best["p5_error_db"]) == (None, None)
    assert best["score"] == run.best.value < -120
    assert 0.05 < best["outage"] < 1
    told = run.config.objective.told(best["score"])
    share = 100 * best["outage"]
    assert told == f"{share:.0f} % of the cells get no signal"
    assert re.search(rf"^{share:.0f} \+- \d+ % of the cells get no signal; \d+ % of the cells above", out, re.M)
    no_power = re.compile(r"-1[2-9]\d\.\d")
    assert not no_power.search(out)
    (page_text,) = re.findall(r'<p class="headline">(.*?)</p>', html_page.page([run]))
    assert page_text.startswith(f"{share:.0f} ± ")
    texts = [text.get_text() for text in matplotlib_figures.cdf_figure(run).axes[0].texts]
    assert told in texts
    assert read_start(Path("results/a/best.json"), "p5_rss_dbm", list(best["genes"])) == best["genes"]


def test_an_old_run_with_a_floor_above_the_threshold_is_not_gone_on_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main([*QUICK, "objective={floor_dbm: -68, coverage_threshold_dbm: -67}"]) == 0
    config, about = Path("results/a/config.yaml"), Path("results/a/provenance.json")
    config.write_text(config.read_text().replace("floor_dbm: -68.0", "floor_dbm: -1.0"))
    digest = hashlib.sha256(config.read_bytes()).hexdigest()
    about.write_text(json.dumps(json.loads(about.read_text()) | {"config_sha256": [digest]}))
    capsys.readouterr()
    assert search.main(["--resume", "results/a", "budget.trials=3"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("objective.floor_dbm must be below coverage_threshold_dbm=-67, ")
    assert line.endswith("but got -1; lower it")
