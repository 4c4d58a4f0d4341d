"""What a mesh must be before Sionna reads it: Mitsuba follows a face's indices wherever they lead."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from trainables.buildings.mitsuba_xml import MeshFile

MAX_MESHES_MB = 256
"""All mesh files of a scene [MiB]; those of Sionna's San Francisco have 7."""


def check_mesh_files(files: Iterable[MeshFile]) -> None:
    """Read every mesh of a scene, and look at it: ``ValueError`` as of ``read_meshes``."""
    for _ in read_meshes(files):
        pass


def read_meshes(
    files: Iterable[MeshFile],
) -> Iterator[tuple[npt.NDArray[np.floating], npt.NDArray[np.integer]]]:
    """Vertices ``[n, 3]`` [m] and faces ``[m, 3]`` of every mesh of a scene, as they stand in the files.

    Raises:
        ValueError: one is missing, too large, no mesh or a broken one. The field is ``path``.
    """
    size_mb = 0.0
    for file in files:
        size_mb += _size_mb(file)
        if size_mb > MAX_MESHES_MB:
            raise ValueError(
                f"path: meshes must have {MAX_MESHES_MB} MiB at most, all together, but with {file.name!r} they have "
                f"{size_mb:.0f}; simplify them"
            )
        vertices_m, faces = _read(file)
        check_mesh(file.name, vertices_m, faces)
        yield vertices_m, faces


def check_mesh(name: str, vertices_m: npt.NDArray[np.floating], faces: npt.NDArray[np.integer]) -> None:
    """Raise ``ValueError``, of the field ``path``, unless the faces are made of vertices that there are.

    Args:
        name: of the mesh, for the message.
        vertices_m: ``[n, 3]`` [m].
        faces: ``[m, 3]``, indices of vertices.
    """
    if len(faces) == 0:
        raise ValueError(f"path: mesh {name!r} must have a face, but got 0; leave the shape out, or export it again")
    if np.any(wrong := (faces < 0) | (faces >= len(vertices_m))):
        raise ValueError(
            f"path: faces of mesh {name!r} must be made of its vertices, 0 to {len(vertices_m) - 1}, but got "
            f"{faces[wrong][0]}; export it again"
        )
    if not np.all(finite := np.isfinite(vertices_m).all(axis=1)):
        raise ValueError(
            f"path: vertices of mesh {name!r} must be finite, but number {int(np.argmin(finite))} is "
            f"{vertices_m[~finite][0].tolist()}; export it again"
        )


def _size_mb(file: MeshFile) -> float:
    try:
        if file.path.is_file():
            return file.path.stat().st_size / 2**20
        reason = "is none"
    except OSError as error:
        reason = f"says: {error.strerror}"
    raise ValueError(
        f"path: every mesh must be a file beside the scene, but {file.name[:200]!r} {reason}; export it with its meshes"
    )


def _read(file: MeshFile) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.integer]]:
    """Vertices and faces as they stand in the file: nothing merged, and none of the images that it names."""
    import trimesh  # takes a second
    from trimesh.exchange.ply import load_ply

    try:
        with file.path.open("rb") as stream:
            if file.format == "ply":  # a city has thousands: six times as fast as with a mesh made of each
                loaded = load_ply(stream, fix_texture=False, skip_materials=True)
                nothing = np.empty((0, 3))
                vertices_m = np.asarray(loaded.get("vertices", nothing))
                faces = np.asarray(loaded.get("faces", nothing), dtype=np.int64)
                return vertices_m, faces if len(vertices_m) else faces[:0]
            mesh = trimesh.load_mesh(
                stream, file_type=file.format, process=False, fix_texture=False, skip_materials=True
            )
        return np.asarray(mesh.vertices), np.asarray(mesh.faces)
    except MemoryError:
        raise
    except Exception as error:  # of a reader's many
        raise ValueError(
            f"path: mesh {file.name!r} must be triangles in {file.format.upper()} format, but reading it says: "
            f"{error}; export it again"
        ) from None
