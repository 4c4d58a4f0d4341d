"""What is read of a scene without Sionna is what Sionna makes of it."""

from pathlib import Path

import numpy as np
import pytest

from tests.meshes import ply, write_scene
from trainables.buildings.mesh_objects import mesh_objects
from trainables.buildings.mitsuba_xml import shapes
from trainables.buildings.xml_scene import XmlScene
from trainables.tracing.backend import start_backend

TURNED = """<transform name="to_world"><scale x="2" y="0.5" z="3"/><rotate x="1" y="2" z="-1" angle="40"/>
<translate value="3, -1, 2"/><rotate z="1" angle="30"/></transform>"""
SKEWED = (
    '<transform name="to_world"><matrix value="1 0.5 0 4  0 1 0 5  0 0 2 6  0 0 0 1"/><scale value="2"/></transform>'
)


def shape(kind: str, name: str, transform: str) -> str:
    return f'<shape type="{kind}" id="{name}"><ref id="plate" name="bsdf"/>{transform}</shape>'


def test_corners_are_where_sionna_has_them(tmp_path: Path) -> None:
    start_backend("auto")
    import sionna.rt as rt

    more = shape("cube", "mesh-block", TURNED) + shape("rectangle", "sheet", SKEWED)
    path = write_scene(tmp_path, ply(), more=more, inside=TURNED)
    found = mesh_objects(path)
    assert list(found) == ["block", "sheet", "plate-mesh"]
    assert [len(triangles) for triangles in found.values()] == [12, 2, 2]
    ours = np.unique(np.concatenate([t.reshape(-1, 3) for t in found.values()]).round(3), axis=0)
    meshes = [item.mi_mesh.vertex_positions_buffer().numpy() for item in rt.load_scene(str(path)).objects.values()]
    theirs = np.unique(np.concatenate(meshes).reshape(-1, 3).round(3), axis=0)
    for one, other in ((ours, theirs), (theirs, ours)):  # rounding may split a corner in two
        apart_m = np.linalg.norm(one[:, None] - other[None], axis=2).min(axis=1)
        assert apart_m.max() < 0.002


@pytest.mark.parametrize("step", ['<lookat origin="0 0 0" target="1 0 0" up="0 0 1"/>', '<translate x="far"/>'])
def test_another_transform_is_refused(tmp_path: Path, step: str) -> None:
    path = write_scene(tmp_path, ply(), inside=f'<transform name="to_world">{step}</transform>')
    with pytest.raises(
        ValueError, match=r"^path must be a scene whose shapes are put by matrix, .*; apply the transforms"
    ):
        shapes(path)


def test_a_scene_that_is_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = write_scene(tmp_path, ply())
    scene = XmlScene(path=path)
    assert list(scene.objects()) == ["plate-mesh"]
    path.write_text(path.read_text().replace("plate-mesh", "mesh-floor"))
    assert list(scene.objects()) == ["floor"]
