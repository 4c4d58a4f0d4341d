"""Searches in Python: in any thread, one after another, after a failure; what they found is what their folder tells."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

import tune_reflector as tr

QUICK = {
    "fidelity": {"rungs": [2_000, 4_000]},
    "final": {"candidates": 1, "rays_per_ap": 10_000, "lattices": 2, "variants": [], "second_opinion": False},
    "counterfactual": {"kinds": ["same_access_points"]},
    "report": {"every_s": None, "figures": False},
    "searcher": {"kind": "random"},
    "budget": {"trials": 3},
    "launch": "local",
}


def test_in_a_thread_after_a_failure_and_twice(capfd: pytest.CaptureFixture[str]) -> None:
    config = tr.load_config(None, **QUICK)

    def use() -> list[tr.Run]:
        with pytest.raises(tr.SearchError, match="no placement gives any of the 256 receiver cells more than"):
            tr.search(tr.load_config(config, **{"access_points.power_dbm": -90, "name": "weak"}))
        return [tr.search(tr.load_config(config, name=name)) for name in ("a", "b")]

    with ThreadPoolExecutor(1) as threads:
        a, b = threads.submit(use).result()
    assert capfd.readouterr().out == ""
    assert a.genes == b.genes
    assert a.score == pytest.approx(b.score, abs=1e-3)
    assert a.folder == Path("results/a").absolute()
    best = json.loads((a.folder / "best.json").read_text())
    assert (a.score, a.error, a.coverage, a.outage) == tuple(
        best[key] for key in ("p5_rss_dbm", "p5_error_db", "coverage_share", "outage")
    )
    assert a.placement is not None
    assert a.placement.to_json()["access_points"] == best["access_points"]
    (compared,) = a.comparisons
    assert compared.gain == best["comparisons"][0]["gain_db"]
    assert set(a.maps) == {"all", "AP 1", "AP 2", compared.label}
    assert set(a.figures()) == {"map", "cdf", "convergence"}
    pd.testing.assert_frame_equal(a.trials, pd.read_csv(a.folder / "trials.csv", dtype={"trial_id": str}))

    evaluated = tr.evaluate(config, a.placement)
    same = pytest.approx((a.score, a.error, compared.gain), abs=1e-3)  # the same samples, not one ray else
    assert evaluated.compared is not None
    assert (evaluated.score, evaluated.error, evaluated.compared.gain) == same

    saved = tr.load_run(a.save("elsewhere"))
    assert (saved.name, saved.score, saved.genes) == ("elsewhere", a.score, a.genes)
    with pytest.raises(tr.ConfigError, match="must be a new one"):
        a.save("elsewhere")
    more = tr.resume("elsewhere", **{"budget.trials": 4})
    assert more.trials.trial_id.nunique() == 4
    with pytest.raises(tr.ConfigError, match="a run must have a new name"):
        tr.search(tr.load_config(config, name="a"))


@pytest.mark.slow
def test_ray_runs_in_a_thread_too() -> None:
    config = tr.load_config(None, **QUICK | {"launch": "ray", "budget": {"trials": 2, "max_concurrent": 1}})
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(tr.search, config).result()
    assert run.finished
    assert run.trials.trial_id.nunique() == 2
