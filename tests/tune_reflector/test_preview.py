"""The command line of the preview: what it draws, what it lists, what it leaves alone."""

from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from trainables.buildings.floor_plan import bundled_floor_plans
from tune_reflector import preview, search

PICTURES = {"plan.png", "plan.pdf", "scene.png", "scene.pdf"}


class Sources(HTMLParser):
    """What a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href")]


def files(folder: str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


def test_the_quick_start_is_drawn_and_nothing_is_wrong_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert preview.main([]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "256 receiver cells of 0.5 m at 1.5 m" in told.out
    assert "28.0 dBm EIRP at 5.18 GHz; limits: 23 dBm (ETSI EN 301 893), 36 dBm (FCC 47 CFR 15.407)" in told.out
    assert files("preview/quick-start") == PICTURES | {"preview.html"}
    for name in ("plan", "scene"):
        assert plt.imread(Path(f"preview/quick-start/{name}.png")).std() > 0.02
        assert Path(f"preview/quick-start/{name}.pdf").read_bytes().startswith(b"%PDF")
    page = Sources()
    page.feed(Path("preview/quick-start/preview.html").read_text())
    assert len(page.found) == 3
    assert all(source.startswith("data:") for source in page.found)


def test_everything_that_is_wrong_is_listed_and_the_rest_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    plan = bundled_floor_plans()["office"].read_text()
    plan = plan.replace("thickness_m: 0.012", "thickness_m: 12").replace("material: glass", "material: glas")
    Path("plan.yaml").write_text(plan)
    Path("mine.yaml").write_text(
        "scene: {plan: plan.yaml}\nreceivers:\n  height_m: 2.9\nscheduler: {knd: asha}\nradio: {refraction: true}\n"
    )
    assert preview.main(["mine.yaml", "--flat", "-o", "out"]) == 2
    lines = capsys.readouterr().err.splitlines()
    front = next(number for number, line in enumerate(plan.splitlines(), 1) if "glas" in line and "material" in line)
    assert len(lines) == 3, lines
    assert lines[0].startswith("scene.plan: walls.1.material: must be one of")
    assert lines[0].endswith(f"(plan.yaml:{front}:5)")
    assert lines[1].startswith("scheduler.knd: unknown key; did you mean 'kind'?")
    assert lines[1].endswith("(mine.yaml:4:13)")
    assert lines[2].startswith("receivers.height_m must be below the ceiling at 2.8 m, but got 2.9")
    assert files("out") == {"plan.png", "plan.pdf", "preview.html"}
    page = Path("out/preview.html").read_text()
    assert all(word in page for word in ("What is wrong", "scheduler.knd", "plan.yaml"))
    walls = plt.imread(Path("out/plan.png"))[..., :3]
    assert np.mean(np.all(walls < 0.1, axis=-1)) > 0.001, "the concrete that is right is drawn"


@pytest.mark.parametrize(
    "words",
    [
        ["scene={kind: sionna, name: box}"],
        ["scene={kind: sionna, name: box}", "receivers.zones=[[1, 2], [2, 2], [2, 1]]"],
        ["scene={kind: sionna, name: box}", "reflector=null", "receivers.zones=[[[-4, -4], [4, -4], [4, 4]]]",
         "access_points.areas=[[[-4, -4], [4, -4], [4, 4]]]", "access_points.height_m=9", "receivers.height_m=8"],
        ["reflector.size_m=[9, 9]"],
        ["access_points.areas=[[[50, 50], [60, 50], [60, 60]]]"],
        ["access_points.min_separation_m=80"],
    ],
    ids=["no-zones", "a-bracket", "above", "large-plate", "areas-outside", "no-room"],
)  # fmt: skip
def test_a_problem_that_cannot_be_searched_is_drawn(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert preview.main([*words, "--flat"]) == 2
    told = capsys.readouterr()
    assert told.err
    assert "Traceback" not in told.err
    assert plt.imread(Path("preview/quick-start/plan.png")).std() > 0.02


@pytest.mark.parametrize("words", [["a.yaml"], ["scene.plan=nowhere.yaml"], ["scene.kind=castle"], ["bad"], ["a", "b"]])
def test_what_cannot_be_drawn_at_all_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad").write_text("radio: [\n")
    assert preview.main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert not Path("preview").exists()


def test_nothing_is_overwritten_but_an_earlier_preview(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("thesis.tex", "plan.png", "preview.html"):
        folder = Path(f"with-{name}")
        folder.mkdir()
        (folder / name).write_text("years of work")
        assert preview.main(["--flat", "-o", str(folder)]) == 2
        assert "--out: must be a folder of its own or an earlier preview" in capsys.readouterr().err
        assert (folder / name).read_text() == "years of work"
    Path("file").write_text("")
    assert preview.main(["--flat", "-o", "file"]) == 2
    for _ in range(2):
        assert preview.main(["--flat", "-o", "new"]) == 0


def test_the_office_floor_is_drawn_with_nothing_wrong_and_can_be_searched(capsys: pytest.CaptureFixture[str]) -> None:
    floor = str(Path(__file__).parents[2] / "configs/office_floor.yaml")
    assert preview.main([floor, "fidelity.rungs=[2000]", "--flat", "-o", "floor"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "2 access points to place, 1 there already; 1 plate" in told.out
    assert plt.imread(Path("floor/plan.png")).std() > 0.02
    assert search.main([floor, "fidelity.rungs=[2000]", "--dry-run"]) == 0
    assert "genes    8 (3ap_reflector): x1, y1, x2, y2, refl_u, refl_v, focal_x, focal_y" in capsys.readouterr().out


def test_a_plate_that_is_there_is_told_and_drawn_and_one_that_faces_its_wall_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = "reflectors=[{}, {name: old, fixed: {center_m: [8, 3.9, 1.5], normal: [0, %s, 0]}}]"
    assert preview.main([old % -1, "--flat", "-o", "out"]) == 0
    assert "2 access points to place, 0 there already; 1 plate to place, 1 there already" in capsys.readouterr().out
    pictures = [plt.imread(Path("out/plan.png"))]
    assert preview.main(["reflectors=[{}]", "--flat", "-o", "out"]) == 0
    pictures.append(plt.imread(Path("out/plan.png")))
    assert pictures[0].shape != pictures[1].shape or not np.array_equal(*pictures)
    capsys.readouterr()
    assert preview.main([old % 1, "--flat", "-o", "out"]) == 2
    told = (
        "reflectors.1.fixed must face the room, but a surface stands within 0.25 m before 100 % of the plate at [8.0, "
    )
    assert told in capsys.readouterr().err


def test_the_street_canyon_is_drawn_with_nothing_wrong_and_can_be_searched(capsys: pytest.CaptureFixture[str]) -> None:
    canyon = str(Path(__file__).parents[2] / "configs/street_canyon.yaml")
    assert preview.main([canyon, "fidelity.rungs=[20000]", "--flat", "-o", "canyon"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "432 receiver cells of 1 m at 1.5 m above the ground\nof 486 cells 54 lie inside buildings" in told.out
    assert plt.imread(Path("canyon/plan.png")).std() > 0.02
    assert search.main([canyon, "fidelity.rungs=[2000]", "--dry-run"]) == 0
    assert "432 receiver cells (crosses): of 486 cells 54 lie inside buildings" in capsys.readouterr().out
