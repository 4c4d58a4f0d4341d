"""A run's folder that came from somebody else: whatever is in it, a report or a resume answers with its work or in one
line, and writes nowhere else.
"""

import contextlib
import io
import json
import math
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tune_reflector import report, search

pytestmark = pytest.mark.slow

SOAK_FILES = int(os.environ.get("SOAK_FILES", "0"))
"""How many spoilt folders ``make soak`` reads; without it as many as take half a minute."""

COMMANDS: dict[str, Callable[[Path], int]] = {
    "--export": lambda run: report.main([str(run), "--export", "json"]),
    "--out": lambda run: report.main([str(run), "--out", str(run.parent / "page.html")]),
    "--resume": lambda run: search.main(["--resume", str(run)]),
    "report": lambda run: report.main([str(run)]),
    "a larger budget": lambda run: search.main(["--resume", str(run), "budget.trials=7"]),
}
"""What people do with a run, the quick ways first."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with a refinement, and a map, a page, curves and pictures."""
    folder = tmp_path_factory.mktemp("runs")
    arguments = [f"results_dir={folder}", "name=a", "launch=local", "budget.trials=6", "fidelity.rungs=[2000, 4000]"]
    arguments += ["searcher={kind: ga, population: 3}", "refine={searcher: {kind: random}, candidates: 1, trials: 2}"]
    arguments += ["final={candidates: 2, rays_per_ap: 4000, lattices: 2, variants: [], second_opinion: false}"]
    arguments += ["report.every_s=null", "counterfactual.share=0.1"]
    assert search.main(arguments) == 0
    assert report.main([str(folder / "a")]) == 0
    return folder / "a"


class Place:
    """A folder with a copy of a run and, beside it, what must stay as it is."""

    def __init__(self, folder: Path, whole: Path) -> None:
        self.folder = folder
        self.run = folder / "results" / "a"
        shutil.copytree(whole, self.run, symlinks=True)
        victim = folder / "victim"
        (victim / "best").mkdir(parents=True)
        for path in (victim / "file", victim / "best" / "events.out", self.run.parent / "b.txt"):
            path.write_text("mine")

    def outside(self) -> dict[str, str]:
        """All files beside the run, but for a page that was asked for."""
        found = (path for path in self.folder.rglob("*") if self.run not in path.parents and path.is_file())
        return {str(path): path.read_text() for path in found if path.name != "page.html"}

    def do(self, command: str) -> tuple[int, str]:
        """Exit code and complaints."""
        before, out, complaints = self.outside(), io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaints):
            code = COMMANDS[command](self.run)
        assert self.outside() == before
        return code, complaints.getvalue()


def is_done_or_refused(place: Place, command: str) -> int:
    """Assert that a command has done its work or said in one line why not; returns its exit code."""
    code, complaints = place.do(command)
    lines = complaints.splitlines()
    assert code in (0, 1, 2)
    assert code != 2 or (len(lines) == 1 and len(lines[0]) < 1500), complaints
    return code


@pytest.fixture
def place(tmp_path: Path, whole: Path) -> Place:
    return Place(tmp_path, whole)


def line_of(event: dict[str, Any]) -> bytes:
    """As a journal holds it, with a checksum that is right."""
    text = json.dumps(event).encode()
    return b"%08x %b\n" % (zlib.crc32(text), text)


def journal_with(place: Place, **change: Any) -> None:
    """The journal's first result says something else, with a checksum that is right."""
    path = place.run / "journal.log"
    events = [json.loads(line.partition(b" ")[2]) for line in path.read_bytes().splitlines()]
    first = next(event for event in events if event["event"] == "reported")
    first.update({key: value for key, value in change.items() if key in first})
    first["result"].update({key: value for key, value in change.items() if key not in first})
    path.write_bytes(b"".join(map(line_of, events)))


def best_with(place: Place, text: str) -> None:
    (place.run / "best.json").write_text(text)


def provenance_with(place: Place, **change: Any) -> None:
    path = place.run / "provenance.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


def config_with(place: Place, text: str) -> None:
    """Whoever changes a configuration can change its digest, too."""
    (place.run / "config.yaml").write_text(text)
    provenance_with(place, config_sha256=[sha256(text.encode()).hexdigest()])


