"""Placements as somebody gives them: in files of their own, or a run's."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tune_reflector.config.config_file import load_config
from tune_reflector.errors import ConfigError
from tune_reflector.evaluation.given import hung, parse_given, read_placements

CONFIG = load_config(None)
SITE = CONFIG.site()
GENES = SITE.space.sample(np.random.default_rng(1))
AP = {"position_m": [2, 2, 2.5], "direction": [1, 0, -0.5]}
PLATE = {"center_m": [19.6, 2, 1.5], "normal": [-1, 0.8, 0], "size_m": [1, 1]}


def test_genes_and_what_they_build_are_one_placement() -> None:
    by_genes = parse_given({"genes": GENES}, CONFIG, "a", "a.json")
    told = by_genes.placement.to_json()
    for plate in told["reflectors"]:
        del plate["u"], plate["v"]
    by_geometry = parse_given(told, CONFIG, "a", "a.json")
    assert by_genes.genes == GENES
    assert by_geometry.genes is None
    (found,), (expected,) = hung(by_geometry.placement, SITE).reflectors, by_genes.placement.reflectors
    assert (found.u, found.v) == pytest.approx((expected.u, expected.v), abs=1e-9)
    np.testing.assert_array_equal(found.vertices_m, expected.vertices_m)


def test_of_several_walls_it_hangs_on_the_one_that_it_was_made_for() -> None:
    site = load_config(None, ["scene.plan=office", "reflector={walls: {material: concrete}}"]).site()
    (plate,) = site.space.plates
    assert len(plate.walls) > 4
    for seed in range(10):
        placement = site.space.decode(site.space.sample(np.random.default_rng(seed)))
        unhung = replace(placement, reflectors=(replace(placement.reflectors[0], u=0.5, v=0.5),))
        (found,), (expected,) = hung(unhung, site).reflectors, placement.reflectors
        assert (found.u, found.v) == pytest.approx((expected.u, expected.v), abs=1e-9)


def test_a_best_json_is_what_was_built_and_is_called_as_its_run() -> None:
    built = SITE.space.decode(GENES).to_json()
    for name in ("before", "after"):
        Path(name).mkdir()
        (Path(name) / "best.json").write_text(json.dumps({"genes": {"of": 1}, "p5_rss_dbm": -50.0, **built}))
    found = read_placements([Path("before/best.json"), Path("after/best.json"), Path("before/best.json")], CONFIG)
    assert [one.name for one in found] == ["before", "after", "before-2"]
    assert all(one.placement.to_json() == built for one in found)


def test_a_power_that_is_left_out_is_that_of_the_configuration() -> None:
    weak = load_config(None, ["access_points.power_dbm=7"])
    (ap,) = parse_given({"access_points": [AP]}, weak, "a", "a.json").placement.access_points
    assert ap.power_dbm == 7


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "a.json: must have access_points and perhaps reflectors"),
        ({"genes": [1]}, "a.json: genes: must be a mapping of names to numbers, but is a list"),
        ({"genes": {**GENES, "z9": 1}}, "a.json: genes.z9: unknown gene; the genes are x1, y1"),
        ({"genes": {"x1": 1}}, "a.json: genes.y1: must be given, but is missing; add it"),
        ({"genes": {**GENES, "x1": "far"}}, "a.json: genes: must be numbers, but could not convert string"),
        ({"access_points": []}, "a.json: access_points: must be a list of at least one"),
        (
            {"access_points": [AP], "reflectors": [PLATE, PLATE]},
            "a.json: reflectors: must be at most as many as the configuration has, 1, but are 2; add to reflectors",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line_with_file_and_field(content: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_given(content, CONFIG, "a", "a.json")
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_genes_that_no_search_would_build_are_measured_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    outside = {**GENES, "x2": GENES["x1"], "y2": GENES["y1"]}
    assert parse_given({"genes": outside}, CONFIG, "a", "a.json").genes == outside
    assert "no search would build it" in caplog.text


def test_plates_that_hang_already_need_not_be_told_and_come_first() -> None:
    old = {"center_m": [8, 3.9, 1.5], "normal": [0, -1, 0]}
    config = load_config(None, [f"reflectors=[{{}}, {{fixed: {old}, name: old, size_m: [0.5, 0.5]}}]"])
    for told, centers_m in (
        ([], [[8, 3.9, 1.5]]),
        ([PLATE], [[8, 3.9, 1.5], PLATE["center_m"]]),
        ([PLATE, {**PLATE, **old, "fixed": True}], [[8, 3.9, 1.5], PLATE["center_m"]]),
    ):
        placement = parse_given({"access_points": [AP], "reflectors": told}, config, "a", "a.json").placement
        placed = hung(placement, config.site())
        assert [plate.center_m.tolist() for plate in placed.reflectors] == centers_m
        assert [plate.fixed for plate in placed.reflectors] == [True, False][: len(centers_m)]
