"""What people are told of a failure: its cause in one line, and whether another try makes sense."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ray.exceptions import ActorDiedError, OutOfMemoryError, RayError, RayTaskError

from trainables.objectives.base import MapError
from trainables.objectives.quantile import QuantileObjective
from tune_reflector.execution import failures
from tune_reflector.execution.failures import FailureLog, no_progress


@pytest.fixture
def log(tmp_path: Path) -> FailureLog:
    return FailureLog(tmp_path)


def raised(error: Exception) -> RayTaskError:
    """The error as a worker's task hands it over."""
    return RayTaskError("train", f"Traceback ...\n\x1b[36m{error}\x1b[39m", error)


def test_an_error_in_a_trial_is_told_by_its_first_line(log: FailureLog, tmp_path: Path) -> None:
    failure = log.read(raised(RuntimeError("no luck\nat all")))
    assert failure.cause == "RuntimeError: no luck"
    assert not failure.out_of_memory
    assert not failure.repeatable
    log.write("00003", failure)
    written = (tmp_path / "errors.txt").read_text()
    assert written.startswith("trial 00003: RuntimeError: no luck\n")
    assert "at all" in written
    assert "\x1b" not in written


@pytest.mark.parametrize(
    "error",
    [
        raised(MemoryError("Unable to allocate 9 EiB")),
        raised(RuntimeError("jit_malloc(): out of memory! Could not allocate 17179869184 bytes of device memory.")),
        raised(RuntimeError("cuda_check(): API error 0002 (CUDA_ERROR_OUT_OF_MEMORY)")),
        raised(RuntimeError("std::bad_alloc")),
        OutOfMemoryError("Task was killed due to the node running low on memory."),
        MemoryError(),
        RuntimeError("std::bad_alloc"),
    ],
    ids=["numpy", "dr.jit", "cuda", "c++", "ray's monitor", "here", "c++ here"],
)
def test_want_of_memory_is_recognised(error: Exception, log: FailureLog) -> None:
    failure = log.read(error)
    assert failure.out_of_memory
    assert failure.cause.startswith("out of memory: ")
    if not isinstance(error, RayError):  # it was raised here: no worker was killed
        assert failure.cause.startswith(f"out of memory: {type(error).__name__}")


def test_a_worker_that_the_kernel_killed_for_memory_is_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is left of it is the kernel's count."""
    vmstat = tmp_path / "vmstat"
    vmstat.write_text("nr_free_pages 17\noom_kill 2\n")
    monkeypatch.setattr(failures, "_VMSTAT", vmstat)
    log = FailureLog(tmp_path)
    assert log.read(ActorDiedError()).cause == "its worker died"
    vmstat.write_text("nr_free_pages 17\noom_kill 3\n")
    assert not log.read(RuntimeError("no luck")).out_of_memory  # in this process, which lives
    assert log.read(ActorDiedError()).out_of_memory
    assert not log.read(ActorDiedError()).out_of_memory


@pytest.mark.parametrize("handed_over", [raised, lambda error: error], ids=["in a worker", "here"])
def test_a_map_that_cannot_be_would_be_so_again(handed_over: Callable[[Exception], Exception], log: FailureLog) -> None:
    with pytest.raises(MapError) as caught:
        QuantileObjective().score(np.array([[1e-9, np.nan, -1.0]]))
    failure = log.read(handed_over(caught.value))
    assert failure.repeatable
    assert "2 of 3 are not: of access point 1 in cell 2 it is nan" in failure.cause


def test_a_full_disk_is_not_the_trials_fault(log: FailureLog) -> None:
    failure = log.read(raised(OSError(28, "No space left on device")))
    assert failure.disk is not None
    assert failure.disk.errno == 28
    assert log.read(raised(FileNotFoundError(2, "gone"))).disk is None


def test_a_hang_names_its_setting() -> None:
    assert no_progress(60.0).cause == "made no progress for trial_timeout_s=60"
