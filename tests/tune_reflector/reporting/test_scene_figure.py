"""The view is written whole, in the formats asked for."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from tune_reflector.reporting.scene_figure import save_view


@pytest.mark.usefixtures("corridor")  # Sionna's modules want a started backend
def test_the_picture_gets_a_title_and_a_legend() -> None:
    from trainables.scene_view import LegendEntry, SceneView

    image = np.full((400, 600, 3), 0.25)
    legend = (LegendEntry("reflector", "#D55E00", False), LegendEntry("path", "#0072B2", True))
    save_view([Path("view.png"), Path("view.pdf")], SceneView(image, legend, "south-west"), "a title")
    assert sorted(path.name for path in Path().iterdir()) == ["view.pdf", "view.png"]  # no half-written file stays
    assert Path("view.pdf").read_bytes().startswith(b"%PDF")
    written = plt.imread("view.png")[..., :3]
    assert written.shape[1] == 1200
    assert (np.abs(written - 0.25).max(axis=2) < 0.01).sum() == pytest.approx(800 * 1200, rel=0.01)
    for entry in legend:
        rgb = np.array([int(entry.color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        assert np.any(np.abs(written - rgb).max(axis=2) < 0.02)
