"""States of searchers: the newest that is whole and of this user is taken; nobody else's is ever unpickled."""

import os
import pickle
import stat
from pathlib import Path

import pytest
from ray.tune.search import Searcher

from tune_reflector.config.config_file import load_config
from tune_reflector.searchers.searcher_state import SearcherStates, own_key

FOLDER = Path("searcher")


def build() -> Searcher:
    config = load_config(None, ["searcher={kind: optuna}", "reflector=null"])
    return config.searcher.build(config.space(), 1)


def save(events: int, proposals: int) -> Path:
    searcher = build()
    for number in range(proposals):
        searcher.suggest(f"{number:05d}")
    SearcherStates(FOLDER, 1).save(searcher, events)
    return max(FOLDER.iterdir(), key=lambda path: path.name)


def known() -> int:
    return SearcherStates(FOLDER, 1).restore(build, 100)[1]


class Attack:
    """Pickle that does something when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(Path("attacked").absolute()),)


def test_the_newest_state_that_is_whole_is_taken() -> None:
    save(3, 1)
    newest = save(7, 2)
    assert known() == 7
    newest.write_bytes(newest.read_bytes()[:-1])
    assert known() == 3


@pytest.mark.parametrize("how", ["under its signature", "under another", "unsigned", "of version 0.1"])
def test_a_state_of_somebody_else_is_never_unpickled(how: str) -> None:
    own, attack = save(3, 1), pickle.dumps(Attack())
    name = {
        "under its signature": own.name,
        "under another": "1-00000009-" + 64 * "0" + ".v3",
        "unsigned": "1-00000009-.v3",
        "of version 0.1": "1-00000009-00000000.v2",
    }[how]
    (FOLDER / name).write_bytes(attack)
    assert known() == (0 if how == "under its signature" else 3)
    assert not Path("attacked").exists()
    pickle.loads(attack)
    assert Path("attacked").exists()  # so the attack is one


def test_a_state_of_another_stage_or_moment_is_none() -> None:
    own = save(3, 1)
    own.rename(FOLDER / own.name.replace("1-00000003", "1-00000004"))
    assert known() == 0


def test_another_user_has_another_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    save(3, 1)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    assert known() == 0
    path = tmp_path / "other" / "tune-reflector" / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*path.parent.iterdir()] == [path]
    assert own_key() == own_key() == path.read_bytes()


def test_without_a_home_a_key_lasts_as_long_as_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(Path("file").absolute()))
    assert own_key() != own_key()
