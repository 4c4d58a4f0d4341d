"""Candidates through crashes: a search that was interrupted at any moment proposes what it would have proposed."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_records.journal import Journal, JournalError, read_journal
from search_spaces.neighbourhood import Neighbourhood
from tune_reflector.config.config_file import validate
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.execution.candidates import Candidate, Candidates
from tune_reflector.searchers.algorithms.starts import RoundRobinSearcher
from tune_reflector.searchers.build import build_searcher
from tune_reflector.searchers.searcher_state import SearcherStates

SPACE = SearchConfig().site().space
TOTAL = 24
COLUMNS = ("p5_rss_dbm", "complete", "rung", "copy")
SEARCHERS: dict[str, dict[str, Any]] = {
    "random": {"kind": "random"},
    "grid": {"kind": "grid", "points_per_gene": 1, "points": {"x1": 12, "x2": 12}},
    "ga": {"kind": "ga", "population": 6},
    "ga, steady state": {"kind": "ga", "population": 6, "mode": "steady_state", "lag": 4},
    "cmaes": {"kind": "cmaes", "startup_trials": 4, "population": 4},
    "optuna": {"kind": "optuna", "startup_trials": 5},
    "hyperopt": {"kind": "hyperopt", "startup_trials": 5},
}
ANY_ORDER = ("random", "grid", "ga", "ga, steady state")
"""What these propose does not depend on the order in which trials end."""


def maker(name: str) -> Callable[[], Any]:
    config = validate({"searcher": SEARCHERS[name]})
    return lambda: build_searcher(config.searcher, SPACE, seed=1)


def score(config: dict[str, Any]) -> float:
    """A smooth landscape, on which a few trials fail."""
    return -60.0 - sum((gene.normalize(config[gene.name]) - 0.4) ** 2 for gene in SPACE.genes)


class CrashError(Exception):
    """The process has died."""


class Session:
    """Workers that draw candidates until all have ended, or until the process dies after ``events`` events.

    Args:
        folder: of the run.
        build: makes a searcher.
        workers: trials at a time, which end in an order that ``dice`` decide.
        dice: for that.
        events: how many this session may write; None: all.
        saves: after which of its events the searcher's state is saved.
    """

    def __init__(
        self,
        folder: Path,
        build: Callable[[], Any],
        workers: int = 1,
        dice: random.Random | None = None,
        events: int | None = None,
        saves: int | None = None,
    ) -> None:
        self.journal = Journal(folder / "journal.log")
        self.limit = None if events is None else self.journal.length + events
        self.save_at = None if saves is None else self.journal.length + saves
        self.candidates = Candidates(
            self.journal, self.journal.read(), build, SearcherStates(folder / "searcher", 1), TOTAL, COLUMNS
        )
        self.workers, self.dice = workers, dice or random.Random(0)
        self.running: list[Candidate] = []

    def run(self) -> None:
        try:
            while True:
                while len(self.running) < self.workers:
                    candidate = self.candidates.next()
                    self.live_on()
                    if candidate is None:
                        break
                    self.running.append(candidate)
                if not self.running:
                    assert self.candidates.finished
                    return
                self.step(self.dice.choice(self.running))
        except CrashError:
            pass
        finally:
            self.journal.close()

    def step(self, candidate: Candidate) -> None:
        """The next rung of a trial, of two; every seventh trial fails on its first."""
        trial_id, number = candidate.trial_id, int(candidate.trial_id)
        if number % 7 == 3:
            self.candidates.fail(trial_id, "its worker died")
        else:
            rung = len(candidate.reported) + 1
            result = {"p5_rss_dbm": score(candidate.config) - 2 + rung, "training_iteration": rung, "rung": rung}
            result |= {"complete": rung == 2, "done": rung == 2}
            assert self.candidates.report(trial_id, candidate.config, result, at_s=1.0)
        if trial_id not in self.candidates.live:
            self.running.remove(candidate)
        self.live_on()

    def live_on(self) -> None:
        if self.save_at is not None and self.journal.length >= self.save_at:
            self.save_at = None
            self.candidates.keep(at_once=True)
        if self.limit is not None and self.journal.length >= self.limit:
            raise CrashError


def outcome(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configuration and end of every trial."""
    events = read_journal(folder / "journal.log")
    trials = [event for event in events if event["event"] == "proposed"]
    assert len({event["trial"] for event in trials}) == len(trials) == TOTAL
    ends = [event for event in events if event["event"] == "failed" or event.get("done")]
    assert len({event["trial"] for event in ends}) == len(ends) == TOTAL
    results = {event["trial"]: event.get("result") for event in ends}
    return {event["trial"]: event["config"] for event in trials}, results


@pytest.mark.parametrize("name", SEARCHERS)
def test_a_search_that_crashes_often_is_the_search_that_does_not(name: str, tmp_path: Path) -> None:
    build = maker(name)
    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()
    Session(tmp_path / "whole", build).run()
    dice = random.Random(name)
    for _ in range(8):
        Session(tmp_path / "broken", build, events=dice.randrange(1, 15), saves=dice.randrange(20)).run()
    Session(tmp_path / "broken", build).run()
    assert outcome(tmp_path / "broken") == outcome(tmp_path / "whole")


