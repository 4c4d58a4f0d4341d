"""Searchers of a second stage: given placements themselves, or one searcher around each of them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from ray.tune.search import Searcher

from search_records.result import MODE
from tune_reflector.searchers.algorithms.base import SCORE, Result
from tune_reflector.searchers.settings import NEIGHBOURHOOD


class StartSearcher(Searcher):
    """Proposes each start once, then ``FINISHED``."""

    def __init__(self, starts: Sequence[Mapping[str, float]]) -> None:
        super().__init__(metric=SCORE, mode=MODE)
        self._starts = starts
        self._to_come = list(range(len(starts)))

    def suggest(self, trial_id: str) -> dict[str, float] | str:
        if not self._to_come:
            return str(Searcher.FINISHED)
        number = self._to_come.pop(0)
        return {**self._starts[number], NEIGHBOURHOOD: number}

    def on_trial_complete(self, trial_id: str, result: Result | None = None, error: bool = False) -> None:
        """Nothing is learned from a result."""

    def save(self, checkpoint_path: str) -> None:
        Path(checkpoint_path).write_text(json.dumps({"to_come": self._to_come}), encoding="utf-8")

    def restore(self, checkpoint_path: str) -> None:
        self._to_come = json.loads(Path(checkpoint_path).read_text(encoding="utf-8"))["to_come"]


class RoundRobinSearcher(Searcher):
    """Several searchers, each in a neighbourhood of its own, one suggestion after the other.

    One that has nothing to give at the moment, or no more at all, is passed over.
    """

    def __init__(self, searchers: Sequence[Searcher]) -> None:
        super().__init__(metric=SCORE, mode=MODE)
        self._searchers = searchers
        self._turn = 0
        self._owner: dict[str, int] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        answers = []
        for _ in self._searchers:
            number = self._turn
            self._turn = (self._turn + 1) % len(self._searchers)
            answers.append(self._searchers[number].suggest(trial_id))
            if isinstance(answers[-1], dict):
                self._owner[trial_id] = number
                return {**answers[-1], NEIGHBOURHOOD: number}
        return str(Searcher.FINISHED) if all(answers) else None

    def on_trial_result(self, trial_id: str, result: Result) -> None:
        if trial_id in self._owner:
            self._searchers[self._owner[trial_id]].on_trial_result(trial_id, result)

    def on_trial_complete(self, trial_id: str, result: Result | None = None, error: bool = False) -> None:
        if trial_id in self._owner:
            self._searchers[self._owner.pop(trial_id)].on_trial_complete(trial_id, result, error)

    def save(self, checkpoint_path: str) -> None:
        with TemporaryDirectory() as folder, ZipFile(checkpoint_path, "w") as archive:
            for number, searcher in enumerate(self._searchers):
                searcher.save(f"{folder}/{number}")
                archive.write(f"{folder}/{number}", str(number))
            archive.writestr("turns.json", json.dumps({"turn": self._turn, "owner": self._owner}))

    def restore(self, checkpoint_path: str) -> None:
        with TemporaryDirectory() as folder, ZipFile(checkpoint_path) as archive:
            for number, searcher in enumerate(self._searchers):
                searcher.restore(archive.extract(str(number), folder))
            turns = json.loads(archive.read("turns.json"))
        self._turn, self._owner = turns["turn"], turns["owner"]
