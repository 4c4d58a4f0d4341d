"""What holds of every kind: nothing is gained by hiding, the dark is worst and keeps a slope, people are told right."""

import math
from datetime import UTC, datetime
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from search_records.best_map import BestMap
from search_records.result import RankedScore
from trainables.objectives.base import ObjectiveSettings, dbm_to_w
from trainables.objectives.cells import Cells
from trainables.objectives.coverage import CoverageObjective
from trainables.objectives.quantile import QuantileObjective
from trainables.objectives.sinr import SinrObjective
from trainables.objectives.spectrum import SpectrumSettings
from trainables.objectives.throughput import ThroughputObjective
from trainables.objectives.weighted import WeightedObjective, ZoneDemand
from tune_reflector.config.config_file import load_config
from tune_reflector.errors import ConfigError
from tune_reflector.reporting import html_page, matplotlib_figures
from tune_reflector.runs.history import History
from tune_reflector.runs.provenance import Provenance
from tune_reflector.runs.run_data import RunData
from tune_reflector.runs.score_json import parse_score, score_json

Map = npt.NDArray[np.float64]

MOST_APS = 4
WEST, EAST = ((0.0, 0.0), (10.0, 0.0), (10.0, 1.0), (0.0, 1.0)), ((10.0, 0.0), (99.0, 0.0), (99.0, 1.0), (10.0, 1.0))

APART, TOGETHER = SpectrumSettings(num_channels=MOST_APS), SpectrumSettings(num_channels=1)

OF_POWER: list[ObjectiveSettings] = [
    QuantileObjective(),
    QuantileObjective(combine="total", quantile=0.5),
    CoverageObjective(),
    CoverageObjective(coverage_threshold_dbm=-90, floor_dbm=-100),
    WeightedObjective(zones=(ZoneDemand(zone=1),)),
    WeightedObjective(
        zones=(ZoneDemand(zone=1, weight=3, level_dbm=-60, second_level_dbm=-75), ZoneDemand(zone=EAST, level_dbm=-80))
    ),
    SinrObjective(spectrum=APART),
    SinrObjective(spectrum=APART, quantile=0.5),
    ThroughputObjective(spectrum=APART),
    ThroughputObjective(spectrum=APART, quantile=0.2),
]
"""Those that more power never harms."""

WITH_INTERFERENCE: list[ObjectiveSettings] = [
    SinrObjective(spectrum=TOGETHER),
    SinrObjective(spectrum=SpectrumSettings(num_channels=2, channels=(1, None, 1))),
    ThroughputObjective(spectrum=TOGETHER),
    ThroughputObjective(spectrum=SpectrumSettings(num_channels=2, bandwidth_hz=80e6), quantile=0.05),
]

KINDS = OF_POWER + WITH_INTERFERENCE

POWERS_W = st.one_of(st.just(0.0), st.floats(-180, 30).map(dbm_to_w))
SHAPES = st.tuples(st.integers(1, MOST_APS), st.integers(11, 40))
MAPS = SHAPES.flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=POWERS_W))


def row(num_cells: int) -> Cells:
    """A row of cells from west to east, of which ten lie in the one zone."""
    return Cells(np.column_stack([np.arange(num_cells) + 0.5, np.full(num_cells, 0.5)]), (WEST,))


def worth(objective: ObjectiveSettings, rss_w: Map) -> float:
    return objective.score(rss_w, row(rss_w.shape[1])).value


def name(objective: ObjectiveSettings) -> str:
    return f"{objective.kind}-{objective.label}".replace(" ", "_")


every_kind = pytest.mark.parametrize("objective", KINDS, ids=name)
every_kind_of_power = pytest.mark.parametrize("objective", OF_POWER, ids=name)


@every_kind_of_power
@given(data=st.data(), rss_w=MAPS)
@settings(max_examples=20)
def test_hiding_or_weakening_never_raises_a_score(
    objective: ObjectiveSettings, data: st.DataObject, rss_w: Map
) -> None:
    share = data.draw(hnp.arrays(np.float64, rss_w.shape, elements=st.sampled_from([0.0, 0.0, 0.3, 0.999, 1.0])))
    assert worth(objective, share * rss_w) <= worth(objective, rss_w) + 1e-9


