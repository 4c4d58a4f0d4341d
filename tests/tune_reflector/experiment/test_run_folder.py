"""The folder of a run: never two processes in one, never lost to a start that comes to nothing, at home anywhere."""

import json
import shutil
import signal
from hashlib import sha256
from pathlib import Path

import pytest

from tests.searches import Search, read_rows
from tune_reflector import report, search
from tune_reflector.config.config_file import load_config
from tune_reflector.runs.claims import Purpose, claim

pytestmark = pytest.mark.slow

QUICK = [
    "launch=local",
    "fidelity.rungs=[2000, 4000]",
    "final={candidates: 2, rays_per_ap: 20000, lattices: 2, variants: [], second_opinion: false}",
    "report={every_s: null, figures: false}",
    "counterfactual.kinds=[]",
    "searcher.kind=random",
]


def run(*arguments: str) -> int:
    return search.main([*QUICK, *arguments])


def files() -> dict[str, bytes]:
    """All that lies in the results, links aside."""
    return {str(path): path.read_bytes() for path in sorted(Path("results").rglob("*")) if path.is_file()}


def trials(folder: str) -> list[tuple[str, int]]:
    return [(row.trial_id, row.iteration) for row in read_rows(Path(folder) / "trials.csv")]


def test_of_two_starts_of_one_name_one_is_refused_whatever_the_moment() -> None:
    """Both want to replace a finished run; the loser says so in one line, and the winner's results are its own."""
    assert run("name=a", "budget.trials=1") == 0
    searches = [Search.start("budget.trials=12", "launch=local", f"seed={seed}", "--overwrite") for seed in (1, 2)]
    outputs = [search.process.communicate()[0] for search in searches]
    codes = [search.process.returncode for search in searches]
    assert sorted(codes) == [0, 2], outputs
    loser = outputs[codes.index(2)]
    assert loser.startswith("name: a run must be at work for one process, but another has results/a; choose")
    assert len(loser.splitlines()) == 1
    seed = codes.index(0) + 1
    assert load_config(Path("results/a/config.yaml")).seed == seed
    assert json.loads(Path("results/a/provenance.json").read_text())["seed"] == seed
    assert len(trials("results/a")) == 24
    assert [path.name for path in Path("results").iterdir()] == ["a"]


def test_two_starts_without_a_name_take_two() -> None:
    searches = [Search("budget.trials=2", *QUICK, folder=Path("results")) for _ in range(2)]
    for one in searches:
        one.end()
    names = {path.name for path in Path("results").iterdir()}
    assert names == {"l_corridor-random", "l_corridor-random-2"}
    assert all(len(trials(f"results/{name}")) == 4 for name in names)


SIGNALLED = """
import os
import signal
import threading
import time
from pathlib import Path


def watch():
    while not (Path("results/.a.replaced").exists() and Path("results/a/journal.log").exists()):
        time.sleep(0.001)
    os.kill(os.getpid(), {number})


signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that it is ignored
threading.Thread(target=watch, daemon=True).start()
"""
"""A module that a search imports first: it signals itself once the old run is aside, however busy others are."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_start_that_ends_before_its_first_result_gives_the_old_run_back(number: signal.Signals) -> None:
    assert run("name=a", "budget.trials=1") == 0
    before = files()
    Path("site").mkdir()
    Path("site/sitecustomize.py").write_text(SIGNALLED.format(number=int(number)))
    settings = [*QUICK, "name=a", "budget.trials=5", "fidelity.rungs=[3000000]", "--overwrite"]
    again = Search(*settings, folder=Path("results/a"), environment={"PYTHONPATH": str(Path("site").absolute())})
    output, _ = again.process.communicate()
    if number == signal.SIGINT:
        assert "results/a is again the run that was to be replaced" in output
        assert "resume" not in output
    else:  # the next process that has to do with it sees to it
        shutil.rmtree("results/a")
        assert search.main(["--resume", "results/a"]) == 0
    assert files() == before


@pytest.mark.parametrize(
    ("purpose", "refused"),
    [
        ("search", [["name=a", "--overwrite"], ["--resume", "results/a"]]),
        ("report", [["name=a", "--overwrite"]]),
    ],
)
def test_what_another_process_works_on_is_left_alone(
    purpose: Purpose, refused: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("name=a", "budget.trials=1") == 0
    before = files()
    with claim(Path("results/a").absolute(), purpose):
        for arguments in refused:
            capsys.readouterr()
            assert search.main(arguments if "--resume" in arguments else [*QUICK, *arguments]) == 2
            assert len(capsys.readouterr().err.splitlines()) == 1
        capsys.readouterr()
        drawn = report.main(["results/a", "--export", "json"])
        assert drawn == (2 if purpose == "report" else 0)
    after = files()
    assert {path: after[path] for path in before} == before


def test_a_run_goes_on_wherever_its_folder_is_and_whatever_it_is_called() -> None:
    """Moved to a name that no new run may have, copied, its copy copied: each is resumed and drawn, again and again."""
    assert run("name=a", "budget.trials=1") == 0
    places = ["results/a moved", "elsewhere/.b", "elsewhere/b (copy)"]
    Path("elsewhere").mkdir()
    shutil.move("results/a", places[0])
    for number, place in enumerate(places):
        if number:
            shutil.copytree(places[number - 1], place)
        for trials_wanted in (2 * number + 2, 2 * number + 3):
            assert search.main(["--resume", place, f"budget.trials={trials_wanted}"]) == 0
            assert len(trials(place)) == 2 * trials_wanted
            assert report.main([place, "--out", "page.html"]) == 0
            assert Path(place).name.replace("&", "&amp;") in Path("page.html").read_text()
    config = load_config(Path(places[-1]) / "config.yaml")
    assert (config.name, str(config.results_dir)) == ("a", "results")
    assert not Path("results/a").exists()


def test_a_run_that_version_0_1_has_called_what_no_run_may_be_called_goes_on() -> None:
    assert run("name=a", "budget.trials=1") == 0
    folder = Path("results/a")
    config, about = folder / "config.yaml", folder / "provenance.json"
    text = config.read_text().replace("name: a ", "name: a moved ")
    assert text != config.read_text()
    config.write_text(text)
    content = json.loads(about.read_text())
    content["config_sha256"].append(sha256(text.encode()).hexdigest())
    about.write_text(json.dumps(content))
    assert search.main(["--resume", "results/a", "budget.trials=2"]) == 0
    assert search.main(["--resume", "results/a", "budget.trials=3"]) == 0
    assert report.main(["results/a", "--export", "json"]) == 0


@pytest.mark.parametrize("setting", ["results_dir", "scene.plan", "scene={kind: xml, path: %s}"])
@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_a_path_too_long_for_the_system_is_told_in_one_line(
    setting: str, dry_run: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = 300 * "a"
    assert search.main([*dry_run, setting % path if "%s" in setting else f"{setting}={path}"]) == 2
    line = capsys.readouterr().err
    assert line.startswith(setting.partition("=")[0])
    assert len(line.splitlines()) == 1
