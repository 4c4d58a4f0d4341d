"""What an XML scene may say."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.meshes import ply, write_scene
from trainables.buildings import mitsuba_xml
from trainables.buildings.mitsuba_xml import MeshFile, mesh_files
from trainables.buildings.sionna_scene import SionnaScene
from trainables.buildings.xml_scene import XmlScene

BOX = '<shape type="cube"/>'


def scene(content: str) -> str:
    return f'<scene version="2.1.0">{content}</scene>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (scene(""), "path must be a scene with shapes"),
        (scene('<bsdf type="diffuse" id="a"/>'), "path must be a scene with shapes"),
        (scene(f'<include filename="more.xml"/>{BOX}'), "holds <include>; export it unsplit"),
        (scene(f'<path value="/elsewhere"/>{BOX}'), "holds <path>; export it unsplit"),
        (scene('<shape type="sphere"/>'), "has a shape of type 'sphere'; export it as ply"),
        (scene("<shape/>"), "has a shape of type None; export it as ply"),
        (scene('<shape type="../../evil"/>'), "has a shape of type '../../evil'; export it as ply"),
        (scene(f'<bsdf type="evil" id="a"/>{BOX}'), "has a <bsdf> of type 'evil'; remove it"),
        (scene(f'<sensor type="perspective"><film type="evil"/></sensor>{BOX}'), "has a <film> of type 'evil'"),
        (scene(f'<default name="a" value="evil"/><emitter type="$a"/>{BOX}'), "has a <emitter> of type '$a'"),
    ],
)
def test_what_no_scene_needs_is_refused(tmp_path: Path, content: str, said: str) -> None:
    """Mitsuba would run ``plugins/evil.so`` of the scene's folder."""
    path = tmp_path / "scene.xml"
    path.write_text(content)
    with pytest.raises(ValidationError, match=r"path must be .*scene\.xml") as caught:
        XmlScene(path=path)
    assert said in str(caught.value)


def test_a_file_of_any_size_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_scene(tmp_path, ply())
    assert XmlScene(path=path)
    monkeypatch.setattr(mitsuba_xml, "MAX_XML_MB", 1e-4)
    with pytest.raises(ValidationError, match=r"path must be a file of at most 0\.0001 MiB"):
        XmlScene(path=path)


def test_meshes_are_beside_the_scene(tmp_path: Path) -> None:
    path = write_scene(tmp_path, ply(), more=f'<shape type="merge"><shape type="cube"/></shape>{BOX}')
    assert mesh_files(path) == [MeshFile("meshes/plate.ply", tmp_path / "meshes" / "plate.ply", "ply")]


@pytest.mark.parametrize("name", ["box", "munich", "san_francisco", "simple_street_canyon_with_cars"])
def test_scenes_of_sionna_are_such(name: str) -> None:
    path = SionnaScene(name=name).file
    files = mesh_files(path)
    assert len(files) == path.read_text().count("<shape ")
    assert all(file.path.is_file() for file in files)


def test_a_scene_as_blender_exports_it(tmp_path: Path) -> None:
    """With a camera, a light, a film and materials that are made for the eye."""
    seen = """<default name="spp" value="64"/>
        <integrator type="path"><integer name="max_depth" value="12"/></integrator>
        <sensor type="perspective"><float name="fov" value="39"/>
            <sampler type="independent"><integer name="sample_count" value="$spp"/></sampler>
            <film type="hdrfilm"><rfilter type="gaussian"/></film></sensor>
        <bsdf type="twosided" id="mat-itu_brick">
            <bsdf type="principled"><rgb name="base_color" value="1 0 0"/></bsdf></bsdf>
        <emitter type="point"><rgb name="intensity" value="1"/></emitter>"""
    assert len(mesh_files(write_scene(tmp_path, ply(), more=seen))) == 1