def map_with(place: Place, **arrays: Any) -> None:
    path = place.run / "maps.npz"
    with np.load(path) as loaded:
        before = {name: loaded[name] for name in loaded.files}
    np.savez_compressed(path, **(before | arrays))


REFUSED: dict[str, Callable[[Place], object]] = {
    "best: a mapping of nothing": lambda place: best_with(place, "{}"),
    "best: a list": lambda place: best_with(place, "[]"),
    "best: a text": lambda place: best_with(place, '"good"'),
    "best: infinite": lambda place: best_with(
        place, (place.run / "best.json").read_text().replace('"p5_rss_dbm": -', '"p5_rss_dbm": -Infinity, "x": -', 1)
    ),
    "best: huge": lambda place: best_with(
        place, (place.run / "best.json").read_text().replace('"p5_error_db": ', '"p5_error_db": 1e308, "x": ', 1)
    ),
    "best: nested": lambda place: best_with(place, "[" * 100_000),
    "best: in another encoding": lambda place: (place.run / "best.json").write_text("{}", encoding="utf-16"),
    "provenance: a list": lambda place: (place.run / "provenance.json").write_text("[]"),
    "provenance: no session": lambda place: provenance_with(place, sessions=[]),
    "provenance: a session that is none": lambda place: provenance_with(place, sessions=["today"]),
    "provenance: another day": lambda place: provenance_with(place, sessions=[{"started": "tomorrow"}]),
    "journal: empty": lambda place: (place.run / "journal.log").write_bytes(b""),
    "journal: missing": lambda place: (place.run / "journal.log").unlink(),
    "journal: trial elsewhere": lambda place: journal_with(place, trial="../../victim"),
    "journal: no number": lambda place: journal_with(place, rays_per_ap="many"),
    "journal: endless": lambda place: journal_with(place, elapsed_s=math.inf),
    "journal: more than there is": lambda place: journal_with(place, iteration_rays_per_ap=10**400),
    "journal: a gene is a list": lambda place: journal_with(place, x1=[1.0]),
    "config: of another search": lambda place: config_with(place, "launch: local\nfidelity: {rungs: [2000, 4000]}\n"),
    "link: a folder": lambda place: (
        shutil.rmtree(place.run / "tensorboard"),
        (place.run / "tensorboard").symlink_to(place.folder / "victim"),
    ),
    "link: a file": lambda place: (
        (place.run / "report.html").unlink(missing_ok=True),
        (place.run / "report.html").symlink_to(place.folder / "victim" / "file"),
    ),
    "a pipe": lambda place: ((place.run / "maps.npz").unlink(), os.mkfifo(place.run / "maps.npz")),
}


@pytest.mark.parametrize("command", ["--export", "--out", "--resume", "report"])
@pytest.mark.parametrize("attack", REFUSED)
def test_an_attack_is_refused_in_one_line(attack: str, command: str, place: Place) -> None:
    REFUSED[attack](place)
    assert is_done_or_refused(place, command) == 2


IGNORED: dict[str, Callable[[Place], object]] = {
    "table: in another encoding": lambda place: (place.run / "trials.csv").write_text("a,b\n1,2\n", encoding="utf-16"),
    "table: of something else": lambda place: (place.run / "trials.csv").write_text("a,b\n1,2\n"),
    "generations: of something else": lambda place: (place.run / "generations.csv").write_bytes(b"a,b\n1,\xff\n"),
    "map: of another search": lambda place: map_with(place, rss_w=np.ones((7, 3))),
    "map: infinite": lambda place: map_with(place, rss_w=np.full((2, 256), np.inf)),
    "map: of a placement elsewhere": lambda place: map_with(place, gene_values=np.full(12, 1e300)),
    "map: a bomb": lambda place: map_with(place, other=np.zeros(10**8)),
    "map: a pickle": lambda place: map_with(place, other=np.array([{}], dtype=object)),
}


@pytest.mark.parametrize("attack", IGNORED)
def test_what_is_only_for_show_or_made_anew_does_no_harm(attack: str, place: Place) -> None:
    IGNORED[attack](place)
    for command in ("--export", "--out", "--resume"):
        assert is_done_or_refused(place, command) == 0


