"""Shared by all tests: a small problem, a scene that is loaded once, and a home of their own."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem

QUICK = {"fidelity": {"rungs": [2_000, 4_000, 8_000]}}
"""Settings that make a trial take milliseconds; the physics stays real, only noisier."""


settings.register_profile("untimed", deadline=None)  # a busy machine is slow, and that is no failure
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def corridor() -> PlacementEvaluator:
    """The quick start's problem with its real rungs; the scene is loaded once for all tests."""
    return PlacementEvaluator(PlacementProblem())


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test in an empty folder, so that nothing is written elsewhere."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session", autouse=True)
def own_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The key that states are signed with is not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def ray_folder() -> Iterator[None]:
    """Ray's own files go to a folder of their own (a short one: a socket's path must fit 107 characters)."""
    with TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        yield


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in a hook of this name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that no process is left alone with one at the end; those that share something before all.

    What a file's tests share is made once: they are run by one process. Any process may run the others.
    """
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, not shares(item)))
    for item in items:
        if shares(item):
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


def shares(item: pytest.Item) -> bool:
    """Whether a test shares a fixture with the others of its file."""
    info = getattr(item, "_fixtureinfo", None)  # it has no public name
    return info is not None and any(of[-1].scope == "module" for of in info.name2fixturedefs.values())
