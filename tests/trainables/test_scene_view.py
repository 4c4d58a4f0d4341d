"""The picture shows what is placed, where it is placed, and leaves the evaluator as it was."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from search_spaces.design import Placement
from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem

if TYPE_CHECKING:
    from trainables.scene_view import SceneView

GENES = {"x1": 12.0, "y1": 2.1, "x2": 5.4, "y2": 0.5, "dir1_x": 1.0, "dir1_y": 0.0, "dir2_x": 1.0, "dir2_y": 0.1}
PLATE = {"refl_u": 0.9, "refl_v": 0.2, "focal_x": 17.5, "focal_y": 14.4}
TARGETS_M = np.array([[17.0, 8.0, 1.5], [19.0, 14.0, 1.5]])
NOBODY = np.empty((0, 3))


def placed(evaluator: PlacementEvaluator, **genes: float) -> Placement:
    return evaluator.site.space.decode({**GENES, **PLATE, **genes})


def view(evaluator: PlacementEvaluator, placement: Placement, targets_m: npt.NDArray[Any], paths: int) -> "SceneView":
    from trainables.scene_view import render_view

    return render_view(evaluator, placement, targets_m, paths, resolution=(360, 240), samples_per_pixel=4)


def middle(image: npt.NDArray[np.float64], color: str) -> npt.NDArray[np.float64]:
    """Mean row and column of the pixels of a colour."""
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    found = np.argwhere(np.abs(image - rgb).max(axis=2) < 0.05)
    assert len(found) > 0, f"no {color}"
    return np.asarray(found.mean(axis=0))


def test_the_picture_is_one_and_the_evaluator_is_as_before(corridor: PlacementEvaluator) -> None:
    placement = placed(corridor)
    before = corridor.trace(placement, 30_000).rss_w
    other = placed(corridor, refl_u=0.3)
    shown = view(corridor, other, TARGETS_M, 10)
    assert corridor.scene.placement is placement
    assert not corridor.scene.scene.receivers
    np.testing.assert_allclose(corridor.trace(placement, 30_000).rss_w, before, rtol=1e-5)

    image = shown.image
    assert image.shape == (240, 360, 3)
    assert image.min() >= 0
    assert image.max() <= 1
    drawn = np.argwhere(image.min(axis=2) < 0.95)
    (top, left), (bottom, right) = drawn.min(axis=0), drawn.max(axis=0)
    assert max((bottom - top) / 240, (right - left) / 360) > 0.9  # the building fills the picture
    assert min(top, left, 239 - bottom, 359 - right) > 2  # and is all in it
    floor = image[(image.min(axis=2) < 0.97) & (np.ptp(image, axis=2) < 0.02)]
    assert 0.5 < np.median(floor) < 0.95  # neither dark nor white
    labels = [entry.label for entry in shown.legend]
    assert labels[:4] == ["access point and where it points", "reflector", "user", "path by way of the reflector"]


def test_the_plate_is_where_it_is(corridor: PlacementEvaluator) -> None:
    """A user at the plate's centre is drawn where the plate is, wherever that is."""
    from trainables.scene_view import REFLECTOR_COLOR, USER_COLOR

    middles = []
    for u in (0.1, 0.9):
        placement = placed(corridor, refl_u=u)
        plate_at = middle(view(corridor, placement, NOBODY, 0).image, REFLECTOR_COLOR)
        user_at = middle(view(corridor, placement, placement.reflectors[0].center_m[None], 0).image, USER_COLOR)
        np.testing.assert_allclose(plate_at, user_at, atol=2.5)
        middles.append(plate_at)
    assert np.linalg.norm(middles[1] - middles[0]) > 20

    moved = [view(corridor, placed(corridor, refl_u=u), NOBODY, 0).image for u in (0.1, 0.9)]
    changed = np.argwhere(np.abs(moved[0] - moved[1]).max(axis=2) > 0.25)
    away = np.min([np.linalg.norm(changed - m, axis=1) for m in middles], axis=0)
    assert len(changed) > 20
    assert away.max() < 45  # the plate and the pole below it


def test_paths_are_drawn_and_without_a_plate_there_is_none(corridor: PlacementEvaluator) -> None:
    from trainables.scene_view import PATH_COLOR, REFLECTOR_COLOR

    placement = placed(corridor)
    without, with_paths = (view(corridor, placement, TARGETS_M, paths) for paths in (0, 12))
    assert (np.abs(with_paths.image - without.image).max(axis=2) > 0.2).sum() > 300
    assert without.legend == with_paths.legend[:3]

    bare = view(corridor, placement.without_reflectors(), TARGETS_M, 12)
    assert REFLECTOR_COLOR not in [entry.color for entry in bare.legend]
    assert bare.legend[-1].label == "path"
    assert bare.legend[-1].color == PATH_COLOR
    orange = np.abs(bare.image - np.array([0xD5, 0x5E, 0x00]) / 255).max(axis=2)
    assert orange.min() > 0.2


@pytest.mark.slow
def test_an_office_and_a_building_without_a_floor_plan_can_be_seen() -> None:
    office = PlacementEvaluator(
        PlacementProblem.model_validate(
            {"scene": {"kind": "floor_plan", "plan": "office"}, "radio": {"refraction": True, "max_depth": 3}}
        )
    )
    placement = office.site.space.decode(office.site.space.sample(np.random.default_rng(1)))
    shown = view(office, placement, np.array([[2.5, 3.0, 1.5], [17.5, 12.0, 1.5]]), 10)
    assert shown.seen_from.startswith("south")
    assert 0.6 < shown.image.mean() < 0.97

    box = PlacementEvaluator(
        PlacementProblem.model_validate(
            {
                "scene": {"kind": "sionna", "name": "box"},
                "receivers": {"zones": [[[-2, -2], [2, -2], [2, 2], [-2, 2]]]},
                "access_points": {"count": 1, "areas": [[[-1, -1], [1, -1], [1, 1], [-1, 1]]]},
                "reflector": None,
            }
        )
    )
    placement = box.site.space.decode(box.site.space.sample(np.random.default_rng(1)))
    shown = view(box, placement, np.array([[1.5, 1.5, 1.5]]), 10)
    assert {entry.label for entry in shown.legend} == {"access point and where it points", "user", "path"}