@every_kind_of_power
@given(data=st.data(), rss_w=MAPS)
@settings(max_examples=12)
def test_removing_an_access_point_never_raises_a_score(
    objective: ObjectiveSettings, data: st.DataObject, rss_w: Map
) -> None:
    gone = data.draw(st.integers(0, len(rss_w) - 1))
    if len(rss_w) > 1:
        assert worth(objective, np.delete(rss_w, gone, axis=0)) <= worth(objective, rss_w) + 1e-9


@every_kind
@given(rss_w=MAPS, factor=st.floats(1, 1e6))
@settings(max_examples=15)
def test_more_power_of_all_access_points_with_their_channels_given_never_harms(
    objective: ObjectiveSettings, rss_w: Map, factor: float
) -> None:
    """What disturbs grows as what serves does, and the noise does not."""
    spectrum = getattr(objective, "spectrum", None)
    if spectrum is not None:
        channels = tuple(int(channel) for channel in spectrum.assigned(rss_w))
        objective = objective.model_copy(update={"spectrum": spectrum.model_copy(update={"channels": channels})})
    assert worth(objective, factor * rss_w) >= worth(objective, rss_w) - 1e-9


@every_kind
@given(rss_w=MAPS, violation=st.floats(0, 1e6))
@settings(max_examples=15)
def test_nothing_is_worse_than_darkness_but_what_cannot_be_built(
    objective: ObjectiveSettings, rss_w: Map, violation: float
) -> None:
    dark, infeasible = worth(objective, np.zeros_like(rss_w)), objective.infeasible_score(violation).value
    assert dark == pytest.approx(objective.lowest)
    assert dark - 1e-9 <= worth(objective, rss_w) <= objective.highest + 1e-9
    assert infeasible <= dark - 10 + 1e-9
    assert objective.penalty(dark) is not None


@every_kind
@given(rss_w=MAPS, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=12)
def test_the_names_of_access_points_do_not_matter(objective: ObjectiveSettings, rss_w: Map, seed: int) -> None:
    spectrum = getattr(objective, "spectrum", None)
    if spectrum is not None and (spectrum.channels or spectrum.num_channels not in (1, MOST_APS)):
        return  # channels are given by name, or chosen among equals
    shuffled = np.random.default_rng(seed).permutation(rss_w, axis=0)
    assert worth(objective, shuffled) == pytest.approx(worth(objective, rss_w), abs=1e-9)


@every_kind
def test_a_search_feels_its_way_in_the_dark(objective: ObjectiveSettings) -> None:
    """As power grows from where nobody is served, the score rises before it is a quantity, or as one."""
    profile = np.geomspace(1, 1e-4, 40) * np.array([[1.0], [0.3]])
    values = [worth(objective, dbm_to_w(level) * profile) for level in np.arange(-118, -20, 4.0)]
    assert np.all(np.diff(values) >= -1e-9)
    first = next(number for number, value in enumerate(values) if objective.penalty(value) is None)
    felt = next(number for number, value in enumerate(values) if value > values[0])
    assert np.all(np.diff(values[felt : first + 1]) > 0)


@every_kind
@given(rss_w=MAPS)
@settings(max_examples=15)
def test_a_value_or_a_penalty_is_told_and_both_come_back_from_a_file(objective: ObjectiveSettings, rss_w: Map) -> None:
    score = objective.score(rss_w, row(rss_w.shape[1]))
    told = objective.headline(score.value, score.coverage, score.outage, 0.2)
    if objective.penalty(score.value) is None:
        assert f"{score.value:.1f} +- 0.2 {objective.unit}" in told
        assert objective.difference(score.value, score.value) == 0
    else:
        assert f" {objective.unit};" not in told
        assert objective.difference(score.value, objective.lowest) is None
    written = score_json(score.value, 0.2, objective)
    assert (written[objective.metric] is None) == (objective.penalty(score.value) is not None)
    assert parse_score(written, objective) == (score.value, 0.2)


@every_kind
@given(rss_w=MAPS, count=st.integers(1, 11))
@settings(max_examples=12)
def test_decisive_cells_are_so_many_different_ones(objective: ObjectiveSettings, rss_w: Map, count: int) -> None:
    cells = objective.decisive_cells(rss_w, row(rss_w.shape[1]), count)
    assert len(cells) == count
    assert np.all(np.diff(cells) > 0)
    assert cells[0] >= 0
    assert cells[-1] < rss_w.shape[1]


