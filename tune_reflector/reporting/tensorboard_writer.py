"""The TensorBoard files of a run: the search, the machine, pictures of the best placement, curves of the best trials.

All but pictures and the machine comes from the journal, so every session writes it anew and a crash leaves no gap.
However many trials there are, only the best few get a folder of their own: TensorBoard reads one for each line of its
HParams tab. Free of Ray: it runs beside the search, not in it.
"""

import math
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
from tensorboardX import SummaryWriter
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event as EventProto
from tensorboardX.summary import hparams, scalar

from search_records.events import Event, Failed, Reported, Stopped
from search_records.progress import ProgressCounter
from search_records.result import RankedScore, TrialResult

SEARCH, MACHINE, BEST, TRIALS = "search", "machine", "best", "trials"
"""Runs, as TensorBoard calls them: one folder each, and one for each of the best trials."""

RATE_WINDOW_S = 10.0
"""Least time over which a rate is averaged."""


@dataclass(frozen=True)
class Subject:
    """The search that is shown.

    Args:
        metric: name of the score; larger is better.
        top_rung: the least rung of a score that may be best.
        parameters: genes, and hyperparameters that are searched: columns of the HParams tab.
        curves: how many of the best trials have a curve of their own.
        population: how many trials live side by side where they change on their way; None where they do not.
        started_s: when the search began, in seconds since 1970.
    """

    metric: str
    top_rung: int
    parameters: Sequence[str]
    curves: int
    population: int | None
    started_s: float


