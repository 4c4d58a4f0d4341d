"""Other materials: walls change by their factor, the plate does not, and what reflects is as theory says."""

import numpy as np
import pytest

from trainables.evaluator import PlacementEvaluator
from trainables.problem import PlacementProblem
from trainables.variants.permittivity import OtherMaterials, PermittivitySettings

PROBLEM = PlacementProblem()


def properties(evaluator: PlacementEvaluator) -> dict[str, tuple[float, float]]:
    materials = {name: o.radio_material for name, o in evaluator.scene.scene.objects.items()}
    return {name: (m.relative_permittivity[0], m.conductivity[0]) for name, m in materials.items()}


def test_walls_change_by_the_factor_and_plates_stay_what_they_are(corridor: PlacementEvaluator) -> None:
    up, down = PermittivitySettings(share=0.2).variants(PROBLEM)
    usual = properties(corridor)
    plate = usual.pop("reflector-0")
    for variant, factor in ((up, 1.2), (down, 0.8)):
        there = corridor.under(variant)
        found = properties(there)
        assert found.pop("reflector-0") == plate
        for name, (permittivity, conductivity) in usual.items():
            assert found[name] == pytest.approx((factor * permittivity, factor * conductivity), rel=1e-5)
        there.scene.scene.frequency = there.scene.scene.frequency  # a change of frequency sets nothing back
        assert properties(there) == pytest.approx(found | {"reflector-0": plate})
    assert properties(corridor) == usual | {"reflector-0": plate}


def test_no_material_is_thinner_than_vacuum(corridor: PlacementEvaluator) -> None:
    there = corridor.under(OtherMaterials(0.01))
    permittivities = [permittivity for permittivity, _ in properties(there).values()]
    assert np.min(permittivities) == 1


def test_denser_walls_reflect_more(corridor: PlacementEvaluator) -> None:
    """Behind the corner all power has been reflected."""
    genes = {"x1": 2.0, "y1": 2.0, "x2": 3.0, "y2": 1.0, "dir1_x": 1.0, "dir1_y": 0.0, "dir2_x": 1.0, "dir2_y": 0.0}
    genes |= {"refl_u": 0.5, "refl_v": 0.5, "focal_x": 18.0, "focal_y": 14.0}
    placement = corridor.site.space.decode(genes).without_reflectors()
    behind = corridor.site.grid.centers_m[:, 1] > 8
    up, down = PermittivitySettings(share=0.2).variants(PROBLEM)
    powers_w = [of.trace(placement, 20_000).rss_w[:, behind].sum() for of in map(corridor.under, (down, up))]
    assert powers_w[0] < corridor.trace(placement, 20_000).rss_w[:, behind].sum() < powers_w[1]