def test_names_of_different_kinds_never_meet() -> None:
    """Of a value, its error and what is told beside, in tables and files."""
    named = [(objective.metric, objective.error_metric, objective.label) for objective in KINDS]
    for one, other in zip(named, KINDS, strict=True):
        assert all(part.isidentifier() for part in one[:2])
        assert one[0] != one[1]
        for third, fourth in zip(named, KINDS, strict=True):
            assert other.kind == fourth.kind or not {*one} & {*third}


CONFIGS = [
    "{kind: coverage}",
    "{kind: weighted, zones: [{zone: 1, weight: 2}, {zone: 1, level_dbm: -50, second_level_dbm: -75}]}",
    "{kind: sinr, spectrum: {num_channels: 1}}",
    "{kind: throughput, spectrum: {bandwidth_hz: 80e6, channels: [2, null]}}",
    "{kind: throughput, quantile: 0.1}",
]


@pytest.mark.parametrize("objective", CONFIGS)
@pytest.mark.parametrize("lit", [True, False], ids=["lit", "dark"])
def test_page_and_figures_tell_of_any_kind(objective: str, lit: bool) -> None:
    config = load_config(None, [f"objective={objective}"])
    site, kind = config.site(), config.objective
    shape = (2, site.grid.num_cells)
    rss_w = 10 ** np.random.default_rng(0).uniform(-10, -6, shape) if lit else np.zeros(shape)
    score = kind.score(rss_w, site.cells)
    kept = BestMap(site.space.sample(np.random.default_rng(0)), RankedScore(False, 2, score.value), rss_w)
    about = Provenance({}, "CPU", datetime(2026, 1, 1, tzinfo=UTC), [], "", {})
    run = RunData(Path("a"), config, about, None, History(config), kept, [])
    assert run.scores["all"] == score
    page = html_page.page([run])
    for name, value in kind.details(rss_w, site.cells).items():
        assert f"{name}: {value:.4g}" in page
    figures = [matplotlib_figures.map_figure(run), matplotlib_figures.cdf_figure(run)]
    assert kind.told(score.value) in figures[0].axes[0].get_title()
    texts = [text.get_text() for text in figures[1].axes[0].texts]
    assert not texts  # what is marked there is an RSS, which none of these is
    for figure in figures:
        plt.close(figure)


@pytest.mark.parametrize("objective", CONFIGS)
@pytest.mark.parametrize(
    "searching",
    [
        ["searcher.kind=ga"],
        ["searcher.kind=random", "scheduler.kind=hyperband"],
        ["searcher.kind=optuna", "scheduler.kind=median", "refine={kind: bounds}"],
        ["searcher.kind=hyperopt", "objective.robust={search: true}"],
        ["searcher.kind=grid", "scheduler.kind=fifo", "counterfactual.kinds=[one_more_ap]"],
        ["scheduler.kind=pbt", "searcher.kind=random"],
    ],
    ids=["ga", "hyperband", "refine", "robust", "one_more_ap", "pbt"],
)
def test_any_kind_goes_with_any_search(objective: str, searching: list[str]) -> None:
    config = load_config(None, [f"objective={objective}", *searching])
    assert config.columns().metric == config.objective.metric
    assert math.isfinite(config.objective.infeasible_score(0.1).value)


@pytest.mark.parametrize(
    ("objective", "why"),
    [
        ("{kind: sinr, spectrum: {num_channels: 1}}", "2 access points share objective.spectrum.num_channels=1"),
        ("{kind: throughput, spectrum: {channels: [3, 3]}}", "or are given the same one"),
        ("{kind: weighted, zones: [{zone: 1, second_level_dbm: -75}]}", "a second access point is demanded"),
    ],
)
@pytest.mark.parametrize("field", ["trainable", "refine"])
def test_gradients_climb_power_and_are_refused_where_it_misleads(objective: str, why: str, field: str) -> None:
    with pytest.raises(ConfigError, match=f"{field}.kind must not be 'gradient'.*{why}"):
        load_config(None, [f"objective={objective}", f"{field}={{kind: gradient}}"])


@pytest.mark.parametrize("objective", ["{kind: coverage}", "{kind: sinr}", "{kind: weighted, zones: [{zone: 1}]}"])
def test_gradients_climb_where_more_power_is_never_worth_less(objective: str) -> None:
    assert load_config(None, [f"objective={objective}", "trainable.kind=gradient"]).trainable.kind == "gradient"
