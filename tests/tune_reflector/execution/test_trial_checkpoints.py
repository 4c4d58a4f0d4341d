"""Which checkpoint a trial goes on from: the newest that is whole and belongs to a result that was taken down."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_records.events import ResultKey
from trainables.checkpoint import FILE, CheckpointError, read, write
from tune_reflector.execution.trial_checkpoints import clear, newest, trial_folder

MAP_W = np.random.default_rng(0).random((2, 50))


def save(root: Path, iteration: int, copy: int = 0, session: int = 0, trial_id: str = "00007") -> Path:
    folder = root / trial_folder(trial_id, session) / f"checkpoint_{iteration:06d}"
    folder.mkdir(parents=True)
    write(folder, {"iteration": iteration, "copy": copy, "rss_w": MAP_W * iteration})
    return folder


def keys(*iterations: int, copy: int = 0) -> list[ResultKey]:
    return [ResultKey("00007", copy, iteration) for iteration in iterations]


def test_a_state_reads_back_as_it_was(tmp_path: Path) -> None:
    state = read(save(tmp_path, 3))
    assert int(state["iteration"]) == 3
    assert np.array_equal(state["rss_w"], MAP_W * 3)


def test_the_newest_of_what_was_reported_in_any_session(tmp_path: Path) -> None:
    first, second, third = save(tmp_path, 1), save(tmp_path, 2, session=9), save(tmp_path, 3, session=9)
    save(tmp_path, 4, trial_id="00008")
    assert newest(tmp_path, "00007", keys(1, 2, 3)) == third
    assert newest(tmp_path, "00007", keys(1, 2)) == second  # the journal lost the third: a power cut
    assert newest(tmp_path, "00007", keys(1)) == first
    assert newest(tmp_path, "00007", []) is None
    assert newest(tmp_path, "0000", keys(1, 2, 3)) is None


def test_a_copy_goes_on_from_its_own_checkpoints(tmp_path: Path) -> None:
    """Population-based training may set it back to an earlier iteration than it had reached."""
    save(tmp_path, 5)
    own = save(tmp_path, 4, copy=77, session=1)
    assert newest(tmp_path, "00007", [*keys(4, 5), *keys(4, copy=77)]) == own


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_checkpoint_is_passed_over(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Cut off or changed anywhere: either it is found out, or what it says is still right."""
    root = tmp_path_factory.mktemp("checkpoints")
    first, second = save(root, 1), save(root, 2)
    content = bytearray((second / FILE).read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[position:]
    else:
        content[position] ^= data.draw(st.integers(1, 255))
    (second / FILE).write_bytes(content)
    found = newest(root, "00007", keys(1, 2))
    assert found in (first, second)
    assert np.array_equal(read(found)["rss_w"], MAP_W * (1 if found == first else 2))


def test_without_a_whole_one_a_trial_begins_anew(tmp_path: Path) -> None:
    folder = save(tmp_path, 1)
    (folder / FILE).write_bytes(b"")
    assert newest(tmp_path, "00007", keys(1)) is None
    with pytest.raises(CheckpointError, match="no whole checkpoint"):
        read(folder)


def test_only_the_trial_that_has_ended_is_cleared(tmp_path: Path) -> None:
    save(tmp_path, 1)
    save(tmp_path, 2, session=4)
    other = save(tmp_path, 1, trial_id="00008")
    clear(tmp_path, "00007")
    assert newest(tmp_path, "00007", keys(1, 2)) is None
    assert (other / FILE).exists()
