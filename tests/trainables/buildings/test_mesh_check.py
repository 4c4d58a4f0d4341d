"""Broken meshes are told apart from whole ones before Sionna sees them."""

import math
from pathlib import Path

import pytest

from tests.meshes import CORNERS_M, FACES, obj, ply
from trainables.buildings import mesh_check
from trainables.buildings.mesh_check import check_mesh_files
from trainables.buildings.mitsuba_xml import MeshFile


def check(folder: Path, content: bytes | None, format: str = "ply") -> None:
    path = folder / f"plate.{format}"
    if content is not None:
        path.write_bytes(content)
    check_mesh_files([MeshFile("meshes/plate", path, format)])


WITH = (*CORNERS_M[:3], (math.nan, 5.0, 0.0))
FAR = (*CORNERS_M[:3], (math.inf, 5.0, 0.0))
TEXTURED = b"property float z\nproperty float s\nproperty float t\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ply(faces=[(0, 1, 2), (0, 2, 4)]), "0 to 3, but got 4"),
        (ply(faces=[(0, 1, 2), (0, 2, 2**31 - 1)]), "0 to 3, but got 2147483647"),
        (ply(faces=[(0, 1, 2), (0, 2, 4)], encoding="ascii"), "0 to 3, but got 4"),
        (ply(faces=[(0, 1, 2), (0, 2, -1)]), "0 to 3, but got -1"),
        (ply(faces=[(0, 1, 2), (0, 2, -1)], encoding="ascii"), "0 to 3, but got -1"),
        (ply(WITH), "must be finite, but number 3 is [nan"),
        (ply(WITH, encoding="ascii"), "must be finite, but number 3 is [nan"),
        (ply(FAR), "must be finite, but number 3 is [inf"),
        (ply(faces=[]), "must have a face, but got 0"),
        (ply([], FACES), "must have a face, but got 0"),
        (ply(num_vertices=2**32 - 1), "triangles in PLY"),
        (ply(num_faces=2**62), "triangles in PLY"),
        (ply(num_faces=-1), "triangles in PLY"),
        (ply(num_vertices=2**62, encoding="ascii"), "must have a face, but got 0"),
        (ply()[:-5], "triangles in PLY"),
        (ply()[:40], "triangles in PLY"),
        (b"", "triangles in PLY"),
        (b"no mesh", "triangles in PLY"),
        (b"ply\n" + bytes(1000), "triangles in PLY"),
        (None, "must be a file beside the scene"),
    ],
)
def test_a_broken_ply_file(tmp_path: Path, content: bytes | None, said: str) -> None:
    with pytest.raises(ValueError, match=r"^path: .*'meshes/plate'.*export it") as caught:
        check(tmp_path, content)
    assert said in str(caught.value)


def test_an_index_that_wraps_around_is_seen_beside_texture_coordinates(tmp_path: Path) -> None:
    """A reader that joins them to the corners would look up vertex -1."""
    corners_m = [(*corner, 0.0, 0.0) for corner in CORNERS_M]
    content = ply(corners_m, [(0, 1, 2), (0, 2, -1)], encoding="ascii").replace(b"property float z\n", TEXTURED)
    with pytest.raises(ValueError, match="0 to 3, but got -1"):
        check(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (obj(["1 2 3", "1 3 5"]), "triangles in OBJ"),
        (obj(corners_m=WITH), "must be finite, but number 3 is [nan"),
        (obj([]), "must have a face"),
        (b"", "must have a face"),
        (b"no mesh", "must have a face"),
    ],
)
def test_a_broken_obj_file(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=r"^path: .*'meshes/plate'.*export it") as caught:
        check(tmp_path, content, "obj")
    assert said in str(caught.value)


@pytest.mark.parametrize(("content", "format"), [(ply(), "ply"), (ply(encoding="ascii"), "ply"), (obj(), "obj")])
def test_a_whole_mesh(tmp_path: Path, content: bytes, format: str) -> None:
    check(tmp_path, content, format)


def test_a_folder_is_no_mesh(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be a file beside the scene"):
        check_mesh_files([MeshFile("meshes", tmp_path, "ply")])


def test_a_name_longer_than_the_file_system_takes(tmp_path: Path) -> None:
    name = "x" * 5000
    with pytest.raises(ValueError, match=r"must be a file beside the scene, but 'x+' says: File name too long"):
        check_mesh_files([MeshFile(name, tmp_path / name, "ply")])


def test_all_meshes_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file that a thousand shapes name is read a thousand times."""
    path = tmp_path / "plate.ply"
    path.write_bytes(ply())
    monkeypatch.setattr(mesh_check, "MAX_MESHES_MB", 2.5 * len(ply()) / 2**20)
    files = [MeshFile("plate.ply", path, "ply")] * 3
    check_mesh_files(files[:2])
    with pytest.raises(ValueError, match=r"path: meshes must have .* MiB at most, all together, but with 'plate.ply'"):
        check_mesh_files(files)
