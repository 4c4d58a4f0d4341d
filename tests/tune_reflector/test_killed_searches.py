"""Whatever dies, and whenever: the search goes on from where it was, and ends as if nothing had happened."""

import json
import os
import random
import resource
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster

from search_records.atomic_files import write_text
from search_records.events import Event, Failed, Repeated, Reported, SessionBegun
from tests.searches import PATIENCE_S, QUICK, Search, last_results, proposed, read_rows
from tune_reflector.runs.run_data import RunData

pytestmark = pytest.mark.slow

SOAK_KILLS = int(os.environ.get("SOAK_KILLS", "0"))
"""How often ``make soak`` kills a search, at random; without it a search is killed at the ``MOMENTS``."""

GA = ["searcher={kind: ga, population: 6}", "seed=3"]

TRIALS = 14

MOMENTS: dict[str, Callable[[list[Event]], bool]] = {
    "its workers start": lambda events: sessions(events) == 1,
    "a trial is between two rungs": lambda events: len(last_results(events)) >= 2 and bool(under_way(events)),
    "a resumed session starts": lambda events: sessions(events) == 3,
    "a generation is complete": lambda events: len(last_results(events)) >= 6,
}
"""When a search is killed, in this order: what its journal says then."""


def sessions(events: list[Event]) -> int:
    return sum(isinstance(event, SessionBegun) for event in events)


def under_way(events: list[Event]) -> set[str]:
    """Trials that have a result, but not their last."""
    return {event.trial_id for event in events if isinstance(event, Reported)} - last_results(events).keys()


def wait_until(search: Search, moment: Callable[[list[Event]], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not moment(search.events):
        assert search.process.poll() is None, search.process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.005)


def at_random(rng: random.Random) -> Callable[[Search], None]:
    """Waits for a moment while it starts, or after some results."""

    def wait(search: Search) -> None:
        wait_until(search, lambda events: sessions(events) > 0)
        if rng.random() < 0.4:
            time.sleep(rng.uniform(0.0, 8.0))
        else:
            search.wait_for_results(search.results + rng.randrange(1, 8))
            time.sleep(rng.uniform(0.0, 0.3))

    return wait


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
    waits: list[Callable[[Search], None]] = [lambda search, at=at: wait_until(search, at) for at in MOMENTS.values()]
    total = TRIALS
    if SOAK_KILLS:
        waits = [at_random(random.Random(SOAK_KILLS))] * SOAK_KILLS
        total = 4 * SOAK_KILLS + 10
    budget = f"budget.trials={total}"
    Search.start(*GA, budget, "launch=local", name="whole").end()
    search = Search.start(*GA, budget)
    for wait in waits:
        wait(search)
        assert search.process.poll() is None, f"it ended before it was killed: {search.process.communicate()[0]}"
        ended = last_results(search.events)
        search.kill()
        search = Search.resume()
        assert last_results(search.events).items() >= ended.items()
    search.end()

    events = search.events
    trials = proposed(events)
    assert len(trials) == total
    assert last_results(events).keys() == trials.keys()
    repeated = [event for event in events if isinstance(event, Repeated)]
    print(f"{len(waits)} kills survived, 0 of {len(trials)} trials lost, {len(repeated)} rungs traced again")
    assert len(repeated) <= 2 * len(waits)
    found, expected = outcome("a"), outcome("whole")
    assert found.keys() == expected.keys()
    for key, p5_rss_dbm in found.items():
        assert p5_rss_dbm == pytest.approx(expected[key], abs=0.002)
    best, whole = (json.loads(Path(f"results/{name}/best.json").read_text()) for name in ("a", "whole"))
    assert best["genes"] == whole["genes"]
    assert best["p5_rss_dbm"] == pytest.approx(whole["p5_rss_dbm"], abs=0.002)


REFINED = [
    "launch=local",
    "budget.trials=6",
    "searcher={kind: ga, population: 3}",
    "refine={candidates: 2, trials: 4}",
    "final={candidates: 2, rays_per_ap: 100000, lattices: 3, variants: [], second_opinion: false}",
]


def kill_at_line(beginning: str) -> Callable[[Search], None]:
    return lambda search: search.wait_for_line(beginning)


def kill_after_results_of(kind: str, count: int) -> Callable[[Search], None]:
    """Once the search for an alternative, a run inside the run, has taken down so many results."""

    def wait(search: Search) -> None:
        inside = search.folder / "counterfactual" / kind / "journal.log"
        deadline = time.monotonic() + PATIENCE_S
        while not inside.exists() or inside.read_bytes().count(b'"reported"') < count:
            assert search.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)

    return wait


