"""Candidates through crashes: a search that was interrupted at any moment proposes what it would have proposed."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_records.events import Failed, Proposed, Repeated, Reported, ResultKey, ends_trial
from search_records.journal import Journal, JournalError, read_journal
from search_records.result import ResultColumns, TrialResult
from search_spaces.neighbourhood import Neighbourhood
from tests.records import trial_result
from tune_reflector.config.config_file import validate
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.execution.candidates import Candidate, Candidates
from tune_reflector.searchers.algorithms.starts import RoundRobinSearcher
from tune_reflector.searchers.searcher_state import SearcherStates

SPACE = SearchConfig().site().space
TOTAL = 24
COLUMNS = ResultColumns(
    "p5_rss_dbm",
    tuple(gene.name for gene in SPACE.genes),
    ("individual", "generation", "parent_1", "parent_2", "neighbourhood", "copy"),
)
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
    return lambda: config.searcher.build(SPACE, seed=1)


def score(config: dict[str, Any]) -> float:
    """A smooth landscape, on which a few trials fail."""
    return -60.0 - sum((gene.normalize(config[gene.name]) - 0.4) ** 2 for gene in SPACE.genes)


def result(config: Mapping[str, Any], value: float, rung: int = 1) -> TrialResult:
    """As a trial of two rungs reports it."""
    genes = {gene.name: config[gene.name] for gene in SPACE.genes}
    origin = {name: config[name] for name in config.keys() - genes.keys()}
    return trial_result(value, rung, genes=genes, origin=origin, complete=rung == 2)


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
        self.journal = Journal(folder / "journal.log", COLUMNS)
        self.limit = None if events is None else self.journal.length + events
        self.save_at = None if saves is None else self.journal.length + saves
        self.candidates = Candidates(
            self.journal, self.journal.read(), build, SearcherStates(folder / "searcher", 1), TOTAL
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
            reported = result(candidate.config, score(candidate.config) - 2 + rung, rung)
            assert self.candidates.record(trial_id, candidate.config, reported, rung, done=rung == 2, at_s=1.0)
        if trial_id not in self.candidates.live:
            self.running.remove(candidate)
        self.live_on()

    def live_on(self) -> None:
        if self.save_at is not None and self.journal.length >= self.save_at:
            self.save_at = None
            self.candidates.save(at_once=True)
        if self.limit is not None and self.journal.length >= self.limit:
            raise CrashError


def outcome(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configuration and end of every trial."""
    events = read_journal(folder / "journal.log", COLUMNS)
    trials = [event for event in events if isinstance(event, Proposed)]
    assert len({event.trial_id for event in trials}) == len(trials) == TOTAL
    ends = [event for event in events if isinstance(event, Reported | Failed) and ends_trial(event)]
    assert len({event.trial_id for event in ends}) == len(ends) == TOTAL
    results = {event.trial_id: event.result if isinstance(event, Reported) else None for event in ends}
    return {event.trial_id: event.config for event in trials}, results


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
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        return RoundRobinSearcher([ga.build(near, seed) for seed, near in enumerate(around)])

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
    session.candidates.save(at_once=True)
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
    session.candidates.record(trial_id, copy, result(own, -60.0), 1, done=False, at_s=1.0)
    assert candidate.config == own
    session.candidates.record(trial_id, copy, result(copy, -60.0), 2, done=False, at_s=2.0)
    assert candidate.config == copy
    assert candidate.reported == [ResultKey(trial_id, 0, 1), ResultKey(trial_id, 5, 2)]


def test_the_journal_of_another_search_is_refused(tmp_path: Path) -> None:
    Session(tmp_path, maker("random"), events=9).run()
    other = validate({"searcher": {"kind": "random"}})
    with pytest.raises(JournalError, match="is not what the searcher proposes"):
        Session(tmp_path, lambda: other.searcher.build(SPACE, seed=2))


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
    trial_id, config = candidate.trial_id, candidate.config
    assert session.candidates.record(trial_id, config, result(config, -60.0), 1, done=False, at_s=1.0)
    assert session.candidates.record(trial_id, config, result(config, -59.0), 1, done=False, at_s=2.0) is None
    proposed, reported, repeated = read_journal(tmp_path / "journal.log", COLUMNS)
    assert isinstance(proposed, Proposed)
    assert isinstance(reported, Reported)
    assert reported.result.score.value == -60.0
    assert repeated == Repeated(trial_id, 1)
