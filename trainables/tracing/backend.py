"""The compute backend, chosen once per process: CUDA where there is a GPU, LLVM otherwise.

Dr.Jit with LLVM 14, 15 or 16 aborts the whole process while it compiles ("Cannot select ... fmaximum"), so the
version is read before any kernel is built.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from search_spaces.model import Model

MIN_LLVM = 17

Device = Literal["auto", "cpu", "cuda"]


class ResourcesConfig(Model):
    """What one trial may use."""

    device: Device = Field("auto", description="auto: the GPU if there is one; cpu; cuda: refuse to run without one")
    cpus_per_trial: int = Field(1, ge=1, le=1024, description="cores, and threads, of a trial")
    gpus_per_trial: float = Field(
        0.25,
        gt=0,
        le=1,
        description="share of a GPU for a trial, where one is used (memory is not isolated)",
    )


class BackendError(RuntimeError):
    """The machine cannot trace rays as it is; the message says what to install or change."""


@dataclass(frozen=True)
class Backend:
    """The backend that rays are traced with."""

    name: Literal["cuda", "llvm"]
    version: str

    @property
    def description(self) -> str:
        """``GPU (CUDA 13.0)`` or ``CPU (LLVM 19.1.7)``."""
        return f"GPU (CUDA {self.version})" if self.name == "cuda" else f"CPU (LLVM {self.version})"


def find_backend(device: Device) -> Backend:
    """The backend that ``device`` leads to on this machine; compiles nothing.

    Raises:
        BackendError: CUDA is demanded but absent, or libLLVM is missing or too old.
    """
    import drjit

    if device != "cpu" and drjit.has_backend(drjit.JitBackend.CUDA):
        return Backend("cuda", ".".join(map(str, drjit.detail.cuda_version())))
    if device == "cuda":
        raise BackendError(
            "resources.device: must name a device that is there, but got 'cuda' and no CUDA GPU was found; "
            "set it to auto or cpu, or install the GPU's driver"
        )
    remedy = "install libllvm19 or newer (Debian, Ubuntu: apt-get install libllvm19)"
    if not drjit.has_backend(drjit.JitBackend.LLVM):
        raise BackendError(f"ray tracing on the CPU needs libLLVM >= {MIN_LLVM}, found none; {remedy}")
    version = tuple(drjit.detail.llvm_version())
    if version[0] < MIN_LLVM:
        found = ".".join(map(str, version))
        raise BackendError(
            f"ray tracing on the CPU needs libLLVM >= {MIN_LLVM}, found {found}; {remedy}, or point "
            "DRJIT_LIBLLVM_PATH at a newer one"
        )
    return Backend("llvm", ".".join(map(str, version)))


def start_backend(device: Device, threads: int | None = None) -> Backend:
    """Make this process trace with ``device``, on the CPU with ``threads`` threads (None: all cores).

    Must run before Sionna is imported for the first time.

    Raises:
        BackendError: see ``find_backend``.
    """
    backend = find_backend(device)
    import mitsuba

    variant = f"{backend.name}_ad_mono_polarized"
    if mitsuba.variant() != variant:
        mitsuba.set_variant(variant)
    _forget_working_folder()
    set_threads(threads)
    return backend


def _forget_working_folder() -> None:
    """Let Mitsuba look for libraries and meshes in its own folder, then the scene's.

    Else the folder that the program was started in comes first, with whatever ``plugins/ply.so`` and ``meshes`` it has.
    """
    import mitsuba

    resolver = mitsuba.file_resolver()  # type: ignore[operator]  # its stubs lack it
    resolver.clear()
    resolver.append(str(Path(mitsuba.__file__).parent))


def set_threads(threads: int | None) -> None:
    """Let this process trace on the CPU with ``threads`` threads; None: one per core."""
    import drjit

    drjit.set_thread_count(len(os.sched_getaffinity(0)) if threads is None else threads)
