"""Scenes of one mesh, written as files."""

import struct
from collections.abc import Sequence
from pathlib import Path

CORNERS_M = ((-5.0, -5.0, 0.0), (5.0, -5.0, 0.0), (5.0, 5.0, 0.0), (-5.0, 5.0, 0.0))
FACES = ((0, 1, 2), (0, 2, 3))


def ply(
    corners_m: Sequence[Sequence[float]] = CORNERS_M,
    faces: Sequence[Sequence[int]] = FACES,
    num_vertices: int | None = None,
    num_faces: int | None = None,
    encoding: str = "binary_little_endian",
) -> bytes:
    """A PLY file; its header counts what it has, unless told otherwise."""
    header = [
        f"ply\nformat {encoding} 1.0",
        f"element vertex {len(corners_m) if num_vertices is None else num_vertices}",
        *(f"property float {axis}" for axis in "xyz"),
        f"element face {len(faces) if num_faces is None else num_faces}",
        "property list uchar int vertex_indices\nend_header\n",
    ]
    if encoding == "ascii":
        lines = [*corners_m, *([len(face), *face] for face in faces)]
        return "\n".join([*header[:-1], header[-1] + "\n".join(" ".join(map(str, line)) for line in lines)]).encode()
    return "\n".join(header).encode() + b"".join(
        [struct.pack("<3f", *corner) for corner in corners_m]
        + [struct.pack(f"<B{len(face)}i", len(face), *face) for face in faces]
    )


def obj(faces: Sequence[str] = ("1 2 3", "1 3 4"), corners_m: Sequence[Sequence[float]] = CORNERS_M) -> bytes:
    """An OBJ file; its faces count vertices from 1."""
    lines = [f"v {x} {y} {z}" for x, y, z in corners_m] + [f"f {face}" for face in faces]
    return "\n".join(lines).encode() + b"\n"


def write_scene(folder: Path, mesh: bytes, name: str = "plate.ply", more: str = "", inside: str = "") -> Path:
    """An XML scene whose one mesh is ``meshes/<name>``; ``more`` stands beside its shape, ``inside`` in it."""
    (folder / "meshes").mkdir(parents=True, exist_ok=True)
    (folder / "meshes" / name).write_bytes(mesh)
    path = folder / "scene.xml"
    path.write_text(
        f"""<scene version="2.1.0">
        <bsdf type="itu-radio-material" id="plate"><string name="type" value="metal"/></bsdf>{more}
        <shape type="{name.rpartition(".")[2]}" id="plate-mesh">
        <string name="filename" value="meshes/{name}"/><ref id="plate" name="bsdf"/>{inside}</shape></scene>"""
    )
    return path