LAST_MOMENTS: dict[str, Callable[[Search], None]] = {
    "between the search and its refinement": kill_at_line("refining the best"),
    "while a resumed session starts": lambda search: time.sleep(1.5),
    "in the final measurement": kill_at_line("measuring the winner"),
    "in the search for an alternative": kill_after_results_of("best_without_reflector", 2),
    "in the figures": kill_at_line("drawing the figures"),
}
"""When a search is killed once its trials are over, in this order."""


def test_a_search_that_is_killed_at_its_end_ends_as_if_nothing_had_happened() -> None:
    """Nothing is traced again but what was under way, and all that a run leaves behind is there and whole."""
    compared = "counterfactual={kinds: [best_without_reflector, same_access_points], share: 1}"
    Search.start(*REFINED, compared, name="whole").end()
    search = Search.start(*REFINED, compared, "report.figures=true")
    for wait in LAST_MOMENTS.values():
        wait(search)
        assert search.process.poll() is None
        search.kill()
        search = Search.resume()
    search.end()
    assert not [event for event in search.events if isinstance(event, Repeated)]
    assert scores("a") == pytest.approx(scores("whole"), abs=0.002)
    best, whole = (json.loads(Path(f"results/{name}/best.json").read_text()) for name in ("a", "whole"))
    assert best["genes"] == whole["genes"]
    for found, expected in zip((best, *best["comparisons"]), (whole, *whole["comparisons"]), strict=True):
        assert found.get("trials") == expected.get("trials")
        assert [found[name] for name in ("score", "score_error")] == pytest.approx(
            [expected[name] for name in ("score", "score_error")], abs=0.002
        )
    figures = {f"{name}.{kind}" for name in ("map", "cdf", "convergence", "scene") for kind in ("png", "pdf")}
    assert {path.name for path in (search.folder / "figures").iterdir()} == figures
    assert not list(search.folder.glob("**/.*.part"))


