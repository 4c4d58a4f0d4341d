"""The report: from a real run, finished or not; read back as text, and used in a browser where there is one."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from search_records.best_map import BestMap
from search_records.result import RankedScore
from tune_reflector import report, search
from tune_reflector.config.config_file import load_config
from tune_reflector.errors import ConfigError
from tune_reflector.reporting import html_page, matplotlib_figures
from tune_reflector.reporting.installation import mountings
from tune_reflector.runs.history import History
from tune_reflector.runs.provenance import Provenance
from tune_reflector.runs.run_data import RunData

QUICK = [
    "launch=local",
    "fidelity.rungs=[2000, 4000]",
    "final={candidates: 2, rays_per_ap: 20000, lattices: 3, variants: [], second_opinion: false}",
    "report={every_s: null, figures: false}",
]


MAPS = ["all", "best without a reflector", "AP 1", "AP 2"]


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


@pytest.fixture(scope="module")
def page(runs: Path) -> Path:
    """The page of a finished run."""
    path = runs / "a" / "report.html"
    assert report.main([str(runs / "a"), "--out", str(path)]) == 0
    return path


def text_of(page: Path) -> str:
    """What is on the page, without scripts."""
    html = re.sub(r"<script.*?</script>", " ", page.read_text(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def along_m(folder: Path) -> str:
    """How far along their walls everything is, as the sheet says it."""
    run = RunData.read(folder)
    assert run.placement is not None
    return " ".join(f"{thing.from_corners_m[0]:.2f} m" for thing in mountings(run.site, run.placement))


def test_the_page_tells_what_the_run_found(runs: Path, page: Path) -> None:
    text, best = text_of(page), json.loads((runs / "a" / "best.json").read_text())
    assert f"P5 {best['p5_rss_dbm']:.1f} ±" in text
    assert "12 of 12 trials" in text
    other = best["comparisons"][0]
    assert f"best without a reflector P5 {other['p5_rss_dbm']:.1f} ±" in text
    assert f"{other['trials']} trials" in text
    x, y, z = best["reflectors"][0]["center_m"]
    assert f"({x:.2f}, {y:.2f}, {z:.2f})" in text
    assert f"from there, along it {along_m(runs / 'a')}" in text
    ranked = RunData.read(runs / "a").history.ranked
    assert f"{ranked[0].trial_id} {ranked[0].result.score.value:.2f}" in text
    assert "budget: trials: 12" in text


def test_the_page_tells_how_far_the_rungs_agree(runs: Path) -> None:
    """Of all trials that have climbed both rungs; of too few, or of one rung, nothing."""
    run = RunData.read(runs / "b")
    low, top = np.array(run.history.climbs).T
    assert len(top) == 12
    html = " ".join(html_page.page([run]).split())
    assert "over 12 placements that have come there" in html
    rms_db, bias_db = np.sqrt(np.mean((low - top) ** 2)), np.mean(low - top)
    assert re.search(rf"<td>1</td><td>2,000</td><td>-?[\d.]+</td><td>{rms_db:.2f}</td><td>[+]?{bias_db:.2f}</td>", html)
    assert len(RunData.read(runs / "a").history.climbs) < html_page.LEAST_CLIMBS
    assert "How far the rungs agree" not in html_page.page([RunData.read(runs / "a")])


def test_a_page_speaks_of_the_objective_of_its_run(tmp_path: Path) -> None:
    """In its headline, its table and at the axes of its figures."""
    few = ["budget.trials=3", "searcher.kind=random", "objective.quantile=0.1"]
    assert search.main([*QUICK, *few, f"results_dir={tmp_path}", "name=p10"]) == 0
    assert report.main([str(tmp_path / "p10")]) == 0
    best = json.loads((tmp_path / "p10" / "best.json").read_text())
    run, text = RunData.read(tmp_path / "p10"), text_of(tmp_path / "p10" / "report.html")
    assert run.best is not None
    assert (run.best.value, run.best.error) == (best["p10_rss_dbm"], best["p10_error_db"])
    assert f"P10 {best['p10_rss_dbm']:.1f} ±" in text
    assert "P10 [dBm]" in text
    assert "P5" not in text
    assert "best P10 RSS so far [dBm]" in (tmp_path / "p10" / "report.html").read_text()
    assert matplotlib_figures.convergence_figure(run).axes[0].get_ylabel() == "best P10 RSS so far [dBm]"


def test_the_page_needs_no_network(page: Path) -> None:
    html = page.read_text()
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=[\"']https?:", html)


def test_a_search_without_a_winner_has_a_page_too(runs: Path) -> None:
    assert report.main([str(runs / "cut")]) == 0
    text = text_of(runs / "cut" / "report.html")
    assert "so far P5 " in text
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
    read = {"parquet": pd.read_parquet, "json": pd.read_json}[kind]
    with (runs / "a" / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    exported = read(path)
    assert list(exported["p5_rss_dbm"]) == pytest.approx([float(row["p5_rss_dbm"]) for row in rows])
    assert list(exported.columns) == list(rows[0])
    assert json.loads((runs / "a" / "export_best.json").read_text())["genes"]


def test_maps_are_those_of_the_measurement(runs: Path) -> None:
    """The score is a quantile of the map of all; a cell's best access point makes its power."""
    run = RunData.read(runs / "b")
    assert list(run.maps) == MAPS
    assert run.best is not None
    cells = run.maps["all"][np.isfinite(run.maps["all"])]
    p5_rss_dbm = 10 * np.log10(np.quantile(10 ** (cells / 10), 0.05))
    assert p5_rss_dbm == pytest.approx(run.best.value, abs=0.01)
    assert np.nanmax(np.abs(np.maximum(run.maps["AP 1"], run.maps["AP 2"]) - run.maps["all"])) < 1e-3


