"""TensorBoard reads back what was written: with its own reader of event files, and its own HParams tab."""

import gc
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups
from tensorboardX.event_file_writer import EventsWriter

from search_records.events import Event, Failed, Stopped
from tests import records
from tune_reflector.reporting.machine_use import use
from tune_reflector.reporting.tensorboard_writer import Subject, TensorBoardWriter

AXES = ("trials", "thousand_rays_per_ap", "seconds")
STARTED_S = 1_700_000_000.0


def subject(curves: int = 2, population: int | None = None) -> Subject:
    return Subject("p5_rss_dbm", 2, ["x1", "rate"], curves, population, STARTED_S)


def reported(trial: str, iteration: int, score: float, at_s: float, feasible: bool = True, **genes: float) -> Event:
    """A result of three million rays; its trial ends with the second."""
    done = iteration == 2
    result = records.trial_result(
        score,
        iteration,
        genes={"x1": float(trial), **genes},
        feasible=feasible,
        iteration_rays_per_ap=3_000_000,
        complete=done,
    )
    return records.reported(trial, iteration, result, at_s, done)


def search(scores: list[float], **more: Any) -> list[Event]:
    """Trials of two iterations, ten seconds each, the first 5 dB worse."""
    return [
        reported(f"{number}", iteration, score - (5 if iteration == 1 else 0), 10.0 * (2 * number + iteration), **more)
        for number, score in enumerate(scores)
        for iteration in (1, 2)
    ]


def write(folder: Path, events: list[Event], about: Subject | None = None, **more: Any) -> None:
    board = TensorBoardWriter(folder, about or subject())
    board.update(events, **more)
    board.close()


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder)).Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_the_best_score_is_drawn_against_trials_rays_and_seconds(tmp_path: Path) -> None:
    events = search([-70, -80, -60])
    events.insert(0, reported("9", 2, -300.0, 0.0, feasible=False))
    write(tmp_path, events)
    curves = read(tmp_path / "search")
    assert {tag for tag in curves if tag.startswith("best")} == {f"best_p5_rss_dbm/by_{axis}" for axis in AXES}
    assert curves["best_p5_rss_dbm/by_trials"] == [(2, -70), (3, -70), (4, -60)]
    assert curves["best_p5_rss_dbm/by_thousand_rays_per_ap"] == [(9_000, -70), (15_000, -70), (21_000, -60)]
    assert curves["best_p5_rss_dbm/by_seconds"] == [(20, -70), (40, -70), (60, -60)]


def test_a_trial_that_was_once_among_the_best_keeps_no_writer(tmp_path: Path) -> None:
    board = TensorBoardWriter(tmp_path, subject())
    counts = []
    for number in range(10):
        board.update(search([0.0] * number + [float(number)])[-2:])
        gc.collect()
        counts.append(sum(isinstance(thing, EventsWriter) for thing in gc.get_objects()))
    assert len(list((tmp_path / "trials").iterdir())) == 2
    assert counts[-1] == counts[0]
    board.close()


def test_every_rung_has_its_scores(tmp_path: Path) -> None:
    write(tmp_path, search([-70, -80]))
    curves = read(tmp_path / "search")
    assert curves["rungs/1"] == [(1, -75), (3, -85)]
    assert curves["rungs/2"] == [(2, -70), (4, -80)]


def test_rates_are_those_of_the_clock(tmp_path: Path) -> None:
    """A trial of six million rays every twenty seconds."""
    write(tmp_path, search([-70.0] * 10))
    curves = read(tmp_path / "search")
    assert np.mean([rate for _, rate in curves["throughput/trials_per_s"]]) == pytest.approx(1 / 20, rel=0.01)
    assert np.mean([rate for _, rate in curves["throughput/rays_per_ap_per_s"]]) == pytest.approx(3e5, rel=0.01)


def test_times_are_those_of_the_search_whenever_they_are_written(tmp_path: Path) -> None:
    write(tmp_path, search([-70]))
    events = EventAccumulator(str(tmp_path / "search")).Reload()
    assert [e.wall_time - STARTED_S for e in events.Scalars("best_p5_rss_dbm/by_trials")] == [20.0]


def test_many_updates_show_the_same_as_one(tmp_path: Path) -> None:
    events = search([-70, -80, -60, -90, -50])
    board = TensorBoardWriter(tmp_path / "many", subject())
    for event in events:
        board.update([event])
    board.close()
    write(tmp_path / "one", events)
    for run in ("search", "trials/4", "trials/2"):
        assert read(tmp_path / "many" / run) == read(tmp_path / "one" / run)
    assert {path.name for path in (tmp_path / "many" / "trials").iterdir()} == {"2", "4"}


def test_another_session_begins_anew_without_a_gap(tmp_path: Path) -> None:
    events = search([-70, -80, -60])
    write(tmp_path, events[:3])
    write(tmp_path, events)
    assert read(tmp_path / "search")["best_p5_rss_dbm/by_trials"] == [(1, -70), (2, -70), (3, -60)]
    assert len(list((tmp_path / "search").iterdir())) == 1


def test_generations_are_drawn_once_each(tmp_path: Path) -> None:
    statistics = [{"generation": n, "best": -60.0 + n, "diversity": 0.5 / (1 + n)} for n in range(3)]
    board = TensorBoardWriter(tmp_path, subject())
    board.update([], statistics[:2])
    board.update([], statistics)
    board.close()
    curves = read(tmp_path / "search")
    assert curves["generation/best"] == [(0, -60), (1, -59), (2, -58)]
    assert [step for step, _ in curves["generation/diversity"]] == [0, 1, 2]


