"""Whatever dies, and whenever: the search goes on from where it was, and ends as if nothing had happened."""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from callbacks.rows import read_rows
from tests.searches import Search, last_results, proposed

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("SOAK_KILLS", "10"))
"""How often a search is killed; ``make soak`` sets more."""

GA = ["searcher={kind: ga, population: 8}", "seed=3"]


@pytest.fixture(scope="module", autouse=True)
def ray_folder() -> Iterator[None]:
    """Ray's own files go to a folder of their own (a short one: a socket's path must fit 107 characters)."""
    with TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        yield


def outcome(name: str) -> dict[tuple[float, ...], float]:
    """The score of every placement at every rung, by genes and rung."""
    rows = list(read_rows(Path("results") / name / "trials.csv"))
    genes = [column for column in rows[0].values if column[:2] in ("x1", "y1", "x2", "y2", "di", "re", "fo")]
    found = {(*(row.values[gene] for gene in genes), row.values["rung"]): row.values["p5_rss_dbm"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_search_that_is_killed_again_and_again_ends_as_if_nothing_had_happened() -> None:
    """A generational GA: the same winner, and the same set of placements with the same scores.

    A rung that was traced but not saved when the search was killed is traced again; no trial is lost, none begins
    from zero that had a checkpoint, none is run to its end twice.
    """
    dice, per_kill = random.Random(KILLS), 5
    budget = f"budget.trials={KILLS * per_kill + 10}"
    Search.start(*GA, budget, "launch=local", name="whole").end()
    search = Search.start(*GA, budget)
    killed = 0
    while killed < KILLS:
        before = search.results
        if pause := dice.randrange(2 * per_kill):
            search.wait_for_results(before + pause)
        time.sleep(dice.uniform(0.0, 0.3 if pause else 8.0))  # without results: while it starts
        assert search.process.poll() is None, "it ended before it was killed"
        ended = last_results(search.events)
        search.kill()
        killed += 1
        search = Search.resume()
        assert last_results(search.events).items() >= ended.items()
    search.end()

    events = search.events
    trials = proposed(events)
    assert len(trials) == KILLS * per_kill + 10
    assert last_results(events).keys() == trials.keys()
    repeated = [event for event in events if event["event"] == "repeated"]
    print(f"{killed} kills survived, 0 of {len(trials)} trials lost, {len(repeated)} rungs traced again")
    assert len(repeated) <= 2 * killed
    found, expected = outcome("a"), outcome("whole")
    assert found.keys() == expected.keys()
    for key, p5_rss_dbm in found.items():
        assert p5_rss_dbm == pytest.approx(expected[key], abs=0.002)
    best, whole = (json.loads(Path(f"results/{name}/best.json").read_text()) for name in ("a", "whole"))
    assert best["genes"] == whole["genes"]
    assert best["p5_rss_dbm"] == pytest.approx(whole["p5_rss_dbm"], abs=0.002)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_search_gently(number: signal.Signals, code: int) -> None:
    """Ctrl-C reaches the whole foreground group, as a terminal sends it."""
    search = Search.start("budget.trials=40", "searcher.kind=random")
    search.wait_for_results(12)
    if number == signal.SIGINT:
        os.killpg(search.process.pid, number)
    else:
        search.process.send_signal(number)
    output = search.end(code)
    assert "--resume results/a" in output
    before = list(read_rows(Path("results/a/trials.csv")))
    again = Search.resume()
    again.end()
    after = list(read_rows(Path("results/a/trials.csv")))
    assert after[: len(before)] == before
    assert len(last_results(again.events)) == len(proposed(again.events)) == 40


def test_a_second_ctrl_c_ends_it_at_once_and_it_can_still_be_resumed() -> None:
    search = Search.start("budget.trials=30", "searcher.kind=random")
    search.wait_for_results(6)
    for _ in range(2):
        search.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    assert "--resume results/a" in search.end(130)
    again = Search.resume()
    again.end()
    assert len(last_results(again.events)) == 30