def test_what_is_made_anew_is_whole_again(place: Place) -> None:
    table = (place.run / "trials.csv").read_text()
    for attack in ("table: of something else", "generations: of something else", "map: infinite"):
        IGNORED[attack](place)
    assert is_done_or_refused(place, "a larger budget") == 0
    assert (place.run / "trials.csv").read_text().startswith(table)
    assert is_done_or_refused(place, "report") == 0


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, "", "x", "../..", "<b>", [], {}, [[]], -1, 0, 1e308, -1e308, 2**70, math.nan, math.inf, [1], {"a": 1}]
)


def places_in(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to everything in plain data."""
    yield path
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places_in(inner, (*path, key))


def changed(data: st.DataObject, node: Any) -> Any:
    """Plain data with something odd somewhere in it."""
    path, value = data.draw(st.sampled_from(list(places_in(node)))), data.draw(ODD)
    if not path:
        return value
    inner = node
    for key in path[:-1]:
        inner = inner[key]
    if data.draw(st.booleans()):
        inner[path[-1]] = value
    else:
        del inner[path[-1]]
    return node


def spoil_json(data: st.DataObject, path: Path) -> None:
    path.write_text(json.dumps(changed(data, json.loads(path.read_text()))))


def spoil_journal(data: st.DataObject, path: Path) -> None:
    """Events change, get lost, come twice or in another order; checksums and numbers are right again."""
    events = [json.loads(line.partition(b" ")[2]) for line in path.read_bytes().splitlines()]
    number = data.draw(st.integers(0, len(events) - 1))
    match data.draw(st.sampled_from(["change", "change", "change", "drop", "repeat", "swap"])):
        case "change":
            event = changed(data, events[number])
            events[number] = event if isinstance(event, dict) else {"event": event}
        case "drop":
            del events[number]
        case "repeat":
            events.insert(data.draw(st.integers(0, len(events))), dict(events[number]))
        case "swap":
            other = data.draw(st.integers(0, len(events) - 1))
            events[number], events[other] = events[other], events[number]
    path.write_bytes(b"".join(line_of({**event, "n": n}) for n, event in enumerate(events)))


def spoil_bytes(data: st.DataObject, path: Path) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=8))
    path.write_bytes(content)


def spoil_kind(data: st.DataObject, path: Path) -> None:
    """Something else is in its place."""
    victim = path.parents[2] / "victim" / "file"
    path.unlink()
    match data.draw(st.sampled_from(["nothing", "empty", "folder", "link", "pipe", "utf-16", "zeros"])):
        case "empty":
            path.touch()
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(victim)
        case "pipe":
            os.mkfifo(path)
        case "utf-16":
            path.write_text("a: 1\n", encoding="utf-16")
        case "zeros":
            path.write_bytes(bytes(100_000))


def spoil(data: st.DataObject, run: Path) -> str:
    """Spoil a file, whose name it returns; a digest of the configuration fits again."""
    files = sorted(path.name for path in run.iterdir() if path.is_file())
    path = run / data.draw(st.sampled_from([*files, *["journal.log"] * 8, *["best.json", "provenance.json"] * 3]))
    ways = [spoil_bytes, spoil_kind]
    ways += {"journal.log": [spoil_journal] * 6}.get(path.name, [])
    ways += [spoil_json] * 4 if path.suffix == ".json" else []
    data.draw(st.sampled_from(ways))(data, path)
    config, about = run / "config.yaml", run / "provenance.json"
    if path == config and path.is_file() and not path.is_symlink():
        content = json.loads(about.read_text())
        content["config_sha256"].append(sha256(config.read_bytes()).hexdigest())
        about.write_text(json.dumps(content))
    return path.name


NUMBERS = count()


@given(data=st.data())
@settings(max_examples=5 * SOAK_FILES or 40)
def test_whatever_file_is_spoilt_it_is_done_or_refused(
    data: st.DataObject, whole: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / f"spoilt-{next(NUMBERS)}"
    try:
        place = Place(folder, whole)
        name = spoil(data, place.run)
        commands = ["--export"] * 8 + ["--out"] * 2 + ["report"]
        if name != "config.yaml":  # a search that is asked for more goes on, for hours if it is told so
            commands += ["--resume"] * 8 + ["a larger budget"]
        is_done_or_refused(place, data.draw(st.sampled_from(commands)))
    finally:
        shutil.rmtree(folder)