def test_a_folder_that_is_no_run_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main([str(tmp_path)]) == 2
    assert "must be the folder of a run" in capsys.readouterr().err


def test_a_damaged_run_is_refused_in_one_line(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "a", tmp_path / "a")
    (tmp_path / "a" / "best.json").write_text("{")
    with pytest.raises(ConfigError, match="damaged"):
        RunData.read(tmp_path / "a")


BOX = [
    "scene={kind: sionna, name: box}",
    "receivers.zones=[[[1, 1], [4, 1], [4, 4], [1, 4]]]",
    "access_points.areas=[[[-4, -4], [0, -4], [0, 0], [-4, 0]]]",
    "reflector=null",
]


@pytest.mark.parametrize(
    ("settings", "maps"),
    [
        (["scene.plan=office"], ["all", "AP 1", "AP 2"]),
        (["access_points.count=1", "reflector=null"], ["all"]),
        (BOX, ["all", "AP 1", "AP 2"]),
    ],
    ids=["office", "one access point", "no floor plan"],
)
@pytest.mark.parametrize("traced", [True, False])
def test_every_kind_of_run_has_a_page_and_figures(settings: list[str], maps: list[str], traced: bool) -> None:
    """Whatever is in it, and whatever it is called."""
    config, rng = load_config(None, settings), np.random.default_rng(0)
    site = config.site()
    rss_w = rng.exponential(1e-9, (config.access_points.count, site.grid.num_cells))
    best_map = BestMap(site.space.sample(rng), RankedScore(False, 2, -70.0), rss_w) if traced else None
    about = Provenance({}, "CPU <i>&</i>", datetime(2026, 1, 1, tzinfo=UTC), [], "", {})
    folder = Path("a <b> & 'some' \"more\"")
    run = RunData(folder, config, about, None, History(config), best_map, [])
    html = html_page.page([run])
    assert list(run.maps) == (maps if traced else [])
    assert ("For the installer" in html) == traced
    assert html.count('"label":"') == (len(maps) if traced else 0)
    assert "<b>" not in html
    assert "<i>" not in html
    folder.mkdir()
    assert len(matplotlib_figures.save_figures(run)) == (4 if traced else 0)


