"""What the page says of a map."""

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from search_records.best_map import BestMap
from search_records.result import RankedScore
from tune_reflector.config.config_file import load_config
from tune_reflector.reporting import html_page
from tune_reflector.runs.history import History
from tune_reflector.runs.provenance import Provenance
from tune_reflector.runs.run_data import RunData
from tune_reflector.runs.validations import Validation


@pytest.mark.parametrize("floor_dbm", [-120, -75, -60])
def test_no_share_of_cells_is_told_for_a_threshold_below_the_floor(floor_dbm: float) -> None:
    """All cells would be above it, whether they have power or not."""
    config = load_config(None, [f"objective={{floor_dbm: {floor_dbm}, coverage_threshold_dbm: -55}}"])
    site = config.site()
    dark = BestMap(
        site.space.sample(np.random.default_rng(0)), RankedScore(False, 2, -170.0), np.zeros((2, site.grid.num_cells))
    )
    about = Provenance({}, "CPU", datetime(2026, 1, 1, tzinfo=UTC), [], "", {})
    html = html_page.page([RunData(Path("a"), config, about, None, History(config), dark, [])])
    table = html[html.index("cells above") :]
    table = table[: table.index("</table>")]
    told = [float(threshold) for threshold in re.findall(r"(-\d+) dBm", table)]
    assert told == [threshold for threshold in (-50, -55, -60, -67, -70, -80) if threshold > floor_dbm]
    assert set(re.findall(r"\d+%", table)) == {"0%"}


@pytest.mark.parametrize(
    ("validation", "told"),
    [
        (None, "traced with CPU, not validated: run python -m tune_reflector.validate there"),
        (Validation("2026-11-21", 34, 35), "traced with CPU, validated on 2026-11-21: 34 of 35 rows"),
    ],
)
def test_it_says_how_the_machine_was_validated(validation: Validation | None, told: str) -> None:
    config = load_config(None, [])
    about = Provenance({}, "CPU", datetime(2026, 1, 1, tzinfo=UTC), [], "", {}, validation)
    html = html_page.page([RunData(Path("a"), config, about, None, History(config), None, [])])
    assert told in html
