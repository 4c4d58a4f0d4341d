"""A search that found nothing does not end with a number."""

import hashlib
import json
from pathlib import Path

import pytest

from search_records.events import EndedWithoutWinner
from tests.searches import run_events
from tune_reflector import search

QUICK = [
    "name=a",
    "launch=local",
    "fidelity.rungs=[2000]",
    "final={candidates: 1, rays_per_ap: 4000, lattices: 2}",
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
