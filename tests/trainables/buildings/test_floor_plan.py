"""Floor plans become sheets that cover what they should, once, with the right material."""

from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from search_spaces.complaints import ComplaintsError
from search_spaces.zones import contains, region
from trainables.buildings.floor_plan import (
    ITU_MATERIALS,
    FloorPlan,
    Sheet,
    Slab,
    Wall,
    bundled_floor_plans,
    load_floor_plan,
    sheets,
)
from trainables.tracing.receivers import ReceiverGrid

BUNDLED = sorted(bundled_floor_plans())


def plan(**changes: Any) -> FloorPlan:
    """A room of 6 x 4 m, 3 m high."""
    corners = [[0, 0], [6, 0], [6, 4], [0, 4]]
    wall = {"name": "shell", "path_m": corners, "closed": True, "material": "brick", "thickness_m": 0.3}
    whole = {
        "name": "room",
        "height_m": 3,
        "outline_m": corners,
        "floor": None,
        "ceiling": None,
        "walls": [wall | changes.pop("wall", {})],
        "user_zones": [corners],
        "access_point_areas": [corners],
    }
    return FloorPlan.model_validate(whole | changes)


def opening(segment: int, start: float, width: float, bottom: float, top: float, slab: Any = None) -> dict[str, Any]:
    return {
        "segment": segment,
        "start_m": start,
        "width_m": width,
        "bottom_m": bottom,
        "top_m": top,
        "slab": slab,
    }


@pytest.mark.parametrize("name", BUNDLED)
def test_openings_begin_and_end_on_their_segment(name: str) -> None:
    for wall in load_floor_plan(bundled_floor_plans()[name]).walls:
        for hole in wall.openings:
            corners, ends = np.asarray(wall.corners_m)[hole.segment : hole.segment + 2], wall.ends_m(hole)
            assert np.linalg.norm(ends[0] - corners[0]) == pytest.approx(hole.start_m)
            assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(hole.width_m)
            segment = shapely.LineString(corners)
            assert all(segment.distance(shapely.Point(end)) < 1e-9 for end in ends)


def length_m(wall: Wall) -> float:
    path = [*wall.path_m, *wall.path_m[: wall.closed]]
    return sum(float(np.hypot(*np.subtract(b, a))) for a, b in pairwise(path))


def triangle_areas_m2(sheet: Sheet) -> npt.NDArray[np.float64]:
    a, b, c = np.moveaxis(sheet.vertices_m[sheet.faces], 1, 0)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def area_m2(sheet: Sheet) -> float:
    return float(triangle_areas_m2(sheet).sum())


def area_by_slab(built: list[Sheet]) -> dict[Slab, float]:
    areas: dict[Slab, float] = defaultdict(float)
    for sheet in built:
        areas[Slab(material=sheet.slab.material, thickness_m=sheet.slab.thickness_m)] += area_m2(sheet)
    return dict(areas)


def expected_area_by_slab(floor_plan: FloorPlan) -> dict[Slab, float]:
    """Perimeter times height, less every opening, which counts for what fills it."""
    areas: dict[Slab, float] = defaultdict(float)
    for slab in (floor_plan.floor, floor_plan.ceiling):
        if slab is not None:
            areas[slab] += floor_plan.outline.area
    for wall in floor_plan.walls:
        own = Slab(material=wall.material, thickness_m=wall.thickness_m)
        areas[own] += length_m(wall) * (wall.height_m or floor_plan.height_m)
        for hole in wall.openings:
            area = hole.width_m * (hole.top_m - hole.bottom_m)
            areas[own] -= area
            if hole.slab is not None:
                areas[hole.slab] += area
    return dict(areas)


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_plan_has_every_surface_once_in_its_material(name: str) -> None:
    floor_plan = load_floor_plan(bundled_floor_plans()[name])
    assert area_by_slab(sheets(floor_plan)) == pytest.approx(expected_area_by_slab(floor_plan))


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_plan_puts_people_and_plate_where_they_can_be(name: str) -> None:
    floor_plan = load_floor_plan(bundled_floor_plans()[name])
    users, areas = region(floor_plan.user_zones), region(floor_plan.access_point_areas)
    assert floor_plan.name == name
    assert floor_plan.outline.buffer(1e-6).contains(users)
    assert floor_plan.outline.contains(areas)
    assert areas.difference(region(floor_plan.keep_out_zones)).area > 0
    assert floor_plan.reflector_wall is not None


