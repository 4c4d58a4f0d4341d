"""A scene from elsewhere is loaded in a child process before anything else loads it."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.meshes import ply, write_scene
from tests.searches import PATIENCE_S
from trainables.buildings import scene_probe
from trainables.buildings.floor_plan_scene import FloorPlanScene
from trainables.buildings.sionna_scene import SionnaScene
from trainables.buildings.xml_scene import XmlScene
from tune_reflector import report, search

OUT_OF_RANGE = ply(faces=[(0, 1, 2), (0, 2, 2**31 - 1)])
"""Ends a process that loads it with Sionna: SIGSEGV."""


def probe(path: Path) -> str | None:
    return XmlScene(path=path).probe(3.5e9, "auto")


@pytest.mark.slow
def test_a_good_scene_passes_in_a_folder_that_means_ill(tmp_path: Path) -> None:
    """What would be found in the working folder first: libraries and a package to run, and another mesh."""
    for name in ("plugins/ply.so", "meshes/box.ply", "trainables/__init__.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("nothing good")
    assert probe(SionnaScene(name="box").file) is None


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL])
def test_whatever_kills_the_loader_is_told_in_one_line(tmp_path: Path, how: signal.Signals) -> None:
    path = write_scene(tmp_path, ply())
    with ThreadPoolExecutor() as pool:
        complaint = pool.submit(probe, path)
        deadline = time.monotonic() + PATIENCE_S
        while not (found := _children(path)):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        found[0].send_signal(how)
        assert complaint.result(PATIENCE_S) == (
            f"path: must be a scene that Sionna can load, but a process that loaded {str(path)!r} ended with "
            f"{how.name} (it said nothing); export it again"
        )


def _children(path: Path) -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if str(path) in child.cmdline()]


def test_a_scene_that_takes_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_probe, "PATIENCE_S", 0.001)
    path = write_scene(tmp_path, ply())
    complaint = probe(path)
    assert complaint is not None
    assert complaint.startswith("path: must be a scene that loads within 0.001 s")
    assert not _children(path)


@pytest.mark.parametrize("source", [FloorPlanScene(), SionnaScene(name="box")])
def test_what_comes_with_the_program_needs_no_look(
    source: FloorPlanScene | SionnaScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    assert source.probe(3.5e9, "auto") is None


SETTINGS = [
    "launch=local",
    "name=a",
    "budget.trials=1",
    "searcher.kind=random",
    "fidelity.rungs=[1000]",
    "final={candidates: 1, rays_per_ap: 1000, lattices: 2, variants: [], second_opinion: false}",
    "report={every_s: null, figures: false}",
    "counterfactual.kinds=[]",
    "receivers.zones=[[[-2,-2],[2,-2],[2,2],[-2,2]]]",
    "access_points={areas: [[[-2,-2],[2,-2],[2,2],[-2,2]]], height_m: 2}",
    "reflector=null",
]


@pytest.mark.slow
def test_every_command_that_loads_a_scene_looks_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_scene(tmp_path / "house", ply())
    settings = [*SETTINGS, f"scene={{kind: xml, path: {path}}}"]
    assert search.main(settings) == 0

    write_scene(tmp_path / "house", OUT_OF_RANGE)
    line = "scene.path: faces of mesh 'meshes/plate.ply' must be made of its vertices, 0 to 3, but got 2147483647"
    done = subprocess.run(
        [sys.executable, "-m", "tune_reflector.search", "--dry-run", *settings, "name=b"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, f"{line}; export it again\n"), done.stdout
    capsys.readouterr()
    assert search.main(["--resume", "results/a", "budget.trials=2"]) == 2
    assert capsys.readouterr().err == f"{line}; export it again\n"
    assert report.main(["results/a"]) == 0
    assert capsys.readouterr().err == f"the building is not drawn: {line}; export it again\n"
    assert Path("results/a/report.html").exists()


def test_a_scene_without_shapes_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "scene.xml"
    path.write_text('<scene version="2.1.0"/>')
    assert search.main(["--dry-run", *SETTINGS, f"scene={{kind: xml, path: {path}}}"]) == 2
    said = f"scene.path must be a scene with shapes, but {str(path)!r} has none; export it with its meshes\n"
    assert capsys.readouterr().err == said
