"""Searches whose trials take no time of their own: everything is real but the tracing.

At the solver's boundary every worker answers with a map that was traced once, made a little stronger or weaker by the
placement.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


class RecordedMapper:
    """Stands for ``RadioMapper``: power ``[num_ap, num_cells]``, W, of one placement for all."""

    def __init__(self, rss_w: Any) -> None:
        self._rss_w = rss_w
        self._factor = 1.0

    def move(self, placement: Any) -> None:
        self._factor = 1.0 + 0.1 * placement.access_points[0].position_m[0]

    def trace(self, rays_per_ap: int) -> Any:
        return self._rss_w * self._factor


@contextmanager
def recorded_search(trials: int, settings: Sequence[str] = ()) -> Iterator[Path]:
    """Run a search of so many trials, driven from this process; yields its folder, which is gone afterwards."""
    from ray import cloudpickle

    from tune_reflector.config.config_file import load_config
    from tune_reflector.execution.launch import Launch
    from tune_reflector.experiment import run

    real = Launch.trainable

    def trainable(launch: Launch, **attributes: Any) -> Any:
        class Recorded(real(launch, **attributes)):  # type: ignore[misc]
            def warm_up(self) -> None:
                super().warm_up()
                self._evaluator._mapper = RecordedMapper(self._evaluator._mapper.trace(2_000))

        return Recorded

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    Launch.trainable = trainable  # type: ignore[method-assign, assignment]
    with TemporaryDirectory() as results:
        budget = [f"budget.trials={trials}", "fidelity.rungs=[2000, 4000]", f"results_dir={results}", "name=recorded"]
        final = [
            "final={candidates: 1, rays_per_ap: 1000, lattices: 2, variants: [], second_opinion: false}",
            "report.figures=false",
        ]
        run.start(load_config(None, [*budget, *final, *settings]))
        yield Path(results) / "recorded"
