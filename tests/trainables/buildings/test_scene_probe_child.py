"""What the child process sees: what Sionna says of a scene, and what it has made of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.meshes import obj, ply, write_scene
from tests.searches import PATIENCE_S
from trainables.buildings.scene_probe_child import MAX_MEMORY_GB, load
from trainables.tracing.backend import start_backend


@pytest.fixture(autouse=True)
def backend() -> None:
    start_backend("auto")


def scaled(factor: str) -> str:
    return f'<transform name="to_world"><scale value="{factor}"/></transform>'


@pytest.mark.parametrize(
    ("mesh", "name", "inside", "said"),
    [
        (ply(faces=[(0, 1, 2, 3)]), "plate.ply", "", "it says: .* is this a triangle mesh"),
        (ply(encoding="ascii")[:-2], "plate.ply", "", "it says: .* could not parse"),
        (obj(["1 2 3", "0 3 4"]), "plate.obj", "", "it says: .* invalid vertex 0"),
        (ply(), "plate.ply", scaled("nan"), "it says: .* invalid vertex position"),
        (ply(), "plate.ply", scaled("1e6"), r"must lie within 100000 m of the origin, but it reaches from \[-5000000"),
        (ply(), "plate.ply", scaled("1e-3"), r"must be at least 0\.1 m large, but it reaches from \[-0\.005"),
    ],
)
def test_a_scene_that_must_not_be_loaded(tmp_path: Path, mesh: bytes, name: str, inside: str, said: str) -> None:
    path = write_scene(tmp_path, mesh, name, inside=inside)
    with pytest.raises(ValueError, match=f"(?s)^path: .*{said}"):
        load(path, 3.5e9)


def test_a_frequency_at_which_a_material_is_not_defined(tmp_path: Path) -> None:
    material = '<bsdf type="diffuse" id="mat-itu_wet_ground"/><shape type="cube"><ref id="mat-itu_wet_ground"/></shape>'
    path = write_scene(tmp_path, ply(), more=material)
    load(path, 3.5e9)
    with pytest.raises(ValueError, match=r"^path: .* radio\.frequency_hz=2\.8e\+10, but of "):
        load(path, 28e9)


def test_memory_has_a_limit(tmp_path: Path) -> None:
    """A process that is told nothing of a scene still sets its own limits first."""
    code = (
        "import resource, sys; from trainables.buildings import scene_probe_child as child;"
        "child.load = lambda *_: bytearray(resource.getrlimit(resource.RLIMIT_DATA)[0]); sys.exit(child.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "house.xml", "3.5e9", "cpu"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.stdout == (
        f"path: must be a scene that loads with {MAX_MEMORY_GB} GiB, but 'house.xml' does not; simplify it\n"
    ), done.stderr
