"""What is shown while a search runs: real searches in processes of their own, watched, interrupted and bereft."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from search_records.events import Finished
from tests.searches import PATIENCE_S, Search, command_line, descendants
from tests.tune_reflector.reporting.test_report import text_of
from tune_reflector import report
from tune_reflector.reporting.live_process import LiveReportProcess
from tune_reflector.runs.run_data import RunData

pytestmark = pytest.mark.slow

SHOWN = ["report={every_s: 1, curves: 3, figures: true}", "launch=local", "searcher.kind=random"]


def wait_for(condition: Callable[[], object], search: Search) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert search.process.poll() is None, search.process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def companions(search: Search) -> list[int]:
    return [pid for pid in descendants(search.process.pid) if b"tune_reflector.reporting.live" in command_line(pid)]


def has_ended(pid: int) -> bool:
    """Whether it runs no more; who started it may not have noticed yet."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


@contextmanager
def stopped(search: Search) -> Iterator[None]:
    """It stands still but lives, so that its companion, which steps back for every other program, catches up."""
    for pid in companions(search):
        with suppress(PermissionError):  # for those who may: other tests run beside this one
            os.setpriority(os.PRIO_PROCESS, pid, 0)
    search.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        search.process.send_signal(signal.SIGCONT)


def page(search: Search) -> str:
    path = search.folder / "report.html"
    return text_of(path) if path.exists() else ""


def test_page_and_tensorboard_are_current_while_the_search_runs_and_complete_at_its_end() -> None:
    search = Search.start(*SHOWN, "budget.trials=60")
    search.wait_for_results(20)
    with stopped(search):
        wait_for(lambda: "so far P5 " in page(search), search)
        first = RunData.read(search.folder)
        assert "the search goes on" in page(search)
        assert first.best is None
        assert first.going_on
        assert list(first.maps) == ["all", "AP 1", "AP 2"]
        before = page(search)
    search.wait_for_results(search.results + 8)
    with stopped(search):
        wait_for(lambda: page(search) != before, search)
    search.process.send_signal(signal.SIGINT)
    search.end(exit_code=130)
    assert "not finished; go on with" in page(search)

    output = Search.resume().end()
    assert "report: results/a/report.html" in output
    run = RunData.read(search.folder)
    best = json.loads((search.folder / "best.json").read_text())
    assert isinstance(run.history.last, Finished)
    assert f"P5 {best['p5_rss_dbm']:.1f} ±" in page(search)
    assert "60 of 60 trials" in page(search)
    assert "data:image/png;base64" in (search.folder / "report.html").read_text()  # the building
    assert sorted(path.name for path in (search.folder / "figures").iterdir()) == [
        f"{name}.{suffix}" for name in ("cdf", "convergence", "map", "scene") for suffix in ("pdf", "png")
    ]
    curves = EventAccumulator(str(search.folder / "tensorboard" / "search")).Reload()
    last = curves.Scalars("best_p5_rss_dbm/by_trials")[-1]
    assert (last.step, last.value) == (run.history.progress.ended, pytest.approx(run.history.progress.best.value))
    pictures = EventAccumulator(str(search.folder / "tensorboard" / "best")).Reload().Images("best_placement")
    assert pictures[-1].step == run.history.progress.ended
    assert len(list((search.folder / "tensorboard" / "trials").iterdir())) == 3
    assert not (search.folder / "report.log").exists()


def test_a_search_that_is_killed_takes_its_companion_along() -> None:
    search = Search.start(*SHOWN, "budget.trials=100000")
    search.wait_for_results(8)
    with stopped(search):
        wait_for(lambda: "so far P5 " in page(search), search)
    (companion,) = companions(search)
    search.process.kill()
    search.process.communicate()
    deadline = time.monotonic() + PATIENCE_S
    while not has_ended(companion):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "not finished; go on with" in page(search)


def test_the_loss_of_the_companion_is_told_of_once_and_costs_nothing_else() -> None:
    search = Search.start(*SHOWN[1:], "report={every_s: 1, figures: false}", "budget.trials=80")
    wait_for(lambda: companions(search), search)
    os.kill(companions(search)[0], signal.SIGKILL)
    output = search.end()
    assert output.count("the report is not kept current any more, the search goes on") == 1
    assert (search.folder / "best.json").exists()


def test_a_companion_gives_back_the_memory_that_a_page_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless its user has decided otherwise."""
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "7")
    companion = LiveReportProcess(tmp_path, 1)
    (pid,) = [child.pid for child in psutil.Process().children() if str(tmp_path) in child.cmdline()]
    environment = psutil.Process(pid).environ()
    assert int(environment["MALLOC_MMAP_THRESHOLD_"]) < 2**20
    assert environment["MALLOC_TRIM_THRESHOLD_"] == "7"
    companion.end()


def test_a_companion_that_fails_says_why(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    companion = LiveReportProcess(tmp_path, 1)  # no run
    companion.end()
    companion.look_after()
    (said,) = caplog.messages
    assert "the report may be out of date: " in said
    assert "must be the folder of a run" in said


def test_a_report_leaves_a_running_search_its_own_files() -> None:
    search = Search.start(*SHOWN, "budget.trials=100000")
    search.wait_for_results(8)
    with stopped(search):
        wait_for(lambda: "so far P5 " in page(search), search)
    board = sorted(path.name for path in (search.folder / "tensorboard" / "search").iterdir())
    assert report.main([str(search.folder)]) == 0
    assert "the search goes on" in page(search)
    assert sorted(path.name for path in (search.folder / "tensorboard" / "search").iterdir()) == board
    search.kill()
