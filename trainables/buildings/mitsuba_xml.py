"""A Mitsuba XML file: what it may say, and which meshes it names.

Mitsuba takes ``type`` for the name of a library and looks for it beside the scene, too: a folder ``plugins`` that comes
with a scene would be run. So a scene may name what ships with Mitsuba and Sionna, and nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

MAX_XML_MB = 8
"""Largest file [MiB]; Sionna's San Francisco, with 4,735 shapes, takes 1."""

SHAPES = ("ply", "obj", "cube", "rectangle", "merge")
"""Shapes that are triangle meshes, which alone Sionna traces; Blender's exporter writes ``ply``."""

MESH_FILES = ("ply", "obj")
"""Those that are read from a file."""

SIONNA_PLUGINS = ("itu-radio-material", "radio-material", "absorber-radio-material")


@dataclass(frozen=True)
class MeshFile:
    """The file of one shape: as the scene names it, where that is, and in which of ``MESH_FILES``' formats."""

    name: str
    path: Path
    format: str


@dataclass(frozen=True, eq=False)
class Shape:
    """One shape of a scene: its name, of which of ``SHAPES`` it is, its file if it has one, and where it is put."""

    name: str
    kind: str
    file: MeshFile | None
    to_world: npt.NDArray[np.float64]
    """Homogeneous, ``[4, 4]``."""


def shapes(path: Path) -> list[Shape]:
    """List every shape that is a mesh of its own, in their order.

    Raises:
        ValueError: the file is no Mitsuba scene of meshes, or a shape is put in a way that is not known. The field is
            ``path``.
    """
    return [
        Shape(
            shape.get("id", f"shape-{number}").removeprefix("mesh-"),
            shape.attrib["type"],
            next((MeshFile(name, path.parent / name, shape.attrib["type"]) for name in _file_names(shape)), None),
            _to_world(shape, path),
        )
        for number, shape in enumerate(_checked(path).iter("shape"))
        if shape.get("type") != "merge"
    ]


def mesh_files(path: Path) -> list[MeshFile]:
    """List the file of every shape, in their order; one that several shapes share is there for each of them.

    Raises:
        ValueError: the file is no Mitsuba scene of meshes, or says what it must not. The field is ``path``.
    """
    return [
        MeshFile(name, path.parent / name, shape.attrib["type"])
        for shape in _checked(path).iter("shape")
        if shape.get("type") in MESH_FILES
        for name in _file_names(shape)
    ]


def _checked(path: Path) -> ElementTree.Element:
    """The root of a scene that says nothing that it must not."""
    root = _parse(path)
    for element in root.iter():
        kind = element.get("type")
        if element.tag in ("include", "path"):
            raise ValueError(
                f"path must be a scene in one file, but {str(path)!r} holds <{element.tag}>; export it unsplit"
            )
        if element.tag == "shape" and kind not in SHAPES:
            raise ValueError(
                f"path must be a scene of meshes ({', '.join(SHAPES)}), but {str(path)!r} has a shape of type "
                f"{_short(kind)}; export it as ply"
            )
        if kind is not None and kind not in _plugins():
            raise ValueError(
                f"path must be a scene of Mitsuba's and Sionna's own types, but {str(path)!r} has a <{element.tag}> of "
                f"type {_short(kind)}; remove it"
            )
    if next(root.iter("shape"), None) is None:
        raise ValueError(f"path must be a scene with shapes, but {str(path)!r} has none; export it with its meshes")
    return root


def _file_names(shape: ElementTree.Element) -> Iterator[str]:
    return (text.get("value", "") for text in shape.findall("string[@name='filename']"))


def _to_world(shape: ElementTree.Element, path: Path) -> npt.NDArray[np.float64]:
    """The steps of its transform, the first first."""
    matrix = np.eye(4)
    for step in shape.findall("transform[@name='to_world']/*"):
        try:
            matrix = _step(step) @ matrix
        except ValueError:
            raise ValueError(
                f"path must be a scene whose shapes are put by matrix, translate, rotate or scale, but one in "
                f"{str(path)!r} has <{step.tag[:50]}> {_short(str(step.attrib))}; apply the transforms before export"
            ) from None
    return matrix


def _step(step: ElementTree.Element) -> npt.NDArray[np.float64]:
    """One step of a transform, as Mitsuba reads it; ``ValueError`` for anything else."""
    value, matrix = [float(number) for number in step.get("value", "").replace(",", " ").split()], np.eye(4)
    if step.tag == "matrix" and len(value) in (9, 16):
        side = 3 if len(value) == 9 else 4
        matrix[:side, :side] = np.reshape(value, (side, side))
        return matrix
    usual = 1.0 if step.tag == "scale" else 0.0
    x, y, z = (value * 3)[:3] if value else (float(step.get(axis, usual)) for axis in "xyz")
    if step.tag == "translate":
        matrix[:3, 3] = x, y, z
    elif step.tag == "scale":
        matrix[:3, :3] = np.diag([x, y, z])
    elif step.tag == "rotate" and np.any([x, y, z]):
        axis, angle = np.array([x, y, z]), np.radians(float(step.get("angle", 0)))  # the axis as it is, as Mitsuba does
        cos, sin = np.cos(angle), np.sin(angle)
        matrix[:3, :3] = cos * np.eye(3) + sin * np.cross(np.eye(3), axis) + (1 - cos) * np.outer(axis, axis)
    else:
        raise ValueError
    return matrix


def _parse(path: Path) -> ElementTree.Element:
    text = _read(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError(
            f"an XML scene must not declare a document type or entities, but {str(path)!r} does; remove them"
        )
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"path must be an XML file, but {str(path)!r} is not: {error}; export it again") from None
    if root.tag != "scene":
        raise ValueError(
            f"path must be a Mitsuba scene, but the root element of {str(path)!r} is <{root.tag}>; "
            "export it with the Mitsuba exporter"
        )
    return root


def _read(path: Path) -> str:
    try:
        if not path.is_file():
            raise ValueError(f"path must be an existing file, but {str(path)!r} is not; check it")
        size_mb = path.stat().st_size / 2**20
        if size_mb > MAX_XML_MB:
            raise ValueError(
                f"path must be a file of at most {MAX_XML_MB} MiB, but {str(path)!r} has {size_mb:.0f}; join its shapes"
            )
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ValueError(
            f"path must be a file that can be read, but {str(path)[:200]!r}: {error.strerror}; check it"
        ) from None


@cache
def _plugins() -> frozenset[str]:
    """All that may be named, found without importing Mitsuba, and also where it has been."""
    spec = PathFinder.find_spec("mitsuba")
    assert spec is not None, "mitsuba is a dependency"
    folder = Path(next(iter(spec.submodule_search_locations or ()))) / "plugins"
    return frozenset(SIONNA_PLUGINS) | {path.stem for path in folder.iterdir()}


def _short(text: str | None) -> str:
    return repr(text if text is None else text[:50])
