"""Shared by all tests: a small problem, a scene that is loaded once, and a home of their own."""

from pathlib import Path

import pytest

from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem

QUICK = {"fidelity": {"rungs": [2_000, 4_000, 8_000]}}
"""Settings that make a trial take milliseconds; the physics stays real, only noisier."""


@pytest.fixture(scope="session")
def corridor() -> PlacementEvaluator:
    """The quick start's problem with its real rungs; the scene is loaded once for all tests."""
    return PlacementEvaluator(PlacementProblem())


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test in an empty folder, so that nothing is written elsewhere."""
    monkeypatch.chdir(tmp_path)