@pytest.mark.parametrize("name", ANY_ORDER)
@given(
    workers=st.integers(1, 4),
    seed=st.integers(0, 10_000),
    sessions=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 40)), max_size=4),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_neither_crashes_nor_workers_nor_their_order_change_what_is_found(
    name: str, workers: int, seed: int, sessions: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, whole = tmp_path_factory.mktemp("broken"), tmp_path_factory.mktemp("whole")
    build, dice = maker(name), random.Random(seed)
    Session(whole, build).run()
    for events, saves in sessions:
        Session(folder, build, workers, dice, events, saves).run()
    Session(folder, build, workers, dice).run()
    assert outcome(folder) == outcome(whole)


def test_searchers_that_take_turns_go_on_with_theirs(tmp_path: Path) -> None:
    ga = validate({"searcher": SEARCHERS["ga"]}).searcher
    starts = [SPACE.sample(np.random.default_rng(seed)) for seed in range(2)]

    def build() -> RoundRobinSearcher:
        around = [Neighbourhood(SPACE, start, 0.2) for start in starts]
        return RoundRobinSearcher([build_searcher(ga, near, seed) for seed, near in enumerate(around)])

    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()
    Session(tmp_path / "whole", build).run()
    for events in (5, 12, 3, 20):
        Session(tmp_path / "broken", build, events=events, saves=2).run()
    Session(tmp_path / "broken", build).run()
    assert outcome(tmp_path / "broken") == outcome(tmp_path / "whole")


@pytest.mark.parametrize("damage", ["cut", "change", "remove", "empty"])
def test_a_damaged_state_is_made_good_by_the_one_before_or_by_the_journal(damage: str, tmp_path: Path) -> None:
    build = maker("optuna")
    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()
    Session(tmp_path / "whole", build).run()
    for _ in range(2):
        Session(tmp_path / "broken", build, events=14, saves=7).run()
    states = sorted((tmp_path / "broken" / "searcher").iterdir())
    assert len(states) == 2
    for state in states[1:] if damage == "change" else states:
        content = bytearray(state.read_bytes())
        content[len(content) // 2] ^= 0xFF
        if damage == "remove":
            state.unlink()
        else:
            state.write_bytes({"cut": content[:-9], "change": content, "empty": b""}[damage])
    Session(tmp_path / "broken", build).run()
    assert outcome(tmp_path / "broken") == outcome(tmp_path / "whole")


def test_a_state_that_knows_more_than_the_journal_is_not_used(tmp_path: Path) -> None:
    """A power cut may take the journal's last second, but not a state that was saved in it."""
    build = maker("ga")
    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()
    Session(tmp_path / "whole", build).run()
    Session(tmp_path / "broken", build, events=30, saves=30).run()
    journal = tmp_path / "broken" / "journal.log"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:20]))
    Session(tmp_path / "broken", build, events=15).run()  # past the moment of that state
    Session(tmp_path / "broken", build).run()
    assert outcome(tmp_path / "broken") == outcome(tmp_path / "whole")


@pytest.mark.parametrize("name", ["ga", "random", "cmaes", "optuna"])
def test_a_searcher_that_is_ahead_of_a_full_disk_is_not_saved(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was asked for a candidate that could not be taken down; the next session must be given the same again."""
    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()
    Session(tmp_path / "whole", maker(name)).run()
    session = Session(tmp_path / "broken", maker(name), events=20)
    session.run()
    session = Session(tmp_path / "broken", maker(name))

    def full(event: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(session.journal, "append", full)
    with pytest.raises(OSError, match="No space left"):
        session.run()
    assert session.candidates.error is not None
    monkeypatch.setattr(session.journal, "sync", lambda at_once=False: None)
    session.candidates.keep(at_once=True)
    assert not list((tmp_path / "broken").glob("searcher/*"))
    Session(tmp_path / "broken", maker(name)).run()
    assert outcome(tmp_path / "broken") == outcome(tmp_path / "whole")


def test_a_trial_becomes_a_copy_with_the_first_result_that_it_reports_as_one(tmp_path: Path) -> None:
    """Tune changes the configuration before it passes on the result that made it do so."""
    session = Session(tmp_path, maker("random"))
    candidate = session.candidates.next()
    assert candidate is not None
    own, trial_id = dict(candidate.config), candidate.trial_id
    copy = own | {"x1": 7.0, "copy": 5}
    result = {"p5_rss_dbm": -60.0, "training_iteration": 1, "rung": 1, "complete": False, "done": False}
    session.candidates.report(trial_id, copy, result, 1.0)
    assert candidate.config == own
    session.candidates.report(trial_id, copy, result | {"training_iteration": 2, "copy": 5}, 2.0)
    assert candidate.config == copy
    assert candidate.reported == [(trial_id, 0, 1), (trial_id, 5, 2)]


def test_the_journal_of_another_search_is_refused(tmp_path: Path) -> None:
    Session(tmp_path, maker("random"), events=9).run()
    other = validate({"searcher": {"kind": "random"}})
    with pytest.raises(JournalError, match="is not what the searcher proposes"):
        Session(tmp_path, lambda: build_searcher(other.searcher, SPACE, seed=2))


def test_what_was_put_back_is_handed_out_again(tmp_path: Path) -> None:
    session = Session(tmp_path, maker("random"))
    first, second = (session.candidates.next() for _ in range(2))
    assert first is not None
    session.candidates.requeue(first.trial_id)
    assert session.candidates.next() is first
    assert second is not first


def test_a_result_is_taken_down_once(tmp_path: Path) -> None:
    """A trial that goes on from an older checkpoint reports a rung again; what was said first counts."""
    session = Session(tmp_path, maker("random"))
    candidate = session.candidates.next()
    assert candidate is not None
    result = {"p5_rss_dbm": -60.0, "training_iteration": 1, "rung": 1, "complete": False, "done": False}
    assert session.candidates.report(candidate.trial_id, candidate.config, result, 1.0)
    assert session.candidates.report(candidate.trial_id, candidate.config, result | {"p5_rss_dbm": -59.0}, 2.0) is None
    kinds = [event["event"] for event in read_journal(tmp_path / "journal.log")]
    assert kinds == ["proposed", "reported", "repeated"]