def test_figures_are_drawn_as_pictures_and_for_print(runs: Path) -> None:
    assert report.main([str(runs / "b")]) == 0
    for name in ("map", "cdf", "convergence", "scene"):
        picture = np.asarray(Image.open(runs / "b" / "figures" / f"{name}.png").convert("RGB"))
        assert picture.std() > 5  # something is on it
        assert (runs / "b" / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_the_maps_share_a_scale_and_the_curve_meets_the_quantile_at_the_score(runs: Path) -> None:
    run = RunData.read(runs / "a")
    assert run.best is not None
    before, after = (axis.images[0] for axis in matplotlib_figures.map_figure(run).axes[:2])
    assert before.get_clim() == after.get_clim()
    assert np.nanmax(after.get_array()) == pytest.approx(np.nanmax(run.maps["all"]))
    axis = matplotlib_figures.cdf_figure(run).axes[0]
    marks = [line.get_xydata()[0] for line in axis.lines if line.get_marker() == "o"]
    scores = [run.best.comparisons[0].value, run.best.value]
    assert np.array(marks) == pytest.approx(np.array([[score, 0.05] for score in scores]), abs=0.01)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


class Tab:
    """A page that is open in a browser, and what it complained of."""

    def __init__(self, browser: Any, page: Path, width: int = 1280, scheme: str = "light") -> None:
        self.complaints: list[str] = []
        self.tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.tab.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.complaints.append(request.url) if "http" in request.url else None)
        self.tab.goto(page.as_uri())
        self.tab.wait_for_selector(".js-plotly-plot .heatmaplayer image", state="attached")

    def shown_maps(self) -> list[str]:
        """Names of the maps that are visible."""
        return list(
            self.tab.evaluate(
                "document.querySelector('.js-plotly-plot').data"
                ".filter(trace => trace.type == 'heatmap' && trace.visible).map(trace => trace.name)"
            )
        )

    def hover(self, x_m: float, y_m: float) -> str:
        """What the map says when the mouse points at a spot [m]."""
        self.tab.mouse.move(0, 0)
        x, y = self.tab.evaluate(
            "([x, y]) => { const plot = document.querySelector('.js-plotly-plot'), box = plot.getBoundingClientRect(),"
            " {xaxis, yaxis} = plot._fullLayout; return [box.left + xaxis._offset + xaxis.d2p(x),"
            " box.top + yaxis._offset + yaxis.d2p(y)]; }",
            [x_m, y_m],
        )
        self.tab.mouse.move(x, y, steps=3)
        self.tab.wait_for_selector(".hoverlayer .hovertext")
        return str(self.tab.text_content(".hoverlayer .hovertext"))

    def contrasts(self) -> dict[str, float]:
        """How well texts stand out from the page: ratio of luminances (WCAG 2.1), by kind of text."""
        colours = self.tab.evaluate(
            "() => { const style = (query, key) => getComputedStyle(document.querySelector(query))[key];"
            " return {paper: style('body', 'backgroundColor'), body: style('body', 'color'),"
            " muted: style('.muted', 'color'), ticks: style('.xtick text', 'fill'), title: style('.xtitle', 'fill'),"
            " parameters: style('.parcoords text', 'fill')}; }"
        )
        luminances = {name: luminance(colour) for name, colour in colours.items()}
        paper = luminances.pop("paper")
        return {name: (max(it, paper) + 0.05) / (min(it, paper) + 0.05) for name, it in luminances.items()}


def luminance(colour: str) -> float:
    """Relative luminance of ``rgb(r, g, b)``."""
    srgb = np.array([int(part) for part in re.findall(r"\d+", colour)[:3]]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_it_readably_without_complaint(width: int, scheme: str, browser: Any, page: Path) -> None:
    shown = Tab(browser, page, width, scheme)
    assert shown.complaints == []
    assert shown.tab.evaluate("document.documentElement.scrollWidth") == width  # nothing sticks out
    assert min(shown.contrasts().values()) > 4.5, shown.contrasts()
    assert shown.tab.locator(".js-plotly-plot").count() == 5
    shown.tab.close()


def test_pointing_at_a_cell_tells_its_power_and_buttons_choose_the_map(browser: Any, page: Path) -> None:
    shown, run = Tab(browser, page), RunData.read(page.parent)
    (x_m, y_m), (row, column) = (17.25, 15.25), (22, 2)  # zones begin at (16, 4); cells are 0.5 m
    for name in MAPS:
        shown.tab.click(f".updatemenu-button:has-text('{name}')")
        assert shown.shown_maps() == [name]
        text = shown.hover(x_m, y_m)
        assert f"({x_m}, {y_m}) m" in text
        told_dbm = float(re.findall(r"([\d.]+) dBm", text)[0])  # after a minus sign that is none of ASCII's
        assert -told_dbm == pytest.approx(run.maps[name][row, column], abs=0.051)
    assert shown.complaints == []
    shown.tab.close()


def test_a_page_of_a_search_that_goes_on_renews_itself_but_not_under_the_hand(browser: Any, runs: Path) -> None:
    path = runs / "live.html"
    path.write_text(html_page.page([RunData.read(runs / "a")], going_on=True))
    tab = browser.new_page()
    tab.clock.install()
    tab.goto(path.as_uri())
    tab.evaluate("window.mark = 1")
    for _ in range(4):
        tab.clock.fast_forward(10_000)
        tab.mouse.move(100, 100)
        tab.mouse.move(200, 200)
    assert tab.evaluate("window.mark") == 1
    with tab.expect_navigation():
        tab.clock.fast_forward(30_000)
    assert tab.evaluate("window.mark") is None
    tab.close()
