"""Provenance: versions, command and commit, and None for what is not there."""

import json
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tune_reflector.runs.provenance import package_versions, provenance

DEVICE = "CPU (LLVM 19.1.7)"


def about(source: Path) -> dict[str, Any]:
    return provenance(["numpy"], DEVICE, seed=7, source=source)


def git(folder: Path, *command: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")
    done = subprocess.run(["git", *identity, *command], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git repository with one commit."""
    (tmp_path / "file").write_text("one")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_it_says_what_ran_with_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/search.py", "office.yaml", "seed=7"])
    told = about(tmp_path)
    assert told["command"] == ["search.py", "office.yaml", "seed=7"]
    assert (told["seed"], told["device"]) == (7, DEVICE)
    assert told["python"] == platform.python_version()
    assert told["packages"] == {"numpy": version("numpy")}
    assert told["started"].endswith("+00:00")
    assert json.loads(json.dumps(told)) == told


def test_a_package_that_is_missing_has_no_version() -> None:
    assert package_versions(["no-such-package-anywhere"]) == {"no-such-package-anywhere": None}


def test_the_commit_is_named_and_changes_are_told(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    assert about(checkout)["commit"] == commit
    (checkout / "file").write_text("two")
    assert about(checkout)["commit"] == f"{commit}-dirty"


def test_a_tag_does_not_hide_the_commit(checkout: Path) -> None:
    git(checkout, "tag", "-a", "v1", "-m", "first")
    assert about(checkout)["commit"] == git(checkout, "rev-parse", "HEAD")


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert about(tmp_path)["commit"] is None


def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert about(checkout)["commit"] is None
