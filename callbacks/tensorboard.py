"""TensorBoard: one writer for the whole experiment, however many trials it has."""

from pathlib import Path
from typing import Any

from ray.tune import Callback

from callbacks.results import SearchClock
from callbacks.tally import Tally


class BestCurve(Callback):
    """Writes the best-so-far score against trials, rays and seconds.

    Args:
        folder: where the event files go.
        tally: what to plot; it must come before this in the list of callbacks.
        clock: seconds that the search has run.
    """

    def __init__(self, folder: Path, tally: Tally, clock: SearchClock) -> None:
        self._folder = folder
        self._tally = tally
        self._clock = clock
        self._writer: Any = None

    def setup(self, *_: Any, **__: Any) -> None:
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(logdir=str(self._folder))

    def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **_: Any) -> None:
        tally = self._tally
        if tally.best is None:
            return
        for axis, step in (
            ("trials", tally.ended),
            ("million_rays_per_ap", tally.rays_per_ap / 1e6),
            ("seconds", self._clock.elapsed_s()),
        ):
            self._writer.add_scalar(f"best_p5_rss_dbm/by_{axis}", tally.best, round(step))

    def on_experiment_end(self, *_: Any, **__: Any) -> None:
        if self._writer is not None:
            self._writer.close()