def test_the_floor_of_an_l_shape_leaves_the_corner_out() -> None:
    floor_plan = load_floor_plan(bundled_floor_plans()["l_corridor"])
    floor, ceiling = (next(s for s in sheets(floor_plan) if s.name == name) for name in ("floor", "ceiling"))
    triangles = shapely.union_all([shapely.Polygon(t) for t in floor.vertices_m[floor.faces][:, :, :2]])
    assert triangles.symmetric_difference(floor_plan.outline).area == pytest.approx(0, abs=1e-9)
    assert area_m2(floor) == area_m2(ceiling) == pytest.approx(20 * 20 - 16 * 16)
    assert set(floor.vertices_m[:, 2]) == {0.0}
    assert set(ceiling.vertices_m[:, 2]) == {3.0}


SLABS = [None, {"material": "glass", "thickness_m": 0.01}, {"material": "wood", "thickness_m": 0.04}]


@st.composite
def openings(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Doors and windows on decimetres, some of them side by side or on top of each other, none overlapping."""
    taken: list[tuple[int, shapely.Polygon]] = []
    holes = []
    for _ in range(draw(st.integers(0, 6))):
        segment = draw(st.integers(0, 3))
        length = (60, 40)[segment % 2]
        start, bottom = draw(st.integers(0, length - 1)), draw(st.integers(0, 29))
        end, top = draw(st.integers(start + 1, length)), draw(st.integers(bottom + 1, 30))
        shape = shapely.box(start, bottom, end, top)
        if any(segment == s and shape.intersection(other).area > 0 for s, other in taken):
            continue
        taken.append((segment, shape))
        edges = (start / 10, (end - start) / 10, bottom / 10, top / 10)
        holes.append(opening(segment, *edges, slab=draw(st.sampled_from(SLABS))))
    return holes


@given(openings())
@settings(max_examples=100)
def test_openings_are_cut_out_once_and_filled_once(holes: list[dict[str, Any]]) -> None:
    floor_plan = plan(wall={"openings": holes})
    built, expected = area_by_slab(sheets(floor_plan)), expected_area_by_slab(floor_plan)
    assert built == pytest.approx({slab: area for slab, area in expected.items() if area > 1e-9})


@given(openings())
@settings(max_examples=50)
def test_no_two_sheets_overlap(holes: list[dict[str, Any]]) -> None:
    """On the first wall, drawn flat: the triangles' union is as large as their sum."""
    floor_plan = plan(
        wall={"path_m": [[0, 0], [6, 0]], "closed": False, "openings": [h for h in holes if not h["segment"]]}
    )
    triangles = [shapely.Polygon(t) for s in sheets(floor_plan) for t in s.vertices_m[s.faces][:, :, [0, 2]]]
    assert shapely.union_all(triangles).area == pytest.approx(sum(t.area for t in triangles))


def test_windows_may_touch() -> None:
    """0.1 + 0.2 is a little more than 0.3, which is no overlap and leaves no sliver of wall."""
    floor_plan = plan(wall={"openings": [opening(0, 0.1, 0.2, 1, 2), opening(0, 0.3, 0.4, 1, 2)]})
    (sheet,) = sheets(floor_plan)
    assert area_m2(sheet) == pytest.approx(60 - 0.6)
    assert triangle_areas_m2(sheet).min() > 0.01


@pytest.mark.parametrize(
    ("holes", "rule"),
    [
        ([opening(0, 5.5, 0.9, 0, 2)], r"must lie within its 6 x 3 m of wall .shell., but ends at 6\.4 m"),
        ([opening(1, 0, 0.9, 0, 3.1)], r"must lie within its 4 x 3 m of wall .shell., but ends at 0\.9 m and 3\.1 m"),
        ([opening(4, 0, 0.9, 0, 2)], "segment must be < 4"),
        ([opening(0, 1, 1, 0, 2), opening(0, 1.5, 1, 1, 3)], r"at 1\.5 m overlaps another"),
        ([opening(0, 1, 1, 2, 1)], r"top_m must be above bottom_m, but got 1\.0 and 2\.0; swap them"),
    ],
)
def test_an_opening_that_does_not_fit_is_refused(holes: list[dict[str, Any]], rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        plan(wall={"openings": holes})


@pytest.mark.parametrize(
    "wall",
    [
        {"top_left_m": [7, 4, 3], "bottom_right_m": [7, 0, 0]},
        {"top_left_m": [6, 9, 3], "bottom_right_m": [6, 0, 0]},
        {"top_left_m": [6, 4, 4], "bottom_right_m": [6, 0, 0]},
        {"top_left_m": [6, 4, 3], "bottom_right_m": [6, 0, -1]},
    ],
)
def test_a_reflector_wall_outside_the_building_is_refused(wall: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="reflector_wall must be inside the building"):
        plan(reflector_wall=wall)


def test_an_unknown_material_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        ValidationError, match=r"must be one of ITU-R P\.2040's, but got 'cheese'; choose from .*concrete"
    ):
        Slab(material="cheese", thickness_m=0.1)


def test_the_materials_are_those_that_sionna_knows() -> None:
    from trainables.tracing.backend import start_backend

    start_backend("auto")  # before Sionna, as always
    from sionna.rt.radio_materials.itu import ITU_MATERIALS_PROPERTIES

    assert sorted(ITU_MATERIALS) == sorted(ITU_MATERIALS_PROPERTIES)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("a: [", "must be YAML"),
        ("a: !!bool perhaps", "must be YAML"),
        ("\x00", "must be YAML"),
        ("- 1", "must be a floor plan"),
    ],
)
def test_a_file_that_is_no_floor_plan_is_named_on_one_line(tmp_path: Path, content: str, rule: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=rule) as caught:
        load_floor_plan(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_that_is_wrong_with_a_plan_is_told_with_its_place(tmp_path: Path) -> None:
    broken = {
        "name: x": "name: x\nnmae: y",
        "height_m: 3.0": "height_m: -3",
        "thickness_m: 0.2\nuser": "thickness_m: 20\nuser",
        "  - [[16, 4], [20, 4], [20, 20], [16, 20]]": "  [[16, 4], [20, 4], [20, 20], [16, 20]]",
    }
    text = bundled_floor_plans()["l_corridor"].read_text().replace("name: l_corridor", "name: x")
    for right, wrong in broken.items():
        assert right in text
        text = text.replace(right, wrong)
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    with pytest.raises(ComplaintsError) as caught:
        load_floor_plan(path)
    lines = text.splitlines()
    at = {key: next(n for n, line in enumerate(lines, 1) if key in line) for key in ("height_m", "nmae", "user_zones")}
    thick = next(n for n, line in enumerate(lines, 1) if "thickness_m: 20" in line)
    assert sorted(caught.value.lines) == [
        f"height_m: input should be greater than 0, but got -3; correct it (plan.yaml:{at['height_m']}:1)",
        f"nmae: unknown key; did you mean 'name'? (plan.yaml:{at['nmae']}:1)",
        "user_zones: must be a list of polygons, but is a single one; put one more pair of brackets around it "
        f"(plan.yaml:{at['user_zones']}:1)",
        f"walls.0.thickness_m: must be <= 5 m for concrete, but got 20; give metres (plan.yaml:{thick}:5)",
    ]


def test_walls_that_do_not_fit_are_told_together() -> None:
    far = {"name": "far", "path_m": [[3, 0], [3, 9]], "material": "brick", "thickness_m": 0.1}
    holes = [opening(0, 5.5, 0.9, 0, 2), opening(9, 0, 1, 0, 2)]
    shell = plan().walls[0].model_dump() | {"openings": holes}
    with pytest.raises(ValidationError) as caught:
        plan(walls=[shell, far], reflector_wall={"top_left_m": [7, 4, 3], "bottom_right_m": [7, 0, 0]})
    (error,) = caught.value.errors()
    assert [line.split(" ")[0] for line in error["ctx"]["error"].lines] == [
        "walls.1.path_m", "walls.0.openings.0", "walls.0.openings.1.segment", "reflector_wall",
    ]  # fmt: skip


@pytest.mark.parametrize(("out_m", "fits"), [(0.3 + 0.49, True), (0.3 + 0.51, False)])
def test_a_wall_may_be_drawn_on_its_middle_or_outer_face(out_m: float, fits: bool) -> None:
    corners = [[-out_m, 0], [6, 0], [6, 4], [-out_m, 4]]
    if fits:
        assert plan(wall={"path_m": corners}).walls[0].path_m[0] == (-out_m, 0)
    else:
        with pytest.raises(ValidationError, match=r"walls\.0\.path_m must lie inside outline_m .* 'shell' reaches"):
            plan(wall={"path_m": corners})


@pytest.mark.parametrize(("material", "most_m"), [("plasterboard", 0.5), ("concrete", 5), ("wet_ground", 100)])
def test_a_slab_thicker_than_anything_built_is_refused(material: str, most_m: float) -> None:
    assert Slab(material=material, thickness_m=most_m).thickness_m == most_m
    with pytest.raises(ValidationError, match=r"must be <= .* m for|less than or equal"):
        Slab(material=material, thickness_m=most_m * 1.01)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_floor_plan(tmp_path / "nowhere.yaml")


def visible(
    floor_plan: FloorPlan, from_m: npt.NDArray[np.float64], to_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Which of ``to_m`` [n, 2] each of ``from_m`` [m, 2] sees in plan: [m, n]. Doorways are open, panes are not."""
    solid = []
    for wall in floor_plan.walls:
        for number, ends in enumerate(pairwise([*wall.path_m, *wall.path_m[: wall.closed]])):
            segment = shapely.LineString(ends)
            for door in wall.openings:
                if door.segment == number and door.slab is None and door.bottom_m == 0:
                    start, end = (segment.interpolate(d) for d in (door.start_m, door.start_m + door.width_m))
                    segment = segment.difference(shapely.LineString([start, end]).buffer(1e-6))
            solid.append(segment)
    walls = shapely.union_all(solid)
    shapely.prepare(walls)
    pairs = np.stack(np.broadcast_arrays(from_m[:, None], to_m[None]), axis=2)
    return ~shapely.intersects(walls, shapely.linestrings(pairs.reshape(-1, 2, 2))).reshape(pairs.shape[:2])


def test_no_place_in_the_office_corridor_sees_all_users() -> None:
    floor_plan = load_floor_plan(bundled_floor_plans()["office"])
    area = region(floor_plan.access_point_areas).difference(region(floor_plan.keep_out_zones))
    grid = np.stack(np.meshgrid(np.arange(0.75, 19.5, 0.5), np.arange(7.0, 8.7, 0.4)), axis=-1).reshape(-1, 2)
    places = grid[contains(area, grid)]
    seen = visible(floor_plan, places, ReceiverGrid(region(floor_plan.user_zones), 1.0, 1.5).centers_m)
    assert seen.any(), "the open door shows some users to somebody"
    assert not seen.all(axis=1).any()
    assert seen.mean() < 0.1
