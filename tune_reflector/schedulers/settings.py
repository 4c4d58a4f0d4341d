"""Schedulers: what stops a poor trial before it has spent its rays, or turns it into a copy of a good one.

All compare trials at the same iteration only, which costs every trial the same rays. ASHA's clock is ``rays_per_ap``,
the resource that iterations really spend; the others count iterations.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from search_records.journal import Event
from search_spaces.model import Model
from search_spaces.placement import Gene
from trainables.objectives import METRIC, MODE

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


class FifoSettings(Model):
    """Every trial climbs all rungs."""

    kind: Literal["fifo"] = "fifo"


class AshaSettings(Model):
    """Asynchronous successive halving (Li et al. 2020): at each milestone the best 1/n go on."""

    kind: Literal["asha"] = "asha"
    reduction_factor: float = Field(
        3.0,
        ge=1.1,
        le=1000,
        description="one in this many trials goes on; a milestone each time the rays have grown so much",
    )


class HyperbandSettings(Model):
    """Synchronous successive halving in brackets (Li et al. 2018); trials pause until their bracket is full."""

    kind: Literal["hyperband"] = "hyperband"
    reduction_factor: float = Field(
        2.0, ge=1.1, le=100, description="one in this many trials goes on; at most the number of rungs"
    )


class MedianSettings(Model):
    """Stop a trial whose score is below the median of the others at its rung (Golovin et al. 2017)."""

    kind: Literal["median"] = "median"
    min_trials: int = Field(10, ge=1, description="trials at a rung before any is stopped there")


class _PopulationSettings(Model):
    """What both kinds of population-based training share."""

    population: int = Field(
        16, ge=2, le=10_000, description="trials that live side by side; takes the place of budget.trials"
    )
    interval: int | None = Field(
        None, ge=1, description="iterations between copies; null: the rungs of a placement, or 4 steps of an ascent"
    )
    quantile: float = Field(
        0.25, gt=0, le=0.5, description="share of the population that gives itself up for a copy of the best such share"
    )
    jitter: float = Field(
        0.05,
        ge=0,
        le=1,
        description="how much the placement of a copy is shaken: standard deviation, as a share of a gene's range",
    )
    generations: int = Field(
        20, ge=2, le=100_000, description="intervals that a trial lives (trainable placement; an ascent has its steps)"
    )


class PbtSettings(_PopulationSettings):
    """Population-based training (Jaderberg et al. 2017): the poor become shaken copies of the good."""

    kind: Literal["pbt"] = "pbt"
    resample_probability: float = Field(
        0.25, ge=0, le=1, description="share of hyperparameters that are drawn anew instead of changed by a fifth"
    )


class Pb2Settings(_PopulationSettings):
    """Population-based bandits (Parker-Holder et al. 2020): as pbt, but a Gaussian process chooses the changes."""

    kind: Literal["pb2"] = "pb2"


PopulationSettings = PbtSettings | Pb2Settings

SchedulerSettings = Annotated[
    FifoSettings | AshaSettings | HyperbandSettings | MedianSettings | PbtSettings | Pb2Settings,
    Field(discriminator="kind"),
]


@dataclass(frozen=True)
class Copying:
    """How population-based training makes a copy."""

    interval: int
    """Iterations between copies."""
    top_rung: int
    """Only scores of this rung decide who is copied."""
    mutable: Sequence[Gene]
    """What Tune changes by its own rule."""
    explore: Callable[[dict[str, Any]], dict[str, Any]]
    """Changes a copy's configuration further."""


def trials_in_flight(settings: SchedulerSettings, iterations: int, workers: int) -> int | None:
    """How many trials may have begun and not ended: one a worker, and for Hyperband at least a full bracket.

    A paused trial counts as begun, so with fewer a bracket would never fill and nothing would be stopped.
    A population lives all at once: None, no limit.
    """
    if isinstance(settings, PopulationSettings):
        return None
    if not isinstance(settings, HyperbandSettings):
        return workers
    halvings: float = math.log(iterations, settings.reduction_factor)
    bracket: float = (halvings + 1) * settings.reduction_factor**halvings
    return max(workers, math.ceil(bracket))