def test_a_population_shows_how_its_hyperparameters_move(tmp_path: Path) -> None:
    """Three trials side by side, whose rate grows with every round."""
    events = [
        reported(f"{trial}", 1, -60.0, 10.0, rate=0.01 * (1 + trial) + turn) for turn in range(2) for trial in range(3)
    ]
    write(tmp_path, events, subject(population=3))
    curves = read(tmp_path / "search")
    assert curves["population_rate/low"] == [(3, pytest.approx(0.01)), (6, pytest.approx(1.01))]
    assert curves["population_rate/median"] == [(3, pytest.approx(0.02)), (6, pytest.approx(1.02))]
    assert curves["population_rate/high"] == [(3, pytest.approx(0.03)), (6, pytest.approx(1.03))]


def test_only_the_best_trials_have_curves_however_many_there_are(tmp_path: Path) -> None:
    scores = [-100 + 40 * math.sin(number) for number in range(300)]
    write(tmp_path, search(scores), subject(curves=5))
    best = sorted(range(300), key=lambda number: -scores[number])[:5]
    assert {path.name for path in (tmp_path / "trials").iterdir()} == {str(number) for number in best}
    curve = read(tmp_path / "trials" / str(best[0]))["p5_rss_dbm"]
    assert curve == [(1, pytest.approx(scores[best[0]] - 5)), (2, pytest.approx(scores[best[0]]))]
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 5 + 1


def test_a_trial_that_fails_or_is_stopped_counts_and_has_no_curve(tmp_path: Path) -> None:
    events = [reported("0", 1, -50.0, 10.0), Failed("0", "a cause"), reported("1", 1, -50.0, 20.0), Stopped("1")]
    write(tmp_path, [*events, reported("2", 1, -65.0, 30.0), reported("2", 2, -60.0, 40.0)])
    curves = read(tmp_path / "search")
    assert curves["throughput/failed_trials"] == [(10, 0), (20, 1), (30, 1), (40, 1)]
    assert curves["best_p5_rss_dbm/by_trials"] == [(3, -60)]
    assert {path.name for path in (tmp_path / "trials").iterdir()} == {"2"}


def test_names_are_those_of_the_objective(tmp_path: Path) -> None:
    write(tmp_path, search([-70]), replace(subject(), metric="p10_rss_dbm"))
    assert read(tmp_path / "search")["best_p10_rss_dbm/by_trials"] == [(1, -70)]
    assert read(tmp_path / "trials" / "0") == {"p10_rss_dbm": [(1, -75), (2, -70)]}


def test_the_hparams_tab_shows_genes_and_scores(tmp_path: Path) -> None:
    write(tmp_path, search([-70, -80, -60], rate=0.03))
    multiplexer = EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(tmp_path))
    multiplexer.Reload()
    provider = MultiplexerDataProvider(multiplexer, str(tmp_path))
    context = backend_context.Context(base_plugin.TBContext(data_provider=provider))
    request = api_pb2.ListSessionGroupsRequest(
        start_index=0, slice_size=10, allowed_statuses=[api_pb2.STATUS_UNKNOWN, api_pb2.STATUS_SUCCESS]
    )
    groups = list_session_groups.Handler(RequestContext(), context, "", request).run().session_groups
    found = {
        group.hparams["x1"].number_value: (
            group.hparams["rate"].number_value,
            {value.name.tag: value.value for value in group.metric_values}["p5_rss_dbm"],
        )
        for group in groups
    }
    assert found == {0.0: (pytest.approx(0.03), -70), 2.0: (pytest.approx(0.03), -60)}


def test_pictures_come_with_the_trial_that_they_are_of(tmp_path: Path) -> None:
    board = TensorBoardWriter(tmp_path, subject())
    board.update(search([-70, -80]))
    pixels = np.zeros((4, 6, 3), dtype=np.uint8)
    board.add_picture("best_placement", pixels)
    board.close()
    (picture,) = EventAccumulator(str(tmp_path / "best")).Reload().Images("best_placement")
    assert (picture.step, picture.width, picture.height) == (2, 6, 4)


def test_the_use_of_the_machine_outlives_a_session(tmp_path: Path) -> None:
    for session in range(2):
        board = TensorBoardWriter(tmp_path, subject())
        board.add_machine({"cpu_percent": 40.0 + session}, STARTED_S + 5.0 + session)
        board.close()
    assert read(tmp_path / "machine")["machine/cpu_percent"] == [(5, 40), (6, 41)]


def test_this_machine_is_in_use() -> None:
    found = use()
    assert 0 <= found["cpu_percent"] <= 100
    assert found["memory_gb"] > 0.05


def test_cards_are_told_of_where_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the driver's boundary: two cards, of which the second does not tell."""
    import pynvml

    class Used:
        gpu, used = 70, 3_000_000_000

    def rates(card: int) -> type[Used]:
        if card == 1:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return Used

    for name, answer in {
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda number: number,
        "nvmlDeviceGetUtilizationRates": rates,
        "nvmlDeviceGetMemoryInfo": lambda card: Used,
    }.items():
        monkeypatch.setattr(pynvml, name, answer)
    found = use()
    assert found["gpu0_percent"] == 70
    assert found["gpu0_memory_gb"] == 3.0
    assert "gpu1_percent" not in found
