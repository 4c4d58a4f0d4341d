"""The process in which a scene is loaded first: ``python -m trainables.buildings.scene_probe_child XML HZ DEVICE``.

It reads the meshes, loads the scene with Sionna, looks at what has become of it, and prints one line if something is
wrong. See ``scene_probe``.
"""

import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from trainables.buildings.mesh_check import check_mesh, check_mesh_files
from trainables.buildings.mitsuba_xml import mesh_files
from trainables.buildings.scene_probe import PATIENCE_S, REFUSED
from trainables.tracing.backend import BackendError, Device, start_backend

if TYPE_CHECKING:
    import sionna.rt as rt

MAX_MEMORY_GB = 8
"""Most memory that a scene may take to load [GiB]; San Francisco takes a quarter of one."""

MAX_DISTANCE_M = 100_000.0
"""Farthest from the origin [m]: positions there are kept to 8 mm, in 32 bits."""

MIN_EXTENT_M = 0.1
"""Smallest building [m]."""


def main() -> int:
    """Load the scene; returns the exit code."""
    path, frequency_hz, device = sys.argv[1:]
    _limit_resources()
    try:
        if start_backend(cast(Device, device), threads=1).name == "cuda":
            _limit(resource.RLIMIT_DATA, resource.RLIM_INFINITY)  # a card's driver maps far more than it uses
        load(Path(path), float(frequency_hz))
    except BackendError:
        return 0  # the machine's fault: who is about to load the scene will say so
    except MemoryError:
        complaint = f"path: must be a scene that loads with {MAX_MEMORY_GB} GiB, but {path!r} does not; simplify it"
    except ValueError as error:
        complaint = " ".join(str(error).split())
    else:
        return 0
    print(complaint, flush=True)
    return REFUSED


def _limit_resources() -> None:
    """A scene must not take the machine along, nor outlive by much a parent that is gone."""
    _limit(resource.RLIMIT_DATA, MAX_MEMORY_GB * 2**30)
    _limit(resource.RLIMIT_CPU, 2 * PATIENCE_S)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(kind: int, limit: int) -> None:
    hard = resource.getrlimit(kind)[1]
    limits = [limit for limit in (limit, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(kind, (min(limits, default=resource.RLIM_INFINITY), hard))


def load(path: Path, frequency_hz: float) -> None:
    """Load a scene once the backend is chosen, look at it, and let it go.

    Raises:
        ValueError: it must not be loaded, or cannot be. The field is ``path``.
        MemoryError: it takes too much.
    """
    check_mesh_files(mesh_files(path))
    import sionna.rt as rt

    try:
        scene = rt.load_scene(str(path))
        scene.frequency = frequency_hz
    except MemoryError:
        raise
    except Exception as error:  # whatever its loaders raise
        raise ValueError(
            f"path: must be a scene that Sionna can load at radio.frequency_hz={frequency_hz:g}, but of {str(path)!r} "
            f"it says: {error}; correct it"
        ) from None
    _check_loaded(scene)


def _check_loaded(scene: "rt.Scene") -> None:
    """What will be traced, whatever it was read from and moved by."""
    import mitsuba

    corners_m = []
    for name, item in scene.objects.items():
        parameters = mitsuba.traverse(item.mi_mesh)
        vertices_m, faces = (np.array(parameters[key]).reshape(-1, 3) for key in ("vertex_positions", "faces"))
        check_mesh(name, vertices_m, faces)
        corners_m += [vertices_m.min(axis=0), vertices_m.max(axis=0)]
    low_m, high_m = np.min(corners_m, axis=0), np.max(corners_m, axis=0)
    reach = f"it reaches from {low_m.tolist()} to {high_m.tolist()} m; export it in metres"
    if max(abs(low_m).max(), abs(high_m).max()) > MAX_DISTANCE_M:
        raise ValueError(f"path: a building must lie within {MAX_DISTANCE_M:g} m of the origin, but {reach}")
    if (high_m - low_m).max() < MIN_EXTENT_M:
        raise ValueError(f"path: a building must be at least {MIN_EXTENT_M:g} m large, but {reach}")


if __name__ == "__main__":
    sys.exit(main())