def build_scheduler(
    settings: SchedulerSettings,
    rays_per_ap: Sequence[int],
    copying: Copying | None = None,
    events: Iterable[Event] = (),
) -> "TrialScheduler":
    """A scheduler of the configured kind.

    Args:
        settings: which, and how strict.
        rays_per_ap: rays that a trial has traced after each of its iterations.
        copying: for population-based training.
        events: of the journal, for a search that was interrupted: ``asha`` and ``median`` judge by all results, those
            of earlier sessions included; ``hyperband`` fills new brackets, ``pbt`` and ``pb2`` rank anew.
    """
    scheduler = _build(settings, rays_per_ap, copying)
    scheduler.set_search_properties(METRIC, MODE)
    events = [event for event in events if "trial" in event]
    if isinstance(settings, MedianSettings):  # it knows trials by their objects: one that goes on would be two
        ended = {event["trial"] for event in events if event.get("done") or event["event"] == "failed"}
        events = [event for event in events if event["trial"] in ended]
    if isinstance(settings, AshaSettings | MedianSettings):
        _relive(scheduler, events)
    return scheduler


@dataclass(frozen=True)
class _PastTrial:
    """What these schedulers want to know of a trial of an earlier session."""

    trial_id: str


class _NoOthers:
    """Stands for Tune's controller where no trial runs beside the one in hand."""

    def get_live_trials(self) -> list[Any]:
        return []


NO_OTHERS = _NoOthers()


def _relive(scheduler: "TrialScheduler", events: Iterable[Event]) -> None:
    for event in events:
        trial = _PastTrial(event["trial"])
        match event:
            case {"event": "proposed"}:
                scheduler.on_trial_add(NO_OTHERS, trial)
            case {"event": "reported", "result": values, "iteration": iteration, "done": done}:
                result = {**values, "training_iteration": iteration}
                if not result["complete"]:
                    scheduler.on_trial_result(NO_OTHERS, trial, result)
                if done:
                    scheduler.on_trial_complete(NO_OTHERS, trial, result)
            case {"event": "failed"}:
                scheduler.on_trial_error(NO_OTHERS, trial)


def _build(settings: SchedulerSettings, rays_per_ap: Sequence[int], copying: Copying | None) -> "TrialScheduler":
    from ray.tune import schedulers

    match settings:
        case AshaSettings():
            return schedulers.AsyncHyperBandScheduler(
                time_attr="rays_per_ap",
                grace_period=rays_per_ap[0],
                max_t=rays_per_ap[-1] + 1,  # the trial itself ends at its last iteration
                reduction_factor=settings.reduction_factor,
            )
        case HyperbandSettings():
            from tune_reflector.schedulers.hyperband import HyperBandWithoutStalls

            return HyperBandWithoutStalls(
                time_attr="training_iteration",
                max_t=len(rays_per_ap),
                reduction_factor=settings.reduction_factor,
            )
        case MedianSettings():
            return schedulers.MedianStoppingRule(
                time_attr="training_iteration",
                grace_period=1,
                min_samples_required=settings.min_trials,
            )
        case PbtSettings():
            from ray import tune

            from tune_reflector.schedulers.whole_rungs import WholeRungsPbt

            assert copying is not None
            domains = {
                gene.name: (tune.loguniform if gene.log else tune.uniform)(gene.low, gene.high)
                for gene in copying.mutable
            }
            return WholeRungsPbt(
                copying.top_rung,
                time_attr="training_iteration",
                perturbation_interval=copying.interval,
                hyperparam_mutations=domains,
                quantile_fraction=settings.quantile,
                resample_probability=settings.resample_probability,
                custom_explore_fn=copying.explore,
                log_config=False,
            )
        case Pb2Settings():
            from sklearn.exceptions import ConvergenceWarning

            from tune_reflector.schedulers.whole_rungs import WholeRungsPb2

            # With the few points of a small population its fits often end at a bound; nothing to tell a user.
            warnings.simplefilter("ignore", ConvergenceWarning)
            assert copying is not None
            return WholeRungsPb2(
                copying.top_rung,
                time_attr="training_iteration",
                perturbation_interval=copying.interval,
                hyperparam_bounds={gene.name: [gene.low, gene.high] for gene in copying.mutable},
                quantile_fraction=settings.quantile,
                custom_explore_fn=copying.explore,
                log_config=False,
            )
        case FifoSettings():
            return schedulers.FIFOScheduler()
