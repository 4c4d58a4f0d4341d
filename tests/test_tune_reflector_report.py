"""The report: from a real run, finished or not; read back as text, and opened in a browser where there is one."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tune_reflector import report, search
from tune_reflector.config_file import ConfigError
from tune_reflector.run_data import RunData

QUICK = [
    "launch=local",
    "fidelity.rungs=[2000, 4000]",
    "final={candidates: 2, rays_per_ap: 20000, lattices: 3}",
    "report={every_s: null, figures: false}",
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two finished runs, ``a`` with ASHA and ``b``, and one that was interrupted, ``cut``."""
    folder = tmp_path_factory.mktemp("runs")
    for name, scheduler in (("a", "asha"), ("b", "fifo")):
        arguments = [f"results_dir={folder}", f"name={name}", "budget.trials=12", "searcher.kind=random"]
        assert search.main([*QUICK, *arguments, f"scheduler.kind={scheduler}"]) == 0
    shutil.copytree(folder / "a", folder / "cut")
    for name in ("best.json", "maps.npz"):
        (folder / "cut" / name).unlink()
    journal = folder / "cut" / "journal.log"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))  # all but that it has finished
    return folder


def text_of(page: Path) -> str:
    """What is on the page, without scripts."""
    html = re.sub(r"<script.*?</script>", " ", page.read_text(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_the_page_tells_what_the_run_found(runs: Path) -> None:
    assert report.main([str(runs / "a")]) == 0
    text, best = text_of(runs / "a" / "report.html"), json.loads((runs / "a" / "best.json").read_text())
    assert f"P5 {best['p5_rss_dbm']:.1f} ±" in text
    assert "12 of 12 trials" in text
    x, y, z = best["access_points"][0]["position_m"]
    assert f"{x:.2f} m east, {y:.2f} m north" in text
    assert f"{20 - x:.2f} m west, {20 - y:.2f} m south {z:.2f} m" in text
    ranked = RunData.read(runs / "a").ranked
    assert f"{ranked[0].trial_id} {ranked[0].values['p5_rss_dbm']:.2f}" in text
    assert "budget: trials: 12" in text


def test_the_page_needs_no_network(runs: Path) -> None:
    assert report.main([str(runs / "a")]) == 0
    html = (runs / "a" / "report.html").read_text()
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=[\"']https?:", html)


def test_a_search_that_goes_on_has_a_page_too(runs: Path) -> None:
    assert report.main([str(runs / "cut")]) == 0
    text = text_of(runs / "cut" / "report.html")
    assert "dBm so far" in text
    assert "For the installer" not in text


def test_several_runs_share_a_page(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "both.html"
    assert report.main([str(runs / "a"), str(runs / "b"), "--out", str(out)]) == 0
    text = text_of(out)
    assert text.startswith("a, b")
    scores = {name: json.loads((runs / name / "best.json").read_text())["p5_rss_dbm"] for name in ("a", "b")}
    first, second = sorted(scores, key=lambda name: -scores[name])
    assert text.index(f"{first} {scores[first]:.2f}") < text.index(f"{second} {scores[second]:.2f}")


@pytest.mark.parametrize("kind", report.FORMATS)
def test_an_export_reads_back_as_the_table(kind: str, runs: Path) -> None:
    assert report.main([str(runs / "a"), "--export", kind]) == 0
    path = runs / "a" / f"export.{kind}"
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}[kind]
    rows = RunData.read(runs / "a").rows
    assert list(read(path)["p5_rss_dbm"]) == pytest.approx([row.values["p5_rss_dbm"] for row in rows])
    assert json.loads((runs / "a" / "export_best.json").read_text())["genes"]


def test_maps_are_those_of_the_measurement(runs: Path) -> None:
    """The score is a quantile of the map of all; a cell's best access point makes its power."""
    import numpy as np

    run = RunData.read(runs / "b")
    assert list(run.maps) == ["all", "without reflector", "AP 1", "AP 2"]
    assert run.best is not None
    cells = run.maps["all"][np.isfinite(run.maps["all"])]
    p5_rss_dbm = 10 * np.log10(np.quantile(10 ** (cells / 10), 0.05))
    assert p5_rss_dbm == pytest.approx(run.best["p5_rss_dbm"], abs=0.01)
    assert np.nanmax(np.abs(np.maximum(run.maps["AP 1"], run.maps["AP 2"]) - run.maps["all"])) < 1e-3


def test_a_folder_that_is_no_run_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main([str(tmp_path)]) == 2
    assert "must be the folder of a run" in capsys.readouterr().err


def test_a_damaged_run_is_refused_in_one_line(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "a", tmp_path / "a")
    (tmp_path / "a" / "best.json").write_text("{")
    with pytest.raises(ConfigError, match="damaged"):
        RunData.read(tmp_path / "a")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium (apt-get install chromium)")
def test_a_browser_draws_it_without_complaint(runs: Path) -> None:
    assert report.main([str(runs / "a")]) == 0
    browser = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"]
    page = (runs / "a" / "report.html").as_uri()
    done = subprocess.run(
        [*browser, "--virtual-time-budget=8000", "--enable-logging=stderr", "--dump-dom", page],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line and "GL" not in line]
    assert complaints == []  # but of the graphics that are drawn without a card
    assert done.stdout.count('class="main-svg"') >= 4
    assert done.stdout.count("updatemenu-button") >= 4