class TensorBoardWriter:
    """Writes the event files of one run.

    Args:
        folder: where they go.
        subject: what is shown.
    """

    def __init__(self, folder: Path, subject: Subject) -> None:
        self._folder = folder
        self._subject = subject
        for made_anew in (SEARCH, TRIALS):
            shutil.rmtree(folder / made_anew, ignore_errors=True)
        self._writers: dict[str, SummaryWriter] = {}
        self._progress = ProgressCounter(subject.top_rung)
        self._generations = 0
        self._window = (0.0, 0, 0.0)  # since when, trials and rays then
        self._living: dict[str, TrialResult] = {}  # the last result of each trial of a population
        self._curves: dict[str, list[Reported]] = {}  # of the trials that run, and of the best
        self._best: dict[str, RankedScore] = {}  # of the trials that have ended
        self._shown: set[str] = set()

    def update(self, events: Sequence[Event], statistics: Sequence[Mapping[str, float]] = ()) -> None:
        """Show what has happened since the last update.

        Args:
            events: of the journal, since the last update.
            statistics: numbers of every generation so far by name, ``generation`` among them.
        """
        for event in events:
            self._progress.add(event)
            if isinstance(event, Reported):
                self._add_result(event)
            elif isinstance(event, Failed | Stopped):
                self._curves.pop(event.trial_id, None)
        for entry in statistics[self._generations :]:
            for name, value in entry.items():
                if name != "generation":
                    self._add(f"generation/{name}", value, int(entry["generation"]))
        self._generations = len(statistics)
        self._show_best_trials()
        self._flush()

    def add_picture(self, tag: str, pixels: npt.NDArray[np.uint8]) -> None:
        """Show a picture ``[height, width, 3]``, at the trial that has ended last."""
        self._writer(BEST).add_image(tag, pixels, self._progress.ended, dataformats="HWC")
        self._flush()

    def add_machine(self, use: Mapping[str, float], now_s: float) -> None:
        """Show how busy the machine is at ``now_s``, in seconds since 1970."""
        for name, value in use.items():
            self._writer(MACHINE).add_scalar(f"machine/{name}", value, round(now_s - self._subject.started_s), now_s)
        self._flush()

    def close(self) -> None:
        """Write no more."""
        for writer in self._writers.values():
            writer.close()

    def _add_result(self, event: Reported) -> None:
        result, at_s, progress = event.result, event.elapsed_s, self._progress
        score = result.score
        if score.feasible and math.isfinite(score.value):
            self._add(f"rungs/{result.rung}", score.value, progress.results, at_s)
        best = progress.best.value
        if event.done and best is not None:
            rays = progress.rays_per_ap / 1e3
            for axis, step in (("trials", progress.ended), ("thousand_rays_per_ap", rays), ("seconds", at_s)):
                self._add(f"best_{self._subject.metric}/by_{axis}", best, round(step), at_s)
        self._curves.setdefault(event.trial_id, []).append(event)
        if event.done:
            self._rank(event.trial_id, result)
        self._add_rates(at_s)
        if self._subject.population:
            self._living[event.trial_id] = result
            if progress.results % self._subject.population == 0:
                self._add_population(at_s)

    def _add_rates(self, at_s: float) -> None:
        since_s, ended, rays = self._window
        if at_s - since_s < RATE_WINDOW_S:
            return
        seconds, step, progress = at_s - since_s, round(at_s), self._progress
        self._add("throughput/trials_per_s", (progress.ended - ended) / seconds, step, at_s)
        self._add("throughput/rays_per_ap_per_s", (progress.rays_per_ap - rays) / seconds, step, at_s)
        self._add("throughput/failed_trials", progress.failed, step, at_s)
        self._window = (at_s, progress.ended, progress.rays_per_ap)

    def _add_population(self, at_s: float) -> None:
        """How the parameters of a population move: its least, its middle and its greatest."""
        for name in self._subject.parameters:
            values = [float(result.genes[name]) for result in self._living.values() if name in result.genes]
            for which, of in (("low", min), ("median", median), ("high", max)):
                if values:
                    self._add(f"population_{name}/{which}", of(values), self._progress.results, at_s)

    def _rank(self, trial_id: str, result: TrialResult) -> None:
        """Keep the curve of a trial that has ended if it is one of the best."""
        if math.isfinite(result.score.value):
            value = result.score.value if result.score.feasible else -math.inf
            self._best[trial_id] = replace(result.ranked, value=value)
        for worst in sorted(self._best, key=self._best.__getitem__)[: -self._subject.curves or None]:
            del self._best[worst]
            self._curves.pop(worst, None)
        if trial_id not in self._best:
            self._curves.pop(trial_id, None)

    def _show_best_trials(self) -> None:
        for trial_id in self._shown - self._best.keys():
            shutil.rmtree(self._folder / TRIALS / trial_id, ignore_errors=True)
        for trial_id in self._best.keys() - self._shown:
            self._write_trial(trial_id, self._curves[trial_id])
        self._shown = set(self._best)

    def _write_trial(self, trial_id: str, reported: Sequence[Reported]) -> None:
        subject, last = self._subject, reported[-1].result
        parameters = {name: float(last.genes[name]) for name in subject.parameters if name in last.genes}
        folder = self._folder / TRIALS / trial_id
        folder.mkdir(parents=True, exist_ok=True)
        with closing(EventsWriter(str(folder / "events"))) as writer:  # a SummaryWriter stays until this process ends
            for summary in hparams(parameters, {subject.metric: last.score.value}):
                writer.write_event(EventProto(summary=summary, wall_time=time.time()))
            for event in reported:
                summary = scalar(subject.metric, event.result.score.value)
                wall_s = subject.started_s + event.elapsed_s
                writer.write_event(EventProto(summary=summary, step=event.iteration, wall_time=wall_s))

    def _add(self, tag: str, value: float, step: int, at_s: float | None = None) -> None:
        wall_s = None if at_s is None else self._subject.started_s + at_s
        self._writer(SEARCH).add_scalar(tag, value, step, wall_s)

    def _writer(self, run: str) -> SummaryWriter:
        if run not in self._writers:
            suffix = f".{time.time_ns()}"  # a session must not write over the one before it
            self._writers[run] = SummaryWriter(logdir=str(self._folder / run), filename_suffix=suffix)
        return self._writers[run]

    def _flush(self) -> None:
        for writer in self._writers.values():
            writer.flush()