def scores(name: str) -> dict[tuple[str, int], float]:
    """The score of every trial after each of its iterations."""
    rows = list(read_rows(Path("results") / name / "trials.csv"))
    found = {(row.trial_id, row.iteration): row.values["p5_rss_dbm"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_copy_that_is_resumed_goes_its_own_way() -> None:
    """An interrupted run is copied, and both are gone on with at once: each ends as the other."""
    search = Search.start(*GA, "budget.trials=12", "launch=local")
    search.wait_for_results(9)
    search.kill()
    shutil.copytree("results/a", "results/a copy")
    both = [Search.resume(name=name) for name in ("a", "a copy")]
    for one in both:
        one.end()
    assert scores("a") == pytest.approx(scores("a copy"), abs=0.002)
    assert len(last_results(both[0].events)) == len(proposed(both[1].events)) == 12


def test_checkpoints_that_are_deleted_cost_rungs_and_no_trial() -> None:
    """While the search is down, and while it runs."""
    search = Search.start(*GA, "budget.trials=12")
    checkpoints = search.folder / "checkpoints"
    wait_until(search, lambda events: bool(last_results(events)) and bool(under_way(events)))
    search.kill()
    shutil.rmtree(checkpoints)
    search = Search.resume()
    wait_until(search, lambda events: len(last_results(events)) >= 6)
    shutil.rmtree(checkpoints, ignore_errors=True)
    search.end()
    assert len(last_results(search.events)) == len(proposed(search.events)) == 12
    assert not [event for event in search.events if isinstance(event, Failed)]


CLOCK = """
import time
from pathlib import Path

seconds, nanoseconds = time.time, time.time_ns


def offset_s():
    return int(Path("{file}").read_text())


time.time = lambda: seconds() + offset_s()
time.time_ns = lambda: nanoseconds() + offset_s() * 10**9
"""
"""A module that every process of a search imports first: its wall clock is off by what a file says."""


def test_a_clock_that_jumps_back_an_hour_changes_nothing() -> None:
    """Once while the search runs, and once more between two sessions; its report is kept current."""
    clock = Path("clock").absolute()
    write_text(clock, "0")
    Path("site").mkdir()
    Path("site/sitecustomize.py").write_text(CLOCK.format(file=clock))
    environment = {"PYTHONPATH": f"{Path('site').absolute()}:{Path.cwd()}"}
    settings = [*QUICK, *GA, "report={every_s: 1, figures: false}", "launch=local", "budget.time_s=600"]
    folder = Path("results/a")
    search = Search("name=a", "budget.trials=16", *settings, folder=folder, environment=environment)
    for hours in (1, 2):
        search.wait_for_results(search.results + 5)
        write_text(clock, str(-3600 * hours))
        search.wait_for_results(search.results + 3)
        if hours == 1:
            search.kill()
            search = Search("--resume", str(folder), folder=folder, environment=environment)
    search.end()
    times_s = [row.elapsed_s for row in read_rows(folder / "trials.csv")]
    assert times_s == sorted(times_s)
    assert times_s[-1] < 600
    assert len(last_results(search.events)) == len(proposed(search.events)) == 16
    assert not (folder / "report.log").exists()


def test_signals_end_a_search_gently_or_at_once_and_it_goes_on() -> None:
    """Ctrl-C to the whole foreground group, as a terminal sends it; SIGTERM; a second Ctrl-C on top of the first.

    The map of the best so far belongs to the best row, though each of the two workers knows its own best only; a
    resumed search keeps to it, and needs no saved searcher.
    """
    search = Search.start("budget.trials=20", "searcher.kind=random")
    for sent, code in (([signal.SIGINT], 130), ([signal.SIGTERM], 143), ([signal.SIGINT, signal.SIGINT], 130)):
        search.wait_for_results(search.results + 4)
        for number in sent:
            (os.killpg if sent == [signal.SIGINT] else os.kill)(search.process.pid, number)
            time.sleep(0.2)
        output = search.end(code)
        assert "--resume results/a" in output
        before = list(read_rows(Path("results/a/trials.csv")))
        if len(sent) == 1:
            assert_map_is_that_of_the_best_row(search.folder)
            shutil.rmtree(search.folder / "searcher")
        search = Search.resume()
    search.end()
    assert list(read_rows(Path("results/a/trials.csv")))[: len(before)] == before
    assert len(last_results(search.events)) == len(proposed(search.events)) == 20


def assert_map_is_that_of_the_best_row(folder: Path) -> None:
    run = RunData.read(folder)
    kept = run.best_map
    assert kept is not None
    best = run.history.ranked[0].result
    assert kept.ranked == best.ranked
    assert kept.genes == pytest.approx({name: best.genes[name] for name in run.genes})


def test_workers_that_die_or_hang_are_replaced_and_their_trials_go_on() -> None:
    """One is killed; one ends by an abort, as Dr.Jit ends it when native code cannot go on; one is stopped and answers
    nobody, not even a request to end.
    """
    search = Search.start(
        "budget.trials=40", "searcher.kind=random", "fidelity.rungs=[2000,50000]", "faults.trial_timeout_s=6"
    )
    for number in (signal.SIGKILL, signal.SIGABRT, signal.SIGSTOP):
        search.wait_for_results(search.results + 8)
        os.kill(search.workers()[0], number)
    output = search.end()
    assert "failed" not in output
    events = search.events
    assert len(last_results(events)) == len(proposed(events)) == 40
    assert not [event for event in events if isinstance(event, Failed)]
    assert "made no progress for trial_timeout_s=6" in Path("results/a/errors.txt").read_text()


def test_a_lost_node_is_survived() -> None:
    """Two nodes of one worker each share this machine's disk; one node dies with its worker."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        lost = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        search = Search.start(
            "budget.trials=16", "searcher.kind=random", f"ray.address={cluster.address}", "fidelity.rungs=[2000,100000]"
        )
        search.wait_for_results(8)
        cluster.remove_node(lost, allow_graceful=False)
        search.end()
        assert len(last_results(search.events)) == len(proposed(search.events)) == 16
        assert not [event for event in search.events if isinstance(event, Failed)]
    finally:
        cluster.shutdown()


def test_a_disk_that_is_full_stops_the_search_and_room_lets_it_go_on() -> None:
    """No file may grow beyond what the journal has come to, so the system refuses to write more of it."""
    search = Search.start("budget.trials=16", "searcher.kind=random")
    search.wait_for_results(8)
    size = (search.folder / "journal.log").stat().st_size
    resource.prlimit(search.process.pid, resource.RLIMIT_FSIZE, (size + 2000, resource.RLIM_INFINITY))
    output = search.end(1)
    assert "stopped: " in output
    assert "make room, then resume with" in output
    before = search.events
    again = Search.resume("launch=local")
    again.end()
    assert again.events[: len(before)] == before
    assert len(last_results(again.events)) == len(proposed(again.events)) == 16
