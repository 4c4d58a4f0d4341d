"""What a plate is worth: against what is built in its place, searched for inside the same run."""

import json
from pathlib import Path

import pytest

from search_records.events import Finished, Proposed
from tests.searches import read_rows, run_events
from tune_reflector import report, search
from tune_reflector.config.config_file import load_config
from tune_reflector.runs.run_data import RunData

FLOOR = Path(__file__).parents[2] / "scenes" / "floor.yaml"

QUICK = [
    "name=a",
    "launch=local",
    "report={every_s: null, figures: false}",
    "final={candidates: 2, rays_per_ap: 20000, lattices: 3, variants: [], second_opinion: false}",
]

INSIDE = Path("results/a/counterfactual")


@pytest.mark.slow
def test_where_a_plate_cannot_help_the_program_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Three access points on a floor of 40 x 25 m, whose plate may hang where it sees hardly anybody."""
    floor = [f"scene.plan={FLOOR}", "receivers.cell_size_m=1", "radio={refraction: true, max_depth: 4}"]
    placed = ["access_points={count: 3, height_m: 2.8}", "fidelity.rungs=[4000]", "budget.trials=12"]
    assert search.main([*QUICK, *floor, *placed, "counterfactual.share=0.5"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "best without a reflector P5" in line]
    assert line.startswith(("the reflector brings nothing beyond the error", "the reflector costs"))
    (found,) = json.loads(Path("results/a/best.json").read_text())["comparisons"]
    assert found["gain_db"] <= found["gain_error_db"]


@pytest.mark.slow
def test_a_finished_run_is_asked_for_more_comparisons(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is found by a run inside the run, which is searched for once, and goes on with a larger share."""
    few = ["fidelity.rungs=[2000, 4000]", "searcher.kind=random", "budget.trials=8", "counterfactual.share=0.5"]
    assert search.main([*QUICK, *few]) == 0
    begun = run_events(INSIDE / "best_without_reflector")
    first = json.loads(Path("results/a/best.json").read_text())
    assert [comparison["kind"] for comparison in first["comparisons"]] == ["best_without_reflector"]
    assert first["comparisons"][0]["trials"] == 12

    more = "counterfactual={kinds: [one_more_ap, best_without_reflector, same_access_points], share: 0.75}"
    assert search.main(["--resume", "results/a", more]) == 0
    best = json.loads(Path("results/a/best.json").read_text())
    found = {comparison["kind"]: comparison for comparison in best["comparisons"]}
    assert list(found) == ["one_more_ap", "best_without_reflector", "same_access_points"]
    assert [comparison["trials"] for comparison in found.values()] == [18, 18, None]
    assert [len(comparison["access_points"]) for comparison in found.values()] == [3, 2, 2]
    assert best["p5_rss_dbm"] == pytest.approx(first["p5_rss_dbm"], abs=0.002)
    for comparison in found.values():
        assert comparison["gain_db"] == pytest.approx(best["p5_rss_dbm"] - comparison["p5_rss_dbm"])
    assert found["same_access_points"]["access_points"] == best["access_points"]
    assert run_events(INSIDE / "best_without_reflector")[: len(begun)] == begun

    # It begins at the winner's own access points, and is a run that can be looked at.
    inside = INSIDE / "best_without_reflector"
    proposals = [event.config for event in run_events(inside) if isinstance(event, Proposed)]
    assert proposals[0] == pytest.approx({name: best["genes"][name] for name in proposals[0]})
    assert len({row.trial_id for row in read_rows(inside / "trials.csv")}) == 18
    assert sum(isinstance(event, Finished) for event in run_events(inside)) == 2
    assert load_config(inside / "config.yaml").reflector is None
    assert report.main([str(inside)]) == 0
    run = RunData.read(Path("results/a"))
    assert list(run.maps) == ["all", "best with one more AP instead", "AP 1", "AP 2"]
    capsys.readouterr()
    assert search.main(["--resume", "results/a"]) == 0
    assert "is finished" in capsys.readouterr().out
